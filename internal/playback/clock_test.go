package playback

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func at(ns int64) time.Time { return time.Unix(0, ns) }

func TestDueIsCountedFromTheAnchor(t *testing.T) {
	for _, tc := range []struct {
		name   string
		speed  float64
		events []int64
		want   []int64
	}{
		{"speed 1", 1, []int64{1000, 1000, 5000}, []int64{0, 0, 4000}},
		{"speed 10", 10, []int64{1000, 5000}, []int64{0, 400}},
		{"speed 0.5", 0.5, []int64{0, 300}, []int64{0, 600}},
		{"backwards is due with the latest", 1, []int64{1000, 5000, 2000, 6000}, []int64{0, 4000, 4000, 5000}},
		{"before 1970", 1, []int64{-5000, -1000}, []int64{0, 4000}},
		{"the whole range", 1, []int64{math.MinInt64, math.MaxInt64}, []int64{0, math.MaxInt64}},
		{"decades at speed 0.001", 0.001, []int64{0, 40 * 365 * 86400 * 1e9}, []int64{0, math.MaxInt64}},
		{"decades at speed 1e9", 1e9, []int64{0, 40 * 365 * 86400 * 1e9}, []int64{0, 40 * 365 * 86400}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := NewClock(tc.speed)
				for i, event := range tc.events {
					if due, _ := c.Due(at(event)); due != tc.want[i] {
						t.Errorf("event %d: due %d, want %d", event, due, tc.want[i])
					}
				}
			})
		})
	}
}

func TestTimesBeyondTheRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(1e9)
		for _, tc := range []struct {
			event     string
			due       int64
			backwards bool
		}{
			{"1500-01-01", 0, false},
			{"1678-01-01", 8812036, false}, // 102 days after the earliest
			{"1600-01-01", 8812036, true},
			{"9999-12-31", 18446744073, false},
			{"2021-01-01", 18446744073, true},
		} {
			event, err := time.Parse(time.DateOnly, tc.event)
			if err != nil {
				t.Fatal(err)
			}
			if due, backwards := c.Due(event); due != tc.due || backwards != tc.backwards {
				t.Errorf("%s: due %d, backwards %v; want %d, %v", tc.event, due, backwards, tc.due, tc.backwards)
			}
		}
	})
}

func TestBackwardsIsReported(t *testing.T) {
	c := NewClock(1)
	var got []bool
	for _, event := range []int64{5, 5, 4, 6} {
		_, backwards := c.Due(at(event))
		got = append(got, backwards)
	}
	if got[0] || got[1] || !got[2] || got[3] {
		t.Errorf("backwards: %v", got)
	}
}

// Whatever the rows and the speed: due times never step back, and each is
// within a nanosecond and a rounding of its exact place after the first.
func TestDueProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		speed := rapid.Float64Range(1e-3, 1e9).Draw(t, "speed")
		gaps := rapid.SliceOfN(rapid.Int64Range(0, 1e15), 1, 50).Draw(t, "gaps")
		c := NewClock(speed)
		first, _ := c.Due(at(0))
		event, before := int64(0), first
		for _, gap := range gaps {
			event += gap
			due, backwards := c.Due(at(event))
			exact := float64(event) / speed
			if backwards || due < before || math.Abs(float64(due-first)-exact) > 2+exact*1e-14 {
				t.Fatalf("event %d at speed %v: due %d after the first, want %v", event, speed, due-first, exact)
			}
			before = due
		}
	})
}

func TestWaitEndsAtTheDueTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(1)
		timer := NewTimer(c)
		defer timer.Stop()
		for _, due := range []int64{0, 5e9, 5e9, 3600e9} {
			if !timer.Wait(nil, due) || c.Now() != due {
				t.Errorf("woke at %d, want %d", c.Now(), due)
			}
		}
	})
}

func TestWaitEndsWhenDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(1)
		timer := NewTimer(c)
		defer timer.Stop()
		done := make(chan struct{})
		time.AfterFunc(time.Second, func() { close(done) })
		if timer.Wait(done, 3600e9) || c.Now() != 1e9 {
			t.Errorf("waited until %d, want to be woken at 1 s", c.Now())
		}
		if !timer.Wait(nil, 2e9) || c.Now() != 2e9 {
			t.Errorf("the timer can't be used again: woke at %d", c.Now())
		}
	})
}

func TestLatenessQuantiles(t *testing.T) {
	l := NewLateness()
	for i := range int64(1000) {
		l.Record([]int64{i * 1e6})
	}
	l.Record([]int64{-5, math.MaxInt64})
	q := l.Quantiles(50, 100)
	if q[0] < 490*time.Millisecond || q[0] > 510*time.Millisecond || q[1] < 23*time.Hour {
		t.Errorf("p50 %v, max %v", q[0], q[1])
	}
}
