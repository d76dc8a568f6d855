package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline"
)

// Links says which of the plans feed which: for each plan, the places of those
// that write what its source reads. The error joins all links that lack an end,
// or go round.
func Links(plans []*Plan) (feeders [][]int, err error) {
	var errs []error
	feeders = make([][]int, len(plans))
	for i, reader := range plans {
		link := linkOf(reader.Source.Options)
		if link == "" {
			continue
		}
		for j, writer := range plans {
			if writer.writesTo(link) {
				feeders[i] = append(feeders[i], j)
			}
		}
		if len(feeders[i]) == 0 {
			errs = append(errs, noOtherEnd(reader.Source.Node, "nothing that is run here writes to "+link+": run it together with a pipeline that does"))
		}
	}
	for _, writer := range plans {
		for _, sink := range writer.sinks() {
			link := linkOf(sink.Options)
			read := slices.ContainsFunc(plans, func(p *Plan) bool { return linkOf(p.Source.Options) == link })
			if link != "" && !read {
				errs = append(errs, noOtherEnd(sink.Node, "nothing that is run here reads "+link+": run it together with a pipeline that does"))
			}
		}
	}
	return feeders, errors.Join(append(errs, checkCircles(plans, feeders))...)
}

func noOtherEnd(n pipeline.Node, text string) error {
	return n.Locate(&pipeline.FieldError{Option: "topic", Err: errors.New(text)})
}

func linkOf(options any) string {
	if linked, ok := options.(pipeline.Linked); ok {
		return linked.Link()
	}
	return ""
}

// sinks returns the plan's sink, and that of its dead letters.
func (p *Plan) sinks() []*pipeline.Bound[pipeline.Sink] {
	sinks := []*pipeline.Bound[pipeline.Sink]{p.Sink}
	if p.DeadLetter != nil {
		sinks = append(sinks, p.DeadLetter)
	}
	return sinks
}

func (p *Plan) writesTo(link string) bool {
	return slices.ContainsFunc(p.sinks(), func(s *pipeline.Bound[pipeline.Sink]) bool { return linkOf(s.Options) == link })
}

// checkCircles returns an error if pipelines feed each other, as none of them
// would ever end.
func checkCircles(plans []*Plan, feeders [][]int) error {
	var path []int
	done := make([]bool, len(plans))
	var visit func(i int) error
	visit = func(i int) error {
		if at := slices.Index(path, i); at >= 0 {
			var names []string
			for _, j := range append(path[at:], i) {
				names = append(names, plans[j].Name)
			}
			slices.Reverse(names) // from writer to reader
			return noOtherEnd(plans[i].Source.Node, fmt.Sprintf("pipelines feed each other, and would never end: %s", strings.Join(names, " → ")))
		}
		if done[i] {
			return nil
		}
		done[i] = true
		path = append(path, i)
		defer func() { path = path[:len(path)-1] }()
		for _, j := range feeders[i] {
			if err := visit(j); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range plans {
		if err := visit(i); err != nil {
			return err
		}
	}
	return nil
}

// Join has the plan's ends join their links. leave is called with the error
// with which the pipeline has ended.
func (p *Plan) Join() (leave func(error)) {
	var leaves []func(error)
	for _, options := range p.Ends() {
		if linkOf(options) != "" {
			leaves = append(leaves, options.(pipeline.Linked).Join())
		}
	}
	return func(err error) {
		for _, leave := range leaves {
			leave(err)
		}
	}
}
