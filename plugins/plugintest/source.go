package plugintest

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

// SourceCase is a source, and what there is for it to read.
type SourceCase struct {
	Options string // such as "csv: {path: data.csv}"

	// Want are the values of the records, in order, as a Value prints itself;
	// or, where the source reads bytes for a codec, those bytes. At least 3.
	Want []string

	Endless   bool // more may come after those: the source does not end
	NoResumes bool // the source can't go on where it was, as standard input can't

	Env func(*pipeline.Env) // changes what the source is lent; may be nil
}

// Source runs the conformance suite. It asks for a new place, with the same
// records in it, for each of its tests.
func Source(t *testing.T, setUp func(t *testing.T) SourceCase) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, SourceCase)
	}{
		{"options", func(t *testing.T, c SourceCase) { checkOptions(t, "source", pipeline.BindSource, c.Options) }},
		{"close", sourceCloses},
		{"order", readsInOrder},
		{"small batches", readsSmallBatches},
		{"resume", resumes},
		{"context", stopsReading},
	} {
		subtest(t, test.name, func(t *testing.T) { test.run(t, setUp(t)) })
	}
}

func (c SourceCase) open(t *testing.T, position pipeline.Position) pipeline.Source {
	t.Helper()
	src := mustOpen(t, pipeline.BindSource, c.Options, func(env *pipeline.Env) {
		if env.Position = position; c.Env != nil {
			c.Env(env)
		}
	})
	t.Cleanup(func() { _ = src.Close() }) // for a test that ends early
	return src
}

// seen is what has been read.
type seen struct {
	texts   []string
	origins []pipeline.Origin
}

// position is that behind the first n records.
func (s seen) position(n int) (p pipeline.Position) {
	for _, o := range s.origins[:n] {
		p = p.Advance(o)
	}
	return p
}

// read reads n records in batches of at most size, or to the end.
func read(t *testing.T, src pipeline.Source, n, size int) (s seen, err error) {
	t.Helper()
	b := pipeline.NewBatch(size, 0)
	for len(s.texts) < n {
		b.Reset()
		err = within(t, "Read", func() error { return src.Read(t.Context(), b) })
		switch {
		case err != nil && len(b.Records) > 0:
			t.Errorf("an error goes with an empty batch, not with %d records: %v", len(b.Records), err)
		case err == nil && (len(b.Records) == 0 || len(b.Records) > size):
			t.Fatalf("Read returns %d records, want 1 to %d", len(b.Records), size)
		}
		if err != nil {
			return s, err
		}
		for i := range b.Records {
			s.texts, s.origins = append(s.texts, text(&b.Records[i])), append(s.origins, b.Records[i].Origin)
		}
	}
	return s, nil
}

func text(r *pipeline.Record) string {
	switch {
	case r.Failure != nil:
		return "error: " + r.Failure.Err.Error()
	case r.Value.Kind() == pipeline.KindStruct && len(r.Value.Fields()) == 0:
		return string(r.Raw)
	}
	return r.Value.String()
}

// readAll reads what is wanted, and the end if there is one.
func (c SourceCase) readAll(t *testing.T, src pipeline.Source, want []string, size int) seen {
	t.Helper()
	n := len(want)
	if !c.Endless {
		n++
	}
	s, err := read(t, src, n, size)
	if err != nil && (c.Endless || err != io.EOF) {
		t.Fatalf("after %d records: %v", len(s.texts), err)
	}
	if diff := cmp.Diff(want, s.texts[:min(len(s.texts), len(want))]); diff != "" || !c.Endless && len(s.texts) > len(want) {
		t.Errorf("%d records are read, (-want +got):\n%s", len(s.texts), diff)
	}
	return s
}

func sourceCloses(t *testing.T, c SourceCase) {
	closeTwice(t, c.open(t, nil))
	if src, err := open(cancelled(), t, pipeline.BindSource, c.Options, c.Env); err == nil {
		closeTwice(t, src)
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("open with a context that is done: %v", err)
	}
}

func readsInOrder(t *testing.T, c SourceCase) {
	src := c.open(t, nil)
	defer closeTwice(t, src)
	if e, ok := src.(pipeline.Ender); ok {
		e.End()
	}
	s := c.readAll(t, src, c.Want, pipeline.DefaultBatchRecords)
	last := pipeline.Position{}
	for i, o := range s.origins {
		if before, ok := last.Last(o.Source, o.Partition); ok && o.Offset <= before.Offset {
			t.Errorf("record %d has the origin %+v, which is not behind %+v", i, o, before)
		}
		last = last.Advance(o)
	}
	c.checkProgress(t, src, s)
}

func (c SourceCase) checkProgress(t *testing.T, src pipeline.Source, s seen) {
	p, ok := src.(pipeline.Progresser)
	if !ok {
		return
	}
	before := 0.0
	for i, o := range s.origins {
		share, known := p.Progress(o)
		if known && (share < before || share > 1) {
			t.Errorf("record %d of %d is at %v, the one before it at %v", i+1, len(s.origins), share, before)
		}
		if known {
			before = share
		}
	}
}

func readsSmallBatches(t *testing.T, c SourceCase) {
	src := c.open(t, nil)
	defer closeTwice(t, src)
	c.readAll(t, src, c.Want, 2)
}

// resumes goes on behind some of the records: by the position that the engine
// has kept, or by what was committed.
func resumes(t *testing.T, c SourceCase) {
	if c.NoResumes {
		t.Skip("the source can't go on where it was")
	}
	for _, n := range []int{1, len(c.Want) - 1} {
		src := c.open(t, nil)
		s, err := read(t, src, n, 1)
		if err != nil {
			t.Fatal(err)
		}
		position := s.position(n)
		committer, keeps := src.(pipeline.Committer)
		if keeps {
			if err := committer.Commit(t.Context(), position); err != nil {
				t.Fatal(err)
			}
			position = nil
		}
		closeTwice(t, src)

		src = c.open(t, position)
		c.readAll(t, src, c.Want[n:], pipeline.DefaultBatchRecords)
		closeTwice(t, src)
		if keeps {
			return // what it has committed can't be taken back
		}
	}
}

// patientReads is how often a source may return what it has, after the end of
// the context.
const patientReads = 100

func stopsReading(t *testing.T, c SourceCase) {
	src := c.open(t, nil)
	mustStop(t, src, cancelled())
	closeTwice(t, src)
	if !c.Endless {
		return
	}
	// A source that waits.
	src = c.open(t, nil)
	c.readAll(t, src, c.Want, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	mustStop(t, src, ctx)
	closeTwice(t, src)
}

// mustStop reads until there is an error, which must be ctx's.
func mustStop(t *testing.T, src pipeline.Source, ctx context.Context) {
	t.Helper()
	var b pipeline.Batch
	for range patientReads {
		b.Reset()
		if err := within(t, "Read with a context that is done", func() error { return src.Read(ctx, &b) }); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Read with a context that is done: %v", err)
			}
			return
		}
		<-ctx.Done()
	}
	t.Error("Read goes on though its context is done")
}
