package playback

import (
	"math"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestPlaces(t *testing.T) {
	const min, max = math.MinInt64, math.MaxInt64
	for _, tc := range []struct {
		name   string
		line   Line
		speed  float64
		events []int64
		want   []int64
		cut    uint64
	}{
		{"event times", Line{}, 3, []int64{10, 10, 50, 60}, []int64{10, 10, 50, 60}, 0},
		{"backwards has the place of the latest", Line{}, 1, []int64{10, 50, 20, 60}, []int64{10, 50, 50, 60}, 0},
		{"the whole range", Line{}, 1, []int64{min, max, min}, []int64{min, max, max}, 0},
		{"long pauses last max_gap of wall time", Line{MaxGap: 5}, 2, []int64{0, 10, 21, 100, 105}, []int64{0, 10, 20, 30, 35}, 70},
		{"longer ones are left out", Line{MaxGap: 5, SkipOver: 50}, 1, []int64{0, 7, 57, 108, 109}, []int64{0, 5, 10, 10, 11}, 2 + 45 + 51},
		{"a far-future stamp", Line{SkipOver: 50}, 1, []int64{0, max, 1, max}, []int64{0, 0, 0, 0}, max},
		{"a rate", Line{Rate: Rate{3, 10}}, 1, []int64{99, 5, 200, 200, 1000}, []int64{99, 102, 105, 109, 112}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := NewClock(tc.speed).State()
			l := tc.line
			l.delay = -1
			var got []int64
			var cut uint64
			for _, event := range tc.events {
				l.Place(event, &State{ratio: newRatio(1000)}) // asking changes nothing
				p := l.Place(event, &s)
				l.Pass(p)
				got, cut = append(got, p.At), cut+p.Cut
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || cut != tc.cut {
				t.Errorf("cut %d, want %d: %s", cut, tc.cut, diff)
			}
		})
	}
}

func TestBackwardsIsReported(t *testing.T) {
	l, s := NewLine(), NewClock(1).State()
	var got []bool
	for _, event := range []int64{5, 5, 4, 6} {
		p := l.Place(event, &s)
		l.Pass(p)
		got = append(got, p.Backwards)
	}
	if diff := cmp.Diff([]bool{false, false, true, false}, got); diff != "" {
		t.Error(diff)
	}
}

// A round begins a wall time after the last record, wherever its events lie,
// and no pause is cut there.
func TestRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewClock(2).State()
		l := NewLine()
		l.MaxGap = 3
		l.Round(100) // before anything is placed it means nothing
		for i, tc := range []struct{ event, want int64 }{{10, 10}, {12, 12}, {10, 212}, {13, 215}} {
			if i == 2 {
				l.Round(100)
			}
			p := l.Place(tc.event, &s)
			l.Pass(p)
			if p.At != tc.want || p.Backwards || p.Cut != 0 {
				t.Errorf("%d: %+v, want %d", i, p, tc.want)
			}
		}
		l.Jump(4) // and the pause after it is limited as any other
		if p := l.Place(20, &s); p.At != 10 || p.Backwards || p.Cut != 10 {
			t.Errorf("after a jump: %+v", p)
		}
	})
}
