package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/alarm"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

const (
	// batches bounds the memory of a pipeline, and with it how far it reads
	// ahead.
	batches = 32
	// handlerBatches is that bound where a handler is the end: it returns once
	// it is done, so that more batches would only wait for it.
	handlerBatches = 12
	// flights is how many flights of a paced pipeline may be under way: its
	// flights are single records as a rule.
	flights = 256
)

// Options are what a run needs beside its plan.
type Options struct {
	Log    *slog.Logger
	Grace  time.Duration // how long what has been released may take to be stored once the run is stopped
	Limit  int64         // how many records to read; 0: all
	Store  Store         // where positions are kept for resume; nil: nowhere
	Stdin  io.Reader
	Stdout io.Writer
}

// Store keeps positions between runs.
type Store interface {
	// Load returns a pipeline's position, empty if there is none, and keeps
	// other runs of the pipeline from it until Release.
	Load(name string) (pipeline.Position, error)
	// Stale reports whether that run was killed, so that it may have stored
	// more.
	Stale(name string) bool
	// Save keeps p, which changes afterwards; it may put off the work. flush
	// asks for it now.
	Save(name string, p pipeline.Position, flush bool) error
	// Release ends the use of a position that Load has returned.
	Release(name string) error
}

// Pipeline is one run of a plan.
type Pipeline struct {
	plan *config.Plan
	opts Options
	log  *slog.Logger

	input      input
	committer  pipeline.Committer // nil: positions are kept here
	sharer     pipeline.Sharer    // nil: nobody else reads what the source does
	handles    bool               // there is a handler, here or among the transforms
	processors *crew
	handlers   *crew // of the handler that the pipeline ends in; nil: it ends in a sink
	sink, dead pipeline.Sink
	clock      *playback.Clock      // nil: not paced
	course     *course              // what the pace does to what is read; nil: nothing
	asleep     func() time.Duration // how long the machine has been suspended in all

	free      chan *batch
	made      int         // batches, by the read stage
	mayMake   int         // batches
	read      chan *batch // read → process
	processed chan *batch // process → release, or write
	released  chan *flight
	handled   chan *flight // handle → write; where there is no handler, what is released
	unused    chan *flight

	batchPieces  chan *batch  // for what leaves before the rest of a batch
	flightPieces chan *flight // of a flight

	reading, writing context.Context // done when no more is to be read; when what is under way is to be given up

	opening     atomic.Pointer[string] // what is being opened
	stopReading func()                 // ends reading
	exit        atomic.Pointer[error]  // that a call has ended a stage's goroutine

	stuck    chan struct{} // closed once a call has been left, which stuckErr names
	stuckErr error

	panics atomic.Int64

	seeks      seeks
	acts       acts
	leap       atomic.Bool  // go on to the next record as soon as it is known
	rereadable atomic.Bool  // the source can be read again, as a seek does
	leaving    atomic.Int64 // records that have been released, of a paced pipeline
	markEvery  int          // records from one mark of the index to the next

	memoryWaits atomic.Int64      // how often the read stage began and ended to wait for a free batch
	stopping    atomic.Bool       // no more processing and releasing
	eof         bool              // the source has ended; read once the stages have
	gone        bool              // the sink's reader has gone: nobody wants more
	dropped     atomic.Bool       // something was read that is not released
	position    pipeline.Position // up to which all is done; the write stage's, once it runs
	stats       stats
}

// New prepares a run of a plan.
func New(plan *config.Plan, o Options) *Pipeline {
	p := &Pipeline{plan: plan, opts: o, markEvery: markEvery, log: o.Log.With("pipeline", plan.Name)}
	p.stats.name = plan.Name
	if plan.Pace != nil {
		p.clock = playback.NewClock(plan.Pace.Speed)
		p.asleep = alarm.Asleep
		p.stats.init(p.clock)
		p.seeks.init()
		p.acts.init()
	}
	return p
}

// Run runs the pipeline to its end. When ctx is done the pipeline stops, as
// the package comment says. How it ended is in the status, too.
func (p *Pipeline) Run(ctx context.Context) error {
	p.stats.start()
	err := p.run(ctx)
	p.stats.finish(err, p.eof && !p.dropped.Load(), p.gone)
	p.acts.over.Store(true)
	p.acts.tell()
	return err
}

func (p *Pipeline) run(ctx context.Context) error {
	if ctx.Err() != nil {
		return nil // stopped before anything was opened
	}
	closers, err := p.openInTime(ctx)
	if panicked, ok := errors.AsType[*pipeline.PanicError](err); ok {
		p.logPanic(panicked)
	}
	if err == nil {
		err = p.flow(ctx)
	} else if ctx.Err() != nil && !errors.Is(err, errLeft) {
		err = nil // stopped before there was a connection
	}
	for _, c := range closers {
		switch closeErr := p.close(c); {
		case closeErr == nil:
		case err == nil:
			err = closeErr
		default:
			p.log.Error("not all could be closed", "error", closeErr)
		}
	}
	return err
}

// openInTime opens everything, and leaves what does not return when the run is
// stopped.
func (p *Pipeline) openInTime(ctx context.Context) (closers []closer, err error) {
	opened := make(chan struct{})
	var all []closer
	var openErr error
	go func() {
		defer close(opened)
		openErr = errExit // unless it returns
		all, openErr = p.open(ctx)
	}()
	select {
	case <-opened:
		return all, openErr
	case <-ctx.Done():
	}
	timer := time.NewTimer(p.opts.Grace + lastLeave)
	defer timer.Stop()
	select {
	case <-opened:
		return all, openErr
	case <-timer.C:
		return nil, fmt.Errorf("%s %w", *p.opening.Load(), errLeft)
	}
}

// open opens everything, the source last, so that nothing is read that can't
// be written. It returns what has to be closed, in this order, also when it
// fails.
func (p *Pipeline) open(ctx context.Context) (closers []closer, err error) {
	env := func(kind, plugin string) pipeline.Env {
		p.opening.Store(new("the opening of " + strings.ReplaceAll(kind, "_", " ") + " " + plugin))
		return pipeline.Env{Log: p.log.With("kind", kind, "plugin", plugin), Pipeline: p.plan.Name, Paced: p.plan.Pace != nil,
			Stdin: p.opts.Stdin, Stdout: p.opts.Stdout}
	}
	if d := p.plan.DeadLetter; d != nil {
		if p.dead, err = d.Open(ctx, env("dead_letter", d.Name)); err != nil {
			return closers, fmt.Errorf("dead letter sink %s: %w", d.Name, err)
		}
		closers = append(closers, closer{Closer: p.dead, what: "dead letter sink " + d.Name})
	}
	if p.sink, err = p.plan.Sink.Open(ctx, env("sink", p.plan.Sink.Name)); err != nil {
		return closers, fmt.Errorf("sink %s: %w", p.plan.Sink.Name, err)
	}
	closers = append(closers, closer{Closer: p.sink, what: "sink " + p.plan.Sink.Name})
	opened, err := p.openWorkers(ctx, env)
	closers = append(closers, opened...)
	if err != nil {
		return closers, err
	}
	if p.plan.Resume && p.opts.Store != nil {
		if p.position, err = p.opts.Store.Load(p.plan.Name); err != nil {
			return closers, fmt.Errorf("reading the position to resume at: %w", err)
		}
		closers = append(closers, closer{Closer: loaded{p.opts.Store, p.plan.Name}, what: "the kept position"})
	}
	p.input.open = func(ctx context.Context, after pipeline.Position) (pipeline.Source, error) {
		e := env("source", p.plan.Source.Name)
		e.Position, e.Say = after, p.plan.SaySetting
		return p.plan.Source.Open(ctx, e)
	}
	if err := p.input.reopen(ctx, p.position.Clone()); err != nil {
		return closers, fmt.Errorf("source %s: %w", p.plan.Source.Name, err)
	}
	p.committer, _ = p.input.Source.(pipeline.Committer)
	if p.clock == nil { // otherwise what is held until it is due would be lost
		p.sharer, _ = p.input.Source.(pipeline.Sharer)
	}
	p.rereadable.Store(p.canBeReread())
	p.noteResumption()
	p.course, err = newCourse(p)
	return append([]closer{{Closer: &p.input, what: "source " + p.plan.Source.Name}}, closers...), err
}

// noteResumption says where an earlier run has ended, unless the source keeps
// its positions itself.
func (p *Pipeline) noteResumption() {
	if p.committer != nil || len(p.position) == 0 {
		return
	}
	at := p.position.String()
	p.stats.resumed.Store(&at)
	if p.opts.Store.Stale(p.plan.Name) {
		p.log.Warn("going on after " + at + ", the last place that an earlier run has kept; that run did not end in order, and what it stored after this place comes once more")
		return
	}
	p.log.Info("going on after " + at + ", where an earlier run has ended")
}

// loaded is a position in use.
type loaded struct {
	store Store
	name  string
}

// Close implements io.Closer.
func (l loaded) Close() error { return l.store.Release(l.name) }

// flow runs the stages until they have all ended.
func (p *Pipeline) flow(ctx context.Context) error {
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	writing, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(reading, func() { p.stopping.Store(true) })()
	defer p.startGrace(ctx, giveUp)()

	p.reading, p.writing, p.stopReading = reading, writing, stopReading
	p.makeChannels()
	p.stats.opened(p.input.Source)
	var reader, stages sync.WaitGroup
	var readErr error
	reader.Go(func() {
		readErr = errExit // unless it returns
		readErr = p.readStage(reading)
	})
	stages.Go(p.processStage)
	if p.plan.Pace != nil {
		stages.Go(func() { p.releaseStage(reading) })
	}
	if p.handlers != nil {
		stages.Go(p.handleStage)
	}
	ended := make(chan struct{})
	go func() {
		stages.Wait()
		close(ended)
	}()
	go p.vigil(ended)
	w := &writer{Pipeline: p, ctx: writing, giveUp: giveUp}
	err := w.run()
	stopReading()
	giveUp() // what is still handled is not written any more
	select {
	case <-ended:
	case <-p.stuck:
		err = cmp.Or(err, p.stuckErr)
		p.leaveRest()
	}
	if exit := p.exit.Load(); exit != nil {
		err = cmp.Or(err, *exit)
	}
	reader.Wait()
	if err == nil && readErr != nil && !p.gone {
		err = fmt.Errorf("source %s: %w", p.plan.Source.Name, readErr)
	}
	return err
}

// startGrace gives up what is under way once ctx has been done for the grace
// time, and returns the call that ends its vigil.
func (p *Pipeline) startGrace(ctx context.Context, giveUp func()) (end func()) {
	ended := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(p.opts.Grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			giveUp()
		case <-ended:
		}
	})
	return func() { close(ended); cancel() }
}

func (p *Pipeline) makeChannels() {
	p.stuck = make(chan struct{})
	p.free = make(chan *batch, batches)
	p.read = make(chan *batch, batches+1) // and the end
	p.processed = make(chan *batch, batches+pieces+1)
	p.released = make(chan *flight, flights)
	p.handled = p.released
	p.unused = make(chan *flight, flights)
	p.mayMake = batches
	if p.handlers != nil && p.clock == nil {
		p.mayMake = handlerBatches
	}
	n := batches + pieces
	if p.plan.Pace != nil || p.handlers != nil {
		n = flights
	}
	if p.handlers != nil {
		p.handled = make(chan *flight, flights+pieces)
	}
	for range n {
		p.unused <- &flight{home: p.unused}
	}
	p.batchPieces, p.flightPieces = make(chan *batch, pieces), make(chan *flight, pieces)
	for range pieces {
		b, f := &batch{home: p.batchPieces}, &flight{home: p.flightPieces}
		b.part.batch, f.part.flight = b, f
		p.batchPieces <- b
		p.flightPieces <- f
	}
}
