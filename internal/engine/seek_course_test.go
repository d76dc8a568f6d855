package engine

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"pgregory.net/rapid"
)

// sent is a record that has left: its number, its round, when, and its event
// time, in seconds.
type sent struct {
	N     int
	At    float64
	Event float64
}

// turn is a record whose turn comes at an event time, in a round.
type turn struct {
	n         int
	at, place float64 // place: where it stands but for chance; a seek goes by it
}

// model plays rounds under commands, in exact steps.
type model struct {
	times  []float64
	rounds [][]turn
	delay  float64
	span   float64 // of a round
	top    float64

	commands []command
	wall     float64 // seconds from the start
	head     float64 // on the line
	speed    float64
	paused   bool
	steps    int
	round    int     // that is played
	last     int     // of the last record that left
	list     []turn  // what is still to come in it
	place    float64 // of the last record on the line
	event    float64 // there
	begins   bool    // the next record begins a round
	out      []sent
}

// turns returns the turns of the records in one round.
func turns(times []float64, p *config.Pace, round int) (all []turn) {
	highest := math.Inf(-1)
	c := chance{round: uint64(round + 1)}
	d := p.Disorder
	if d != nil {
		c.seed = uint64(d.Seed)
	}
	for n, t := range times {
		highest = max(highest, t)
		place := t
		if p.Reorder == 0 {
			place = highest
		}
		at := place
		if d != nil {
			r := pipeline.Record{Origin: pipeline.Origin{Source: "n", Offset: int64(n)}, Time: time.Unix(int64(t), 0)}
			chances := c.of(&r)
			if chances[0] < d.Drop.Fraction {
				continue
			}
			if chances[2] < d.Late.Fraction {
				at += (d.Late.Delay.Min + time.Duration(chances[3]*float64(d.Late.Delay.Max-d.Late.Delay.Min))).Seconds()
			}
			at += chances[4] * d.Jitter.Seconds()
			if chances[1] < d.Duplicate.Fraction {
				all = append(all, turn{n, at, place})
			}
		}
		all = append(all, turn{n, at, place})
	}
	slices.SortStableFunc(all, func(a, b turn) int { return cmp.Compare(a.at, b.at) })
	return all
}

// next returns the place of the next record on the line, and goes on to the
// next round. It reports false at the end.
func (m *model) next() (float64, bool) {
	for len(m.list) == 0 {
		if m.round++; m.round >= len(m.rounds) {
			return 0, false
		}
		m.list, m.begins = m.rounds[m.round], true
	}
	switch {
	case m.out == nil && math.IsInf(m.place, -1):
		m.head = m.list[0].at
		return m.head, true
	case m.begins:
		return m.place + m.delay*m.speed, true
	}
	return m.place + max(m.list[0].at-m.event, 0), true
}

func (m *model) leave(place float64) {
	t := m.list[0]
	m.out = append(m.out, sent{t.n, m.wall, m.times[t.n] + float64(m.round)*m.span})
	m.list, m.place, m.event, m.last = m.list[1:], place, max(t.at, m.event), m.round
	if m.begins {
		m.event = t.at
	}
	m.begins = false
}

func (m *model) run() []sent {
	m.speed, m.round, m.place, m.event = 1, -1, math.Inf(-1), math.Inf(-1)
	for {
		place, ok := m.next()
		if !ok {
			return m.out
		}
		due := math.Inf(1)
		switch {
		case m.steps > 0:
			m.steps--
			m.head = max(m.head, place)
			due = m.wall
		case !m.paused:
			due = m.wall + max(place-m.head, 0)/m.speed
		}
		if len(m.commands) == 0 || due < m.commands[0].after.Seconds() {
			if math.IsInf(due, 1) {
				return m.out
			}
			if !m.paused {
				m.head += (due - m.wall) * m.speed
			}
			m.wall = due
			m.leave(place)
			continue
		}
		m.command()
	}
}

func (m *model) command() {
	c := m.commands[0]
	m.commands = m.commands[1:]
	if !m.paused {
		m.head += (c.after.Seconds() - m.wall) * m.speed
	}
	m.wall = c.after.Seconds()
	switch c.what {
	case "pause":
		m.paused = true
	case "resume":
		m.paused, m.steps = false, 0
	case "step":
		m.paused = true
		m.steps += c.n
	case "speed":
		m.speed = c.speed
	case "seek":
		m.seek(float64(c.n))
	}
}

func (m *model) seek(to float64) {
	m.round, m.begins = m.last, false
	m.list = nil
	for _, t := range m.rounds[m.round] {
		if t.place >= to {
			m.list = append(m.list, t)
		}
	}
	first := m.rounds[0][0].at
	at := max(to, first)
	if len(m.list) == 0 && m.round+1 < len(m.rounds) {
		at = max(m.top, first)
	}
	m.head, m.place, m.event = at, at, at
}

// anyPace draws what a seek has to get along with.
func anyPace(rt *rapid.T) *config.Pace {
	second := func(least, most int, name string) time.Duration {
		return time.Duration(rapid.IntRange(least, most).Draw(rt, name)) * time.Second
	}
	p := &config.Pace{Speed: 1, Loop: config.Loop(rapid.IntRange(1, 4).Draw(rt, "loop"))}
	if rapid.Bool().Draw(rt, "delayed") {
		p.LoopDelay = second(0, 5, "delay")
	}
	p.Reorder = second(0, 6, "reorder")
	p.Rebase = rapid.SampledFrom([]string{"", "", config.RebaseWall}).Draw(rt, "rebase")
	if rapid.Bool().Draw(rt, "disorder") {
		p.Disorder = &config.Disorder{Seed: rapid.Int64Range(0, 9).Draw(rt, "seed"), Duplicate: config.Share{Fraction: 0.1}, Drop: config.Share{Fraction: 0.1},
			Late: config.Late{Fraction: 0.2, Delay: config.Delay{Min: time.Second, Max: 9 * time.Second}}, Jitter: second(0, 3, "jitter")}
	}
	return p
}

// anyTimes draws event times that step back by no more than reorder sorts.
func anyTimes(rt *rapid.T, reorder time.Duration) []float64 {
	steps := rapid.SliceOfN(rapid.IntRange(-3, 4), 1, 80).Draw(rt, "steps")
	times, highest, at := []float64{0}, 0.0, 0.0
	for _, step := range steps {
		at = max(at+float64(step), highest-min(reorder.Seconds(), 6), 0)
		if reorder == 0 {
			at = max(at, highest-3, 0)
		}
		highest = max(highest, at)
		times = append(times, at)
	}
	return times
}

func anyCommands(rt *rapid.T, last int) (all []command) {
	at := time.Duration(0)
	for range rapid.IntRange(0, 12).Draw(rt, "commands") {
		at += time.Duration(rapid.Int64Range(1, 2e10).Draw(rt, "after")) | 1 // at no full second
		c := command{after: at, what: rapid.SampledFrom([]string{"pause", "resume", "step", "speed", "seek", "seek", "seek"}).Draw(rt, "what")}
		switch c.what {
		case "step":
			c.n = rapid.IntRange(1, 12).Draw(rt, "n")
		case "seek":
			c.n = rapid.IntRange(-3, last+3).Draw(rt, "to")
		case "speed":
			c.speed = rapid.SampledFrom([]float64{0.5, 1, 2, 4}).Draw(rt, "speed")
		}
		all = append(all, c)
	}
	return append(all, command{after: at + 1e9 + 1, what: "resume"})
}

// Whatever the pace does to the records, and however the replay is moved and
// steered meanwhile: each record from the target on leaves when it is due, in
// order, none twice, none missing, with the event time of its round.
func TestAnySeeksInACourse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pace := anyPace(rt)
		times := anyTimes(rt, pace.Reorder)
		top := slices.Max(times)
		m := &model{times: times, delay: pace.LoopDelay.Seconds(), span: top - times[0], top: top, commands: anyCommands(rt, int(top))}
		for round := range int(pace.Loop) {
			m.rounds = append(m.rounds, turns(times, pace, round))
		}
		if slices.ContainsFunc(m.rounds, func(all []turn) bool { return len(all) == 0 }) {
			return // all were lost
		}
		whole := make([]int64, len(times))
		for i, s := range times {
			whole[i] = int64(s)
		}
		h := rereadable(rt, whole)
		h.marks, h.batch = rapid.IntRange(1, 20).Draw(rt, "marks"), rapid.IntRange(1, 30).Draw(rt, "batch")
		h.plan.Pace = pace
		commands := slices.Clone(m.commands)
		got := steered(t, h, commands)
		want := m.run()
		if pace.Rebase == config.RebaseWall {
			sorted := pace.Disorder == nil && (pace.Reorder > 0 || slices.IsSorted(times))
			for i := range got {
				if sorted && i > 0 && got[i].Event < got[i-1].Event {
					rt.Errorf("the event time goes back, from %v to %v", got[i-1], got[i])
				}
			}
			for i := range got {
				got[i].Event = 0
			}
			for i := range want {
				want[i].Event = 0
			}
		}
		near := gocmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })
		if diff := gocmp.Diff(want, got, near); diff != "" {
			rt.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// steered runs a harness in a bubble under commands, whose times count from the
// start, and returns what leaves.
func steered(t *testing.T, h *harness, commands []command) (got []sent) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		h.write = func(b *pipeline.Batch) error {
			for i := range b.Records {
				r := &b.Records[i]
				got = append(got, sent{int(number(r)), time.Since(began).Seconds(), time.Duration(r.Time.UnixNano()).Seconds()})
			}
			return nil
		}
		h.steer = func(p *Pipeline) {
			at := time.Duration(0)
			for _, c := range commands {
				after(c.after - at)
				at, c.after = c.after, 0
				switch c.what {
				case "seek":
					_ = p.Seek(time.Unix(int64(c.n), 0)) // an error: the replay has ended
				case "stop":
					stop()
				default:
					c.give(t, p)
				}
			}
		}
		if _, err := h.run(t, ctx); err != nil {
			t.Error(err)
		}
	})
	return got
}

// Whatever is held back, and wherever the replay is moved: the position is
// before every record from the last target on that has not been stored since.
func TestPositionAfterSeeksInACourse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pace := anyPace(rt)
		pace.Loop = 1
		times := anyTimes(rt, pace.Reorder)
		whole := make([]int64, len(times))
		for i, s := range times {
			whole[i] = int64(s)
		}
		h := rereadable(rt, whole)
		store := &memory{}
		h.marks, h.batch, h.plan.Resume, h.opts.Store = rapid.IntRange(1, 20).Draw(rt, "marks"), rapid.IntRange(1, 30).Draw(rt, "batch"), true, store
		h.plan.Pace = pace
		to := float64(rapid.Int64Range(-1, whole[len(whole)-1]).Draw(rt, "to"))
		sought := time.Duration(rapid.Int64Range(1, 6e10).Draw(rt, "sought")) | 1
		stop := sought + time.Duration(rapid.Int64Range(1, 3e10).Draw(rt, "stop"))&^1
		got := steered(t, h, []command{{after: sought, what: "seek", n: int(to)}, {after: stop, what: "stop"}})
		since := map[int]bool{}
		for _, s := range got {
			if s.At >= sought.Seconds() {
				since[s.N] = true
			}
		}
		last, ok := store.position.Last("n", 0)
		if !ok || len(got) == 0 || got[len(got)-1].At < sought.Seconds() {
			return
		}
		for _, turn := range turns(times, pace, 0) {
			if int64(turn.n) <= last.Offset && turn.place >= to && !since[turn.n] {
				rt.Fatalf("the position is %d, and %v has not been sent since the seek to %v; %v", last.Offset, turn, to, got)
			}
		}
	})
}

func TestSeekInACourse(t *testing.T) {
	const s = time.Second
	seek := func(at time.Duration, to int) command { return command{after: at, what: "seek", n: to} }
	for _, tc := range []struct {
		name     string
		pace     config.Pace
		times    []int64
		commands []command
		want     []sent
	}{
		{"back in the second round", config.Pace{Loop: 2}, []int64{0, 1, 2}, []command{seek(3500*time.Millisecond, 1)},
			[]sent{{0, 0, 0}, {1, 1, 1}, {2, 2, 2}, {0, 2, 2}, {1, 3, 3}, {1, 3.5, 3}, {2, 4.5, 4}}},
		{"before the start of the second round", config.Pace{Loop: 2}, []int64{10, 11, 12}, []command{seek(3500*time.Millisecond, 5)},
			[]sent{{0, 0, 10}, {1, 1, 11}, {2, 2, 12}, {0, 2, 12}, {1, 3, 13}, {0, 3.5, 12}, {1, 4.5, 13}, {2, 5.5, 14}}},
		{"beyond the end of the first round", config.Pace{Loop: 2, LoopDelay: 5 * s}, []int64{0, 1, 2}, []command{seek(s/2, 99)},
			[]sent{{0, 0, 0}, {0, 5.5, 2}, {1, 6.5, 3}, {2, 7.5, 4}}},
		{"beyond the end of the last", config.Pace{Loop: 2}, []int64{0, 1, 2}, []command{seek(3500*time.Millisecond, 99)},
			[]sent{{0, 0, 0}, {1, 1, 1}, {2, 2, 2}, {0, 2, 2}, {1, 3, 3}}},
		{"into what is held back", config.Pace{Reorder: 5 * s}, []int64{0, 4, 2, 6, 5, 9}, []command{seek(s, 5)},
			[]sent{{0, 0, 0}, {4, 1, 5}, {3, 2, 6}, {5, 5, 9}}},
		{"rebase: event", config.Pace{Rebase: config.RebaseEvent}, []int64{10, 11, 12, 13}, []command{seek(1500*time.Millisecond, 10)},
			[]sent{{0, 0, 0}, {1, 1, 1}, {0, 1.5, 0}, {1, 2.5, 1}, {2, 3.5, 2}, {3, 4.5, 3}}},
		{"rebase: wall", config.Pace{Rebase: config.RebaseWall, Speed: 2}, []int64{10, 12, 14, 16}, []command{seek(1500*time.Millisecond, 10)},
			[]sent{{0, 0, 0}, {1, 1, 1}, {0, 1.5, 1.5}, {1, 2.5, 2.5}, {2, 3.5, 3.5}, {3, 4.5, 4.5}}},
		{"rebase: wall, ahead of the wall", config.Pace{Rebase: config.RebaseWall}, []int64{0, 10, 20, 30},
			[]command{{after: s, what: "step", n: 2}, seek(2*s, 10), {after: 3 * s, what: "resume"}},
			[]sent{{0, 0, 0}, {1, 1, 10}, {2, 1, 20}, {1, 3, 20}, {2, 13, 30}, {3, 23, 40}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, batch := range []int{1, 2, 10} {
				h := rereadable(t, tc.times)
				h.batch, h.marks = batch, 1
				pace := tc.pace
				pace.Speed = max(pace.Speed, 1)
				h.plan.Pace = &pace
				got := steered(t, h, tc.commands)
				for i := range got {
					if pace.Rebase != "" { // from the start, which the first record has
						got[len(got)-1-i].Event -= got[0].Event
					}
				}
				near := gocmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })
				if diff := gocmp.Diff(tc.want, got, near); diff != "" {
					t.Errorf("batches of %d: %s", batch, diff)
				}
			}
		})
	}
}

// Further records are played with the one that they come of, wherever chance
// has put it.
func TestFurtherRecordsInACourse(t *testing.T) {
	h := rereadable(t, []int64{0, 1, 2, 3, 4}).withHandler(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
		for range number(r) % 3 {
			out.Keep()
		}
		return nil
	}))
	h.plan.Pace = &config.Pace{Speed: 1, Disorder: &config.Disorder{Late: config.Late{Fraction: 1, Delay: config.Delay{Min: 3 * time.Second, Max: 3 * time.Second}}}}
	got := steered(t, h, nil)
	want := []sent{{1, 0, 1}, {2, 1, 2}, {2, 1, 2}, {4, 3, 4}} // the first that is left is the start
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
