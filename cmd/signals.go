package cmd

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/children"
)

// twice is how close signals may follow each other and still be one: some
// programs send one to a process and to its group.
const twice = 100 * time.Millisecond

// untilSignal returns a context that is done at the first SIGINT, SIGTERM or
// SIGHUP, which the end of a terminal sends, of which announce then tells. A
// second one ends the process at once.
func untilSignal(c *console, announce func()) (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(signals, syscall.SIGHUP)
	}
	c.stop = func() {
		select {
		case signals <- os.Interrupt:
		default:
		}
	}
	go func() {
		select {
		case <-signals:
		case <-ctx.Done():
			return
		}
		cancel()
		go announce() // which waits for a terminal that is held
		for first := time.Now(); ; {
			if <-signals; time.Since(first) >= twice {
				break
			}
		}
		c.abandon()
		c.lastWord()
		children.Kill()
		os.Exit(exitForced)
	}()
	return ctx, func() {
		cancel()
		signal.Stop(signals)
	}
}

// lastWord does what is left to do at a forced end, unless it hangs too.
func (c *console) lastWord() {
	if c.forced == nil {
		return
	}
	done := make(chan struct{})
	go func() { c.forced(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Second):
	}
}

// survivePipes has writes to a closed standard output fail, instead of ending
// the process. Programs that a sink starts are not affected, as they would be
// if the signal were ignored.
func survivePipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
