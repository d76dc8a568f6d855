package engine

import (
	"errors"
	"fmt"

	"github.com/pipeline-daemon/pipeline/internal/config"
)

// ErrNotPaced is returned where a pipeline without a pace is to be steered.
var ErrNotPaced = errors.New("the pipeline has no pace, so there is nothing to steer; add  pace: {speed: 1}  to its file")

// The methods here steer a paced pipeline. They may be called at any time, from
// any goroutine: before Run they say how it begins. After its end they have no
// effect.

// Pause holds the replay: no record leaves until it is resumed or stepped.
func (p *Pipeline) Pause() error { return p.steer(func() { p.clock.Pause() }) }

// Resume goes on with the replay from where it was paused.
func (p *Pipeline) Resume() error { return p.steer(func() { p.clock.Resume() }) }

// Step pauses the replay, and has the next n records leave at once.
func (p *Pipeline) Step(n int) error {
	if n < 1 {
		return fmt.Errorf("wants a number of records above 0, not %d", n)
	}
	return p.steer(func() { p.clock.Step(int64(n)) })
}

// SetSpeed goes on at another speed, from the next wake on.
func (p *Pipeline) SetSpeed(speed float64) error {
	if err := config.CheckSpeed(speed); err != nil {
		return err
	}
	return p.steer(func() { p.clock.SetSpeed(speed) })
}

// Next goes on to the record that is waited for, however long the pause before
// it: it is due now, or once the replay is resumed.
func (p *Pipeline) Next() error {
	return p.steer(func() {
		if state := p.clock.State(); state.Jumps == p.stats.expected.Load() {
			p.clock.Leap(p.stats.nextPlace.Load())
			return
		}
		p.leap.Store(true) // once a seek has found that record
		p.clock.Shift(0)   // which wakes the release stage
	})
}

func (p *Pipeline) steer(change func()) error {
	if p.clock == nil {
		return ErrNotPaced
	}
	change()
	return nil
}
