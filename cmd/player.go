package cmd

import (
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// playable is what a player steers: an engine.Pipeline.
type playable interface {
	Status() engine.Status
	Latest() engine.Sample
	Pause() error
	Resume() error
	Step(n int) error
	Next() error
	SetSpeed(speed float64) error
	Seek(to time.Time) error
	SeekBy(d time.Duration) error
}

// player shows one paced pipeline on a terminal, and steers it as keys say. It
// is a model of bubbletea, but draws on the screen, below data and log lines.
type player struct {
	pipeline playable
	screen   *screen
	log      *slog.Logger
	paint    palette
	speed    float64     // the configured one
	stopping func() bool // on request
	stop     func()      // as Ctrl-C does

	now    time.Time // of the last tick
	track  track
	view   view
	latest engine.Sample
	course course
	rates  rates

	typing    bool // a time to go to
	typed     string
	notice    string // what went wrong with the last key
	noticedAt time.Time
}

var _ tea.Model = (*player)(nil)

const (
	playerTick = 100 * time.Millisecond
	// noticeTime is how long a notice stays.
	noticeTime = 5 * time.Second
	// faster is how much ↑ and ↓ change the speed.
	faster = 1.25
)

type tickMsg time.Time

func nextTick() tea.Cmd { return tea.Tick(playerTick, func(t time.Time) tea.Msg { return tickMsg(t) }) }

// isPlayed reports whether there is a player: for one paced pipeline, on a
// terminal whose keys nobody else reads.
func isPlayed(c *console, o *runOptions, plans []*config.Plan) bool {
	return c.screen != nil && c.keys != nil && !o.noTUI && len(plans) == 1 && plans[0].Pace != nil && !plans[0].ReadsPipe()
}

// play shows a pipeline in a player. It reports whether the pipeline has ended:
// else the player has lost the terminal.
func play(c *console, pipeline playable, speed float64, stopping func() bool, ended <-chan struct{}) bool {
	if err := c.keys.take(); err != nil {
		return false
	}
	defer c.keys.leave()
	lost, end := c.keys.watch(c.screen, func() func() { return hold(pipeline) })
	defer end()
	p := &player{pipeline: pipeline, screen: c.screen, log: c.log, paint: c.paint, speed: speed, stopping: stopping, stop: c.stop}
	return p.run(c.keys.file, ended, lost)
}

// hold pauses a pipeline, unless it is paused, and returns what has it go on.
func hold(pipeline playable) (goOn func()) {
	if pace := pipeline.Status().Pace; pace == nil || pace.Paused || pipeline.Pause() != nil {
		return func() {}
	}
	return func() { _ = pipeline.Resume() } // it may have ended
}

// run plays until the pipeline has ended, or leave is closed. It reports
// whether the former is the case.
func (p *player) run(keys io.Reader, ended, leave <-chan struct{}) bool {
	p.look(time.Now())
	program := tea.NewProgram(p, tea.WithInput(keys), tea.WithOutput(io.Discard), tea.WithoutRenderer(), tea.WithoutSignalHandler(), tea.WithFPS(1))
	over := make(chan struct{})
	go func() {
		select {
		case <-ended:
		case <-leave:
		case <-over:
		}
		program.Quit()
	}()
	_, err := program.Run()
	close(over)
	if err != nil {
		return false
	}
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// Init implements tea.Model.
func (p *player) Init() tea.Cmd { return nextTick() }

// View implements tea.Model. The player draws on the screen instead.
func (p *player) View() tea.View { return tea.View{} }

// Update implements tea.Model.
func (p *player) Update(msg tea.Msg) (model tea.Model, next tea.Cmd) {
	defer func() {
		if v := recover(); v != nil { // bubbletea would leave its reader behind
			p.log.Error("the player has crashed; the replay goes on without it", "panic", v, "stack", string(debug.Stack()))
			model, next = p, tea.Quit
		}
	}()
	switch msg := msg.(type) {
	case tickMsg:
		p.look(time.Time(msg))
	case tea.KeyPressMsg:
		p.notice = ""
		if err := p.press(msg); err != nil {
			p.notice, p.noticedAt = err.Error(), p.now
		}
		p.look(p.now)
	default:
		return p, nil
	}
	p.screen.show(p.lines)
	if _, ok := msg.(tickMsg); ok {
		next = nextTick() // not before: the terminal may have been held
	}
	return p, next
}

// look looks at the pipeline.
func (p *player) look(now time.Time) {
	p.now = now
	p.view = p.track.view(now, p.pipeline.Status(), p.stopping())
	p.latest = p.pipeline.Latest()
	p.course.add(&p.view.Status)
	p.rates.add(now, p.view.Read)
	if now.Sub(p.noticedAt) >= noticeTime {
		p.notice = ""
	}
}

// press does what a key says.
func (p *player) press(key tea.KeyPressMsg) error {
	if p.typing {
		return p.typeKey(key)
	}
	pace := p.pipeline.Status().Pace
	switch key.String() {
	case "space":
		if pace.Paused {
			return p.pipeline.Resume()
		}
		return p.pipeline.Pause()
	case "left":
		return p.pipeline.SeekBy(-10 * time.Second)
	case "right":
		return p.pipeline.SeekBy(10 * time.Second)
	case "shift+left":
		return p.pipeline.SeekBy(-time.Minute)
	case "shift+right":
		return p.pipeline.SeekBy(time.Minute)
	case "up":
		return p.pipeline.SetSpeed(pace.Speed * faster)
	case "down":
		return p.pipeline.SetSpeed(pace.Speed / faster)
	case "1":
		return p.pipeline.SetSpeed(1)
	case "0":
		return p.pipeline.SetSpeed(p.speed)
	case ".":
		return p.pipeline.Step(1)
	case "n":
		return p.pipeline.Next()
	case "g":
		p.typing = true
	case "q":
		if !p.stopping() { // a second one would quit at once
			p.stop()
		}
	}
	return nil
}

// typeKey adds a key to the time that is typed.
func (p *player) typeKey(key tea.KeyPressMsg) error {
	switch key.String() {
	case "enter", "ctrl+j":
		text := strings.TrimSpace(p.typed)
		p.typing, p.typed = false, ""
		if text == "" {
			return nil
		}
		return p.goTo(text)
	case "esc":
		p.typing, p.typed = false, ""
	case "backspace", "ctrl+h":
		if r := []rune(p.typed); len(r) > 0 {
			p.typed = string(r[:len(r)-1])
		}
	case "ctrl+u":
		p.typed = ""
	default:
		p.typed += key.Text
	}
	return nil
}

// goTo moves the replay to a time, written as for  pipeline seek.
func (p *player) goTo(text string) error {
	at, by, err := parseSeek(text)
	switch {
	case err != nil: // there is a line for it, not more
		return fmt.Errorf("no time: %q; write one such as 2021-01-01 00:30:00, +10m or -10s", text)
	case at.IsZero():
		return p.pipeline.SeekBy(by)
	}
	return p.pipeline.Seek(at)
}
