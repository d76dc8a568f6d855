package cmd

import "context"

// ends are those of pipelines that run side by side.
type ends []chan struct{}

func makeEnds(n int) ends {
	e := make(ends, n)
	for i := range e {
		e[i] = make(chan struct{})
	}
	return e
}

// after returns a context that is done once ctx is, and these pipelines have
// ended: what feeds a pipeline is stopped before it, so that what has been
// released can be stored.
func (e ends) after(ctx context.Context, feeders []int) context.Context {
	if len(feeders) == 0 {
		return ctx
	}
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		for _, i := range feeders {
			<-e[i]
		}
		cancel()
	})
	return later
}
