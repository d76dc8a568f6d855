package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"pgregory.net/rapid"
)

// left is a record that has left: its number, and when, in seconds after the
// start.
type left struct {
	N  int64
	At float64
}

// rereadable is a harness whose source goes on after a position, with records
// at these event times in seconds.
func rereadable(t interface{ Helper() }, times []int64) *harness {
	t.Helper()
	h := newHarness(int64(len(times)))
	h.read = func(r *pipeline.Record) { r.Time = time.Unix(times[number(r)], 0) }
	h.plan.Source = pipeline.NewBound("numbers", nil, func(_ context.Context, e pipeline.Env) (pipeline.Source, error) {
		s := &numbers{h: h}
		if last, ok := e.Position.Last("n", 0); ok {
			s.next = last.Offset + 1
		}
		return struct{ pipeline.Source }{s}, nil // no Committer
	})
	return h
}

// inBubble runs a paced harness in a bubble, where time is exact.
func inBubble(t *testing.T, h *harness) (all []left, st Status, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h.plan.Pace = &config.Pace{Speed: 1}
		began := time.Now()
		h.store = func(n int64, _ int) error {
			all = append(all, left{n, time.Since(began).Seconds()})
			return nil
		}
		st, err = h.run(t, t.Context())
	})
	return all, st, err
}

func seconds(n int64) []int64 { return upTo(n) }

// after does something a time after the start, on the bubble's clock.
func after(d time.Duration) { <-time.After(d) }

func mustSeek(t *testing.T, p *Pipeline, to int64) {
	t.Helper()
	if err := p.Seek(time.Unix(to, 0)); err != nil {
		t.Errorf("seek to %d: %v", to, err)
	}
}

func TestSeek(t *testing.T) {
	const half = 500 * time.Millisecond
	for _, tc := range []struct {
		name  string
		times []int64
		steer func(t *testing.T, p *Pipeline)
		want  []left
	}{
		{"forward", seconds(100), func(t *testing.T, p *Pipeline) { after(2*time.Second + half); mustSeek(t, p, 97) },
			[]left{{0, 0}, {1, 1}, {2, 2}, {97, 2.5}, {98, 3.5}, {99, 4.5}}},
		{"back", seconds(4), func(t *testing.T, p *Pipeline) { after(2*time.Second + half); mustSeek(t, p, 1) },
			[]left{{0, 0}, {1, 1}, {2, 2}, {1, 2.5}, {2, 3.5}, {3, 4.5}}},
		{"into a pause", []int64{0, 10, 20}, func(t *testing.T, p *Pipeline) { after(time.Second); mustSeek(t, p, 15) },
			[]left{{0, 0}, {2, 6}}},
		{"before the first", []int64{100, 101}, func(t *testing.T, p *Pipeline) { after(half); mustSeek(t, p, -5) },
			[]left{{0, 0}, {0, 0.5}, {1, 1.5}}},
		{"beyond the last", seconds(50), func(t *testing.T, p *Pipeline) { after(half); mustSeek(t, p, 1000) },
			[]left{{0, 0}}},
		{"by a span", seconds(40), func(t *testing.T, p *Pipeline) {
			after(2*time.Second + half)
			if err := p.SeekBy(35 * time.Second); err != nil {
				t.Error(err)
			}
		}, []left{{0, 0}, {1, 1}, {2, 2}, {38, 3}, {39, 4}}},
		{"while paused", seconds(30), func(t *testing.T, p *Pipeline) {
			after(half)
			_ = p.Pause()
			mustSeek(t, p, 28)
			after(10 * time.Second)
			_ = p.Resume()
		}, []left{{0, 0}, {28, 10.5}, {29, 11.5}}},
		{"a step after a seek", seconds(3000), func(t *testing.T, p *Pipeline) {
			after(half)
			_ = p.Pause()
			mustSeek(t, p, 2990)
			_ = p.Step(2)
			after(time.Second)
			mustSeek(t, p, 10)
			_ = p.Step(1)
			after(time.Second)
			mustSeek(t, p, 2998)
			after(time.Second)
			_ = p.Resume()
		}, []left{{0, 0}, {2990, 0.5}, {2991, 0.5}, {10, 1.5}, {2998, 3.5}, {2999, 4.5}}},
		{"steps backwards stay where they are", []int64{0, 5, 3, 4, 9}, func(t *testing.T, p *Pipeline) { after(time.Second); mustSeek(t, p, 4) },
			[]left{{0, 0}, {1, 2}, {2, 2}, {3, 2}, {4, 6}}},
		{"one after the other", seconds(60), func(t *testing.T, p *Pipeline) {
			after(half)
			mustSeek(t, p, 30)
			mustSeek(t, p, 10)
			mustSeek(t, p, 58)
		}, []left{{0, 0}, {58, 0.5}, {59, 1.5}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := rereadable(t, tc.times)
			h.steer = func(p *Pipeline) { tc.steer(t, p) }
			all, st, err := inBubble(t, h)
			if err != nil || st.State != Completed {
				t.Errorf("%v, %v", st.State, err)
			}
			if st.Pace.OutOfOrder > 0 && !strings.Contains(tc.name, "backwards") {
				t.Errorf("%d out of order", st.Pace.OutOfOrder)
			}
			if diff := cmp.Diff(tc.want, all); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The kept position is where the play head is, also after going back.
func TestPositionFollowsThePlayHead(t *testing.T) {
	h := rereadable(t, seconds(100))
	store := &memory{}
	h.plan.Resume, h.opts.Store = true, store
	h.steer = func(p *Pipeline) {
		after(50*time.Second + time.Second/2)
		mustSeek(t, p, 20)
	}
	synctest.Test(t, func(t *testing.T) {
		h.plan.Pace = &config.Pace{Speed: 1}
		bubble, end := context.WithCancel(t.Context())
		defer end()
		go func() { <-time.After(53*time.Second + 3*time.Second/4); end() }()
		if st, err := h.run(t, bubble); err != nil || st.State != Stopped {
			t.Errorf("%v, %v", st.State, err)
		}
	})
	if last, _ := store.position.Last("n", 0); last.Offset != 23 {
		t.Errorf("the position is %v, want 23", store.position)
	}
}

func TestSeekIsRefused(t *testing.T) {
	for _, tc := range []struct {
		name string
		h    func() *harness
		pace *config.Pace
		want error
	}{
		{"without a pace", func() *harness { return newHarness(5) }, nil, ErrNotPaced},
		{"a source that can't be read again", func() *harness { return newHarness(5) }, &config.Pace{Speed: 1}, errNoWay},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := tc.h()
				h.plan.Pace = tc.pace
				h.steer = func(p *Pipeline) {
					after(time.Second)
					if err := p.Seek(time.Unix(0, 0)); !errors.Is(err, tc.want) {
						t.Errorf("%v, want %v", err, tc.want)
					}
				}
				if _, err := h.run(t, t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestSeekAfterTheEnd(t *testing.T) {
	h := rereadable(t, seconds(3))
	var player *Pipeline
	h.steer = func(p *Pipeline) { player = p }
	if _, st, err := inBubble(t, h); err != nil || st.State != Completed {
		t.Fatal(st.State, err)
	}
	if err := player.Seek(time.Unix(0, 0)); !errors.Is(err, errOver) {
		t.Errorf("%v", err)
	}
}

// Whatever is sought whenever: between two seeks the records leave in order,
// each at its due time, none twice and none missing.
func TestAnySeeks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		gaps := rapid.SliceOfN(rapid.Int64Range(0, 4), 1, 120).Draw(rt, "gaps")
		times := make([]int64, len(gaps))
		sum := int64(0)
		for i, gap := range gaps {
			sum += gap
			times[i] = sum
		}
		type seek struct {
			wait time.Duration
			to   int64
		}
		seeks := make([]seek, rapid.IntRange(0, 5).Draw(rt, "seeks"))
		for i := range seeks {
			wait := time.Duration(rapid.Int64Range(0, 30).Draw(rt, "wait"))*time.Second + time.Second/3
			seeks[i] = seek{wait, rapid.Int64Range(0, sum+3).Draw(rt, "to")}
		}
		h := rereadable(rt, times)
		h.batch = rapid.IntRange(1, 30).Draw(rt, "batch")
		var want []left
		now, begin, from := 0.0, 0.0, times[0] // of the part that is played
		play := func(until float64) {
			for n, at := range times {
				if due := begin + float64(at-from); at >= from && (due < until || until < 0) {
					want = append(want, left{int64(n), due})
				}
			}
		}
		ended := func() bool { return now > begin+float64(max(sum-from, 0)) }
		for _, s := range seeks {
			if now += s.wait.Seconds(); ended() {
				break
			}
			play(now)
			begin, from = now, max(s.to, times[0])
		}
		play(-1)
		h.steer = func(p *Pipeline) {
			for _, s := range seeks {
				after(s.wait)
				if err := p.Seek(time.Unix(s.to, 0)); err != nil {
					return
				}
			}
		}
		var all []left
		synctest.Test(t, func(t *testing.T) {
			h.plan.Pace = &config.Pace{Speed: 1}
			began := time.Now()
			h.store = func(n int64, _ int) error {
				all = append(all, left{n, time.Since(began).Seconds()})
				return nil
			}
			if _, err := h.run(t, t.Context()); err != nil {
				t.Error(err)
			}
		})
		near := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 })
		if diff := cmp.Diff(want, all, near); diff != "" {
			rt.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestIndexStaysSmall(t *testing.T) {
	const every = 1 << 10
	x := newIndex(nil, every)
	b := make([]pipeline.Record, 1024)
	n := int64(0)
	for range 5 * mostMarks * every / len(b) / 2 {
		for i := range b {
			b[i].Origin, b[i].Time = pipeline.Origin{Source: "n", Offset: n}, time.Unix(n, 0)
			n++
		}
		x.note(b)
	}
	if len(x.marks) > mostMarks {
		t.Errorf("%d marks", len(x.marks))
	}
	if !slices.IsSortedFunc(x.marks, func(a, b mark) int { return int(a.high/1e9 - b.high/1e9) }) {
		t.Error("they are out of order")
	}
	target := n / 3
	at, _ := x.before(target*1e9).position.Last("n", 0)
	if at.Offset >= target || target-at.Offset > int64(2*x.every) {
		t.Errorf("to reach %d it goes to %d, with a mark every %d", target, at.Offset, x.every)
	}
}
