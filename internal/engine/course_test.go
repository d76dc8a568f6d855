package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"pgregory.net/rapid"
)

// base0 is the event time of second 0 in these tests.
var base0 = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// courseOf is a harness like timed whose source is no Committer and tells, for
// every record that is stored, its number, when it left and its event time:
// "n@left:event". Where rebase moves it, the event time counts from the start.
func courseOf(pace config.Pace, seconds ...float64) (*harness, func() string) {
	h := newHarness(int64(len(seconds)))
	pace.Speed = max(pace.Speed, 1)
	h.plan.Pace = &pace
	h.plan.Source = pipeline.NewBound("numbers", nil, func(context.Context, pipeline.Env) (pipeline.Source, error) {
		return struct{ pipeline.Source }{&numbers{h: h}}, nil
	})
	h.read = func(r *pipeline.Record) {
		if s := seconds[number(r)]; s < 0 {
			r.Time = time.Time{}
			r.Fail(errBad)
		} else {
			r.Time = base0.Add(time.Duration(s * 1e9))
		}
	}
	var began time.Time
	var stored []string
	h.plan.Sink = pipeline.NewBound("notes", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
		began = time.Now()
		return &notes{h}, nil
	})
	h.write = func(b *pipeline.Batch) error {
		for i := range b.Records {
			from := base0
			if pace.Rebase != "" {
				from = began
			}
			r := &b.Records[i]
			stored = append(stored, fmt.Sprintf("%d@%v:%v", number(r), time.Since(began).Seconds(), r.Time.Sub(from).Seconds()))
		}
		return nil
	}
	return h, func() string { return strings.Join(stored, " ") }
}

func afterFirst(d time.Duration) config.EventTime {
	var e config.EventTime
	if err := e.UnmarshalText([]byte("+" + d.String())); err != nil {
		panic(err)
	}
	return e
}

func instant(second int) config.EventTime {
	var e config.EventTime
	if err := e.UnmarshalText([]byte(base0.Add(time.Duration(second) * time.Second).Format(time.RFC3339))); err != nil {
		panic(err)
	}
	return e
}

func TestCourses(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		name    string
		pace    config.Pace
		seconds []float64
		want    string
	}{
		{"a window of instants", config.Pace{Start: instant(2), End: instant(4)}, []float64{0, 1, 2, 3, 4, 5}, "2@0:2 3@1:3"},
		{"a window from the first record", config.Pace{Start: afterFirst(2 * s), End: afterFirst(4 * s)}, []float64{10, 11, 12, 13, 14}, "2@0:12 3@1:13"},
		{"bad rows outside a window", config.Pace{Start: instant(2), End: instant(4)}, []float64{-1, 0, -1, 2, 3, 4, -1}, "3@0:2 4@1:3"},
		{"a step back into the window", config.Pace{End: instant(4)}, []float64{0, 9, 3}, "0@0:0 2@3:3"},
		{"two rounds", config.Pace{Loop: 2}, []float64{10, 11, 13}, "0@0:10 1@1:11 2@3:13 0@3:13 1@4:14 2@6:16"},
		{"rounds with a delay", config.Pace{Loop: 2, LoopDelay: 5 * s, Speed: 2}, []float64{0, 4}, "0@0:0 1@2:4 0@7:4 1@9:8"},
		{"rounds of a window", config.Pace{Loop: 2, Start: afterFirst(s), End: afterFirst(3 * s)}, []float64{0, 1, 2, 3}, "1@0:1 2@1:2 1@1:2 2@2:3"},
		{"rounds without a span", config.Pace{Loop: 2}, []float64{7}, "0@0:7 0@0:7"},
		{"rounds with steps backwards", config.Pace{Loop: 2}, []float64{5, 9, 3}, "0@0:5 1@4:9 2@4:3 0@4:9 1@8:13 2@8:7"},
		{"rebase: event", config.Pace{Rebase: config.RebaseEvent, Speed: 2}, []float64{100, 102, 110}, "0@0:0 1@1:2 2@5:10"},
		{"rebase: event in rounds", config.Pace{Rebase: config.RebaseEvent, Loop: 2, LoopDelay: s}, []float64{100, 102}, "0@0:0 1@2:2 0@3:2 1@5:4"},
		{"rebase: wall", config.Pace{Rebase: config.RebaseWall, Speed: 2}, []float64{100, 102, 110}, "0@0:0 1@1:1 2@5:5"},
		{"rebase: wall, backwards", config.Pace{Rebase: config.RebaseWall, Speed: 2}, []float64{100, 110, 108, 112}, "0@0:0 1@5:5 2@5:4 3@6:6"},
		{"rebase: wall in rounds, shortened", config.Pace{Rebase: config.RebaseWall, Speed: 2, Loop: 2, LoopDelay: 9 * s, MaxGap: 3 * s}, []float64{0, 2, 100}, "0@0:0 1@1:1 2@4:4 0@13:13 1@14:14 2@17:17"},
		{"rebase: wall at a rate", config.Pace{Rebase: config.RebaseWall, Rate: config.Rate{Records: 1, Per: 10 * s}}, []float64{100, 200, 250}, "0@0:0 1@10:10 2@20:20"},
		{"reorder", config.Pace{Reorder: 3 * s}, []float64{0, 5, 3, 2, 9, 6, 20}, "0@0:0 3@2:2 2@3:3 1@5:5 5@6:6 4@9:9 6@20:20"},
		{"reorder keeps what is equal in file order", config.Pace{Reorder: 3 * s}, []float64{0, 2, 1, 2, 1}, "0@0:0 2@1:1 4@1:1 1@2:2 3@2:2"},
		{"too far out of order", config.Pace{Reorder: 2 * s}, []float64{0, 5, 8, 1, 9}, "0@0:0 1@5:5 3@5:1 2@8:8 4@9:9"},
		{"reorder with a bad row", config.Pace{Reorder: 2 * s}, []float64{0, 5, -1, 4, 9}, "0@0:0 3@4:4 1@5:5 4@9:9"},
		{"reorder in rounds", config.Pace{Reorder: 2 * s, Loop: 2}, []float64{1, 0, 3}, "1@0:0 0@1:1 2@3:3 1@3:2 0@4:3 2@6:5"},
		{"all late", config.Pace{Disorder: &config.Disorder{Late: config.Late{Fraction: 1, Delay: config.Delay{Min: 3 * s, Max: 3 * s}}, Swap: config.Swap{Distance: 1}}}, []float64{0, 1, 5}, "0@0:0 1@1:1 2@5:5"},
		{"all doubled", config.Pace{Disorder: &config.Disorder{Duplicate: config.Share{Fraction: 1}}}, []float64{0, 1}, "0@0:0 0@0:0 1@1:1 1@1:1"},
		{"all lost", config.Pace{Disorder: &config.Disorder{Drop: config.Share{Fraction: 1}}}, []float64{0, 1}, ""},
		{"all change places", config.Pace{Disorder: &config.Disorder{Swap: config.Swap{Fraction: 1, Distance: 1}}}, []float64{0, 1, 2, 3, 4}, "1@0:1 0@1:0 3@2:3 2@3:2 4@4:4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, batch := range []int{1, 3, 10} {
				synctest.Test(t, func(t *testing.T) {
					h, stored := courseOf(tc.pace, tc.seconds...)
					h.batch = batch
					h.plan.Errors.OnFailure = config.Skip
					if _, err := h.run(t, t.Context()); err != nil {
						t.Error(err)
					}
					if diff := cmp.Diff(tc.want, stored()); diff != "" {
						t.Errorf("batches of %d: %s", batch, diff)
					}
				})
			}
		})
	}
}

func TestDuplicatesAreDropped(t *testing.T) {
	for _, raw := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			rows := []string{"a", "a", "b", "a", "a", "a"}
			h, stored := courseOf(config.Pace{Duplicates: config.Drop}, 0, 0, 1, 1, 1, 2)
			read := h.read
			h.batch = 2
			h.read = func(r *pipeline.Record) {
				read(r)
				r.Set("n", pipeline.String(rows[number(r)]))
				if raw {
					r.Raw = []byte(rows[number(r)])
				}
			}
			st, err := h.run(t, t.Context())
			if want := "0@0:0 2@1:1 3@1:1 5@2:2"; stored() != want || err != nil || st.Read != 4 || st.Pace.Duplicates != 2 {
				t.Errorf("raw %v: %s, %v, %+v", raw, stored(), err, st)
			}
		})
	}
}

func TestWindowWithoutRows(t *testing.T) {
	h, _ := courseOf(config.Pace{Start: instant(100)}, 0, 1)
	var log strings.Builder
	h.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
	st, err := h.run(t, t.Context())
	if err != nil || st.State != Completed || st.Read != 0 || !strings.Contains(log.String(), "no record lies between start and end") {
		t.Errorf("%+v, %v: %s", st, err, log.String())
	}
	h, _ = courseOf(config.Pace{Start: instant(100), End: afterFirst(time.Second)}, 0, 1)
	if _, err := h.run(t, t.Context()); !errors.Is(err, errWindow) {
		t.Error(err)
	}
}

// A source without an end is left once the window lies behind.
func TestWindowEndsASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, stored := courseOf(config.Pace{End: afterFirst(3 * time.Second)}, 0, 0)
		h.count, h.block = 5000, true
		h.read = nil
		if st, err := h.run(t, t.Context()); err != nil || st.State != Completed || st.Read != 3 {
			t.Errorf("%v, %+v: %s", err, st, stored())
		}
	})
}

func TestLoopForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := courseOf(config.Pace{Loop: config.Forever}, 0, 1)
		ctx, stop := context.WithTimeout(t.Context(), 10500*time.Millisecond)
		defer stop()
		if st, err := h.run(t, ctx); err != nil || st.State != Stopped || st.Read != 21 {
			t.Errorf("%v, %+v", err, st)
		}
	})
}

func TestLoopRefuses(t *testing.T) {
	h := newHarness(3) // its source keeps its own positions
	h.plan.Pace = &config.Pace{Speed: 1, Loop: 2}
	if _, err := h.run(t, t.Context()); err == nil || !strings.Contains(err.Error(), "keeps its positions itself") {
		t.Error(err)
	}
	h, _ = courseOf(config.Pace{Loop: 2}, 0)
	rounds := 0
	h.plan.Source = pipeline.NewBound("once", nil, func(context.Context, pipeline.Env) (pipeline.Source, error) {
		rounds++
		return struct{ pipeline.Source }{&numbers{h: h, next: int64(rounds - 1)}}, nil
	})
	if _, err := h.run(t, t.Context()); err == nil || !strings.Contains(err.Error(), "nothing came in round 2") {
		t.Error(err)
	}
	h, _ = courseOf(config.Pace{Loop: config.Forever})
	if st, err := h.run(t, t.Context()); err != nil || st.State != Completed {
		t.Errorf("no rows: %v, %+v", err, st)
	}
}

// A delayed record comes when it is due, and nothing waits for it. Two runs
// are the same.
func TestDisorder(t *testing.T) {
	disorder := config.Disorder{Seed: 7, Late: config.Late{Fraction: 0.2, Delay: config.Delay{Min: 2 * time.Second, Max: 5 * time.Second}},
		Duplicate: config.Share{Fraction: 0.1}, Drop: config.Share{Fraction: 0.1}}
	seconds := make([]float64, 500)
	for i := range seconds {
		seconds[i] = float64(i)
	}
	var runs [2]string
	var st Status
	for i := range runs {
		synctest.Test(t, func(t *testing.T) {
			h, stored := courseOf(config.Pace{Disorder: &disorder}, seconds...)
			h.batch = 1 + 20*i
			var err error
			if st, err = h.run(t, t.Context()); err != nil {
				t.Error(err)
			}
			runs[i] = stored()
		})
	}
	if diff := cmp.Diff(runs[0], runs[1]); diff != "" {
		t.Error(diff)
	}
	late, first := 0, -1.0
	for _, text := range strings.Fields(runs[0]) {
		var n int
		var left, event float64
		if _, err := fmt.Sscanf(text, "%d@%f:%f", &n, &left, &event); err != nil || event != float64(n) {
			t.Errorf("%s: %v", text, err)
		}
		if first < 0 {
			first = event
		}
		if delay := left + first - event; delay > 1e-6 {
			late++
			if delay < 2-1e-6 || delay > 5+1e-6 {
				t.Errorf("%s is late by %v s", text, delay)
			}
		}
	}
	d := st.Pace.Disorder
	if d.Late < 60 || d.Late > 140 || d.Duplicated < 20 || d.Dropped < 20 || st.Read != 500-d.Dropped+d.Duplicated || int64(late) < d.Late {
		t.Errorf("%+v, %d late, %d read", d, late, st.Read)
	}
	if st.Pace.Lateness.Max > 0 || st.Pace.OutOfOrder > 0 {
		t.Errorf("%+v", st.Pace)
	}
}

// Whatever is held back: after a stop or a failure, the position is before
// every record that is not stored.
func TestHeldBackPosition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.IntRange(1, 300).Draw(rt, "count")
		seconds := make([]float64, count)
		for i := range seconds {
			seconds[i] = float64(i) + rapid.Float64Range(0, 20).Draw(rt, "jitter")
		}
		pace := config.Pace{Reorder: time.Duration(rapid.IntRange(0, 15).Draw(rt, "reorder")) * time.Second,
			Disorder: &config.Disorder{Seed: rapid.Int64().Draw(rt, "seed"), Jitter: time.Duration(rapid.IntRange(0, 3).Draw(rt, "d")) * time.Second,
				Late: config.Late{Fraction: 0.1, Delay: config.Delay{Min: time.Second, Max: time.Minute}}, Swap: config.Swap{Fraction: 0.1, Distance: 3}}}
		end := time.Duration(rapid.IntRange(0, 2*count).Draw(rt, "stop")) * time.Second
		batch := rapid.IntRange(1, 100).Draw(rt, "batch")
		var stored []int64
		position := int64(-1)
		var st Status
		var err error
		synctest.Test(t, func(t *testing.T) {
			h, _ := courseOf(pace, seconds...)
			store := &memory{}
			h.batch, h.plan.Resume, h.opts.Store = batch, true, store
			ctx, stop := context.WithTimeout(t.Context(), end)
			defer stop()
			st, err = h.run(t, ctx)
			stored = h.stored
			if o, ok := store.position.Last("n", 0); ok {
				position = o.Offset
			}
		})
		if err != nil {
			rt.Fatal(err)
		}
		there := map[int64]int{}
		for _, n := range stored {
			there[n]++
		}
		for n := range int64(count) {
			if there[n] > 1 || n <= position && there[n] == 0 {
				rt.Fatalf("number %d is stored %d times, and the position is %d", n, there[n], position)
			}
		}
		if st.State == Completed && (position != int64(count)-1 || len(stored) != count) {
			rt.Fatalf("completed at %d of %d, %d stored", position, count, len(stored))
		}
	})
}
