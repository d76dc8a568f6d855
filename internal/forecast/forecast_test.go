package forecast

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// rows is a source of records with these event times, in milliseconds.
type rows struct {
	times []int64
	at    int
	err   error
	batch int
	same  bool // rows of one time are equal
}

const (
	bad     = -1 << 40 // a row that can't be read
	untimed = bad - 1  // one without an event time
)

func (s *rows) Read(_ context.Context, b *pipeline.Batch) error {
	if s.at == len(s.times) {
		return s.err
	}
	for ; s.at < len(s.times) && len(b.Records) < max(s.batch, 1); s.at++ {
		r := b.Add(1)
		r.Origin = pipeline.Origin{Source: "f", Line: int64(s.at) + 1}
		if !s.same {
			r.Set("n", pipeline.Int(int64(s.at)))
		}
		switch t := s.times[s.at]; t {
		case bad:
			r.Fail(errors.New("bad"))
		case untimed:
		default:
			r.Time = epoch.Add(time.Duration(t) * time.Millisecond)
		}
	}
	return nil
}

func (s *rows) Close() error { return nil }

func forecastOf(t *testing.T, times ...int64) *Forecast {
	t.Helper()
	f, err := Read(t.Context(), &rows{times: times, err: io.EOF, batch: 3}, &config.Pace{Speed: 2}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func lines(rs []Row) (ls []int64) {
	for _, r := range rs {
		ls = append(ls, r.Origin.Line)
	}
	return ls
}

func TestForecast(t *testing.T) {
	f := forecastOf(t, 0, 1000, 1000, bad, 500, 4000, untimed, 4100, 4200)
	if f.Rows != 9 || !f.Complete || !f.First.Equal(epoch) || f.Span() != 4200*time.Millisecond || f.Duration != 2100*time.Millisecond {
		t.Errorf("rows %d, complete %v, first %v, span %v, duration %v", f.Rows, f.Complete, f.First, f.Span(), f.Duration)
	}
	if f.Bad.Count != 1 || f.Bad.First[0].Origin.Line != 4 || f.Bad.First[0].Err == nil || f.Untimed.Count != 1 || f.Equal != 1 {
		t.Errorf("bad %v, untimed %v, equal %d", f.Bad, f.Untimed, f.Equal)
	}
	if f.Backwards.Count != 1 || f.Backwards.First[0].Origin.Line != 5 || f.Backwards.First[0].Back != 500*time.Millisecond {
		t.Errorf("backwards: %v", f.Backwards)
	}
	p := f.Pauses
	if p.Count != 4 || p.Smallest.Length != 100*time.Millisecond || p.Smallest.Before.Line != 8 || p.Largest.Length != 3*time.Second || p.Largest.Before.Line != 6 {
		t.Errorf("pauses: %+v", p)
	}
	if f.Busiest.Rows != 3 || !f.Busiest.Time.Equal(epoch.Add(time.Second)) || f.BusiestDue.Rows != 4 {
		t.Errorf("busiest %v, of the replay %v", f.Busiest, f.BusiestDue)
	}
	if diff := cmp.Diff([]Column{{Name: "n", Kinds: []pipeline.Kind{pipeline.KindInt}}}, f.Columns); diff != "" {
		t.Error(diff)
	}
}

func TestStrays(t *testing.T) {
	const year = 365 * 86400 * 1000
	steady := make([]int64, 500)
	for i := range steady {
		steady[i] = int64(i) * 1000
	}
	disorder := append([]int64(nil), steady...)
	for i := 5; i < 490; i += 7 {
		disorder[i], disorder[i+3] = disorder[i+3], disorder[i]
	}
	night := append([]int64(nil), steady...)
	for i := 250; i < len(night); i++ {
		night[i] += 10 * 3600 * 1000
	}
	with := func(times []int64, i int, at int64) []int64 {
		times = append([]int64(nil), times...)
		times[i] = at
		return times
	}
	for _, tc := range []struct {
		name  string
		times []int64
		lines []int64
		held  []int64
	}{
		{"none", steady, nil, nil},
		{"disorder", disorder, nil, nil},
		{"a night", night, nil, nil},
		{"in the middle", with(steady, 100, 70*year), []int64{101}, []int64{399}},
		{"in disorder", with(disorder, 249, 70*year), []int64{250}, []int64{250}},
		{"after a night", with(night, 400, night[400]+3600*1000), []int64{401}, []int64{99}},
		{"caught up", []int64{0, 1000, 9000_000, 2000, 3000, 4000, 9001_000, 9002_000}, []int64{3}, []int64{3}},
		{"two", []int64{0, 1, 90_000, 2, 3, 4, 90_001, 90_002, 90_003, 990_000, 90_004, 990_001}, []int64{10, 3}, []int64{1, 3}},
		{"of three rows", []int64{0, year, 1000}, []int64{2}, []int64{1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var lines, held []int64
			for _, s := range forecastOf(t, tc.times...).Strays {
				lines, held = append(lines, s.Origin.Line), append(held, s.Held)
			}
			if diff := cmp.Diff(tc.lines, lines); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.held, held); diff != "" {
				t.Error("held:", diff)
			}
		})
	}
}

// What the pace says of pauses holds for the duration.
func TestDuration(t *testing.T) {
	for _, tc := range []struct {
		pace config.Pace
		want time.Duration
	}{
		{config.Pace{Speed: 2}, 501 * time.Second},
		{config.Pace{Speed: 2, MaxGap: 3 * time.Second}, 4 * time.Second},
		{config.Pace{Speed: 2, SkipGapsOver: time.Minute}, time.Second},
		{config.Pace{Speed: 2, Rate: config.Rate{Records: 1, Per: time.Second}}, 1500 * time.Millisecond},
	} {
		f, err := Read(t.Context(), &rows{times: []int64{0, 1000, 1_001_000, 1_002_000}, err: io.EOF}, &tc.pace, 0)
		if err != nil || f.Duration != tc.want {
			t.Errorf("%+v: %v, %v, want %v", tc.pace, f.Duration, err, tc.want)
		}
	}
}

// What is counted in one pass is what a simple look at all rows finds.
func TestForecastProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(-1e6, 1e6), 1, 200).Draw(t, "times")
		speed := rapid.Float64Range(1e-3, 1e6).Draw(t, "speed")
		source := &rows{times: times, err: io.EOF, batch: rapid.IntRange(1, 300).Draw(t, "batch")}
		f, err := Read(context.Background(), source, &config.Pace{Speed: speed}, 0)
		if err != nil {
			t.Fatal(err)
		}
		highest, back, equal := times[0], int64(0), int64(0)
		var due []int64
		for i, at := range times {
			if at < highest {
				back++
			} else if i > 0 && at == highest {
				equal++
			}
			highest = max(highest, at)
			due = append(due, highest)
		}
		if f.Backwards.Count != back || f.Equal != equal || f.Span() != time.Duration(highest-times[0])*time.Millisecond {
			t.Fatalf("backwards %d, want %d; equal %d, want %d; span %v", f.Backwards.Count, back, f.Equal, equal, f.Span())
		}
		seconds := map[int64]int64{}
		for _, at := range due {
			seconds[second(epoch.UnixNano()+at*1e6)]++
		}
		for _, n := range seconds {
			if n > f.Busiest.Rows {
				t.Fatalf("busiest %d, but a second has %d rows", f.Busiest.Rows, n)
			}
		}
		bars, _ := f.Histogram.Bars(rapid.IntRange(1, 64).Draw(t, "bars"), f.Last)
		sum := int64(0)
		for _, n := range bars {
			sum += n
		}
		if sum != int64(len(times)) {
			t.Fatalf("the bars have %d rows of %d", sum, len(times))
		}
	})
}

func TestHistogramIsEven(t *testing.T) {
	var times []int64
	for i := range int64(64_000) {
		times = append(times, i*77)
	}
	f := forecastOf(t, times...)
	bars, width := f.Histogram.Bars(64, f.Last)
	for i, n := range bars {
		if n < 980 || n > 1020 {
			t.Errorf("bar %d has %d rows, want about 1000", i, n)
		}
	}
	if width.Round(time.Second) != 77*time.Second {
		t.Errorf("a bar is %v", width)
	}
}

func TestTimesBeyondTheRange(t *testing.T) {
	early, late := time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	c := newCounter(&config.Pace{Speed: 1e-3}, false)
	for _, at := range []time.Time{early, late, early} {
		c.count([]pipeline.Record{{Time: at}}, nil)
	}
	f := c.finish()
	if f.Duration != 1<<63-1 || f.Backwards.Count != 1 || f.Pauses.Largest.Length != 1<<63-1 {
		t.Errorf("duration %v, backwards %d, largest %v", f.Duration, f.Backwards.Count, f.Pauses.Largest.Length)
	}
	if bars, _ := f.Histogram.Bars(4, f.Last); bars[0] != 1 || bars[3] != 2 {
		t.Errorf("bars %v", bars)
	}
}

func TestReadEnds(t *testing.T) {
	times := []int64{1, 2, 3, 4, 5}
	f, err := Read(t.Context(), &rows{times: times, err: io.EOF, batch: 2}, nil, 3)
	if err != nil || f.Rows != 3 || f.Complete || !f.Unpaced {
		t.Errorf("at the limit: %+v, %v", f, err)
	}
	failed := errors.New("failed")
	if _, err = Read(t.Context(), &rows{times: times, err: failed}, nil, 0); err != failed {
		t.Errorf("a failure: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f, err = Read(ctx, &rows{times: times, err: context.Canceled}, nil, 0)
	if err != nil || f.Rows != 5 || f.Complete {
		t.Errorf("stopped: %+v, %v", f, err)
	}
	f, err = Read(t.Context(), &rows{err: io.EOF}, nil, 0)
	if err != nil || f.Rows != 0 || !f.Complete || !f.First.IsZero() {
		t.Errorf("without rows: %+v, %v", f, err)
	}
}

func TestFirstFewRowsAreShown(t *testing.T) {
	f := forecastOf(t, 100, 9, 8, 7, 6, 5, 4, 3)
	if diff := cmp.Diff([]int64{2, 3, 4, 5, 6}, lines(f.Backwards.First)); diff != "" || f.Backwards.Count != 7 {
		t.Error(diff, f.Backwards.Count)
	}
}

func TestThreeDigits(t *testing.T) {
	for ns, want := range map[int64]time.Duration{0: 0, 7: 7, 999: 999, 1000447: 1000000, 1_005_600_000: 1_010_000_000} {
		if got := threeDigits(ns); got != want {
			t.Error(fmt.Sprint(ns, ": ", int64(got), ", want ", int64(want)))
		}
	}
}
