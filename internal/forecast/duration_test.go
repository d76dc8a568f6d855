package forecast

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// played is when records were stored, on the clock of a test.
type played struct {
	first, last time.Time
	rows        int64
}

func (p *played) Store(_ context.Context, b *pipeline.Batch) error {
	if p.rows == 0 {
		p.first = time.Now()
	}
	p.last = time.Now()
	p.rows += int64(len(b.Records))
	return nil
}

func (p *played) Close() error { return nil }

// replayed runs a replay, whose time passes at once.
func replayed(t *testing.T, pace config.Pace, times []int64) (p played) {
	synctest.Test(t, func(t *testing.T) {
		plan := &config.Plan{Name: "test", Pace: &pace, Errors: config.Errors{OnFailure: config.Skip},
			Source: pipeline.NewBound("rows", nil, func(context.Context, pipeline.Env) (pipeline.Source, error) {
				return &rows{times: times, err: io.EOF, batch: 3, same: true}, nil
			}),
			Sink: pipeline.NewBound("played", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
				return pipeline.Synchronous(&p), nil
			})}
		log := slog.New(slog.DiscardHandler)
		if err := engine.New(plan, engine.Options{Log: log, Grace: time.Second}).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	return p
}

func moment(t *testing.T, text string) (e config.EventTime) {
	t.Helper()
	if err := e.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return e
}

// The forecast of a replay is how long it takes.
func TestDurationIsThatOfTheReplay(t *testing.T) {
	times := []int64{0, 1000, 1000, 61_000, 59_000, bad, 60_500, 62_000, untimed, 63_000, 3_663_000, 3_660_000, 3_664_000, 3_664_001, 3_700_123}
	late := config.Late{Fraction: 0.5, Delay: config.Delay{Min: time.Second, Max: time.Hour}}
	for _, tc := range []struct {
		name string
		pace config.Pace
		rows int64 // of a round
	}{
		{"as recorded", config.Pace{}, 13},
		{"slower", config.Pace{Speed: 0.3}, 13},
		{"faster", config.Pace{Speed: 777}, 13},
		{"rate", config.Pace{Rate: config.Rate{Records: 3, Per: time.Second}}, 14},
		{"rate of rounds", config.Pace{Rate: config.Rate{Records: 4, Per: time.Second}, Loop: 3, LoopDelay: time.Minute, Speed: 2}, 14},
		{"max_gap", config.Pace{MaxGap: 5 * time.Second, Speed: 3}, 13},
		{"skip_gaps_over", config.Pace{SkipGapsOver: time.Minute}, 13},
		{"both", config.Pace{SkipGapsOver: time.Hour - time.Second, MaxGap: time.Second, Speed: 10}, 13},
		{"start", config.Pace{Start: moment(t, "+1s")}, 12},
		{"end", config.Pace{End: moment(t, "2021-01-01 00:01:03")}, 7},
		{"window", config.Pace{Start: moment(t, "+1m"), End: moment(t, "+1h1m2s"), Speed: 2}, 5},
		{"window without rows", config.Pace{Start: moment(t, "2030-01-01")}, 0},
		{"loop", config.Pace{Loop: 4, Speed: 1.5}, 13},
		{"loop with a delay", config.Pace{Loop: 3, LoopDelay: 7 * time.Second, Speed: 2}, 13},
		{"loop of a window with capped gaps", config.Pace{Loop: 5, LoopDelay: time.Minute, Speed: 2, Start: moment(t, "+1s"), MaxGap: time.Second}, 12},
		{"reorder", config.Pace{Reorder: 5 * time.Second, MaxGap: time.Second}, 13},
		{"reorder a little", config.Pace{Reorder: time.Second, MaxGap: time.Second}, 13},
		{"loop of reorder", config.Pace{Reorder: 5 * time.Second, Loop: 2, MaxGap: time.Second}, 13},
		{"duplicates", config.Pace{Duplicates: config.Drop, Rate: config.Rate{Records: 1, Per: time.Second}}, 13},
		{"rebase event", config.Pace{Rebase: config.RebaseEvent, Speed: 4}, 13},
		{"rebase wall", config.Pace{Rebase: config.RebaseWall, Speed: 4, Loop: 2}, 13},
		{"late", config.Pace{Disorder: &config.Disorder{Seed: 1, Late: late}}, 13},
		{"jitter", config.Pace{Disorder: &config.Disorder{Seed: 2, Jitter: time.Minute}, MaxGap: time.Second}, 13},
		{"lossy", config.Pace{Disorder: &config.Disorder{Seed: 3, Drop: config.Share{Fraction: 0.5}, Duplicate: config.Share{Fraction: 0.5}}}, -1},
		{"swapped", config.Pace{Disorder: &config.Disorder{Seed: 4, Swap: config.Swap{Fraction: 0.5, Distance: 2}}, Speed: 3}, 13},
		{"stretch", config.Pace{WhenBehind: config.Stretch}, 13},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.pace.Speed == 0 {
				tc.pace.Speed = 1
			}
			f, err := Read(t.Context(), &rows{times: times, err: io.EOF, batch: 4, same: true}, &tc.pace, 0)
			if err != nil {
				t.Fatal(err)
			}
			p := replayed(t, tc.pace, times)
			if took := p.last.Sub(p.first); took != f.Duration {
				t.Errorf("the replay took %v; the forecast is %v", took, f.Duration)
			}
			sent := f.Rows - f.Bad.Count
			if tc.pace.Rate.Records == 0 {
				sent -= f.Untimed.Count
			}
			if rounds := int64(tc.pace.Loop.Rounds()); p.rows != sent*rounds || tc.rows >= 0 && sent != tc.rows {
				t.Errorf("the replay stored %d rows; the forecast is %d in each of %d rounds, want %d", p.rows, sent, rounds, tc.rows)
			}
		})
	}
}

// Rows that are not played are counted apart.
func TestOmitted(t *testing.T) {
	var times []int64
	for i := range int64(5000) {
		times = append(times, i*1000)
	}
	read := func(pace config.Pace) *Forecast {
		t.Helper()
		pace.Speed = 1
		f, err := Read(t.Context(), &rows{times: times, err: io.EOF, batch: 7}, &pace, 0)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := read(config.Pace{Start: moment(t, "+10s"), End: moment(t, "+4900s")})
	if f.Rows != 4890 || f.Omitted.Outside != 110 || f.Omitted.Unread || !f.Complete {
		t.Errorf("a window: %d rows, %+v", f.Rows, f.Omitted)
	}
	if f = read(config.Pace{End: moment(t, "+60s")}); f.Rows != 60 || !f.Omitted.Unread || f.Omitted.Outside < farBehind || f.Omitted.Outside > farBehind+10 {
		t.Errorf("an early end: %d rows, %+v", f.Rows, f.Omitted)
	}
	f = read(config.Pace{Start: moment(t, "2030-01-01")})
	if f.Rows != 0 || f.Omitted.Outside != 5000 || !f.Omitted.First.Equal(epoch) || !f.Omitted.Last.Equal(epoch.Add(4999*time.Second)) {
		t.Errorf("a window without rows: %d rows, %+v", f.Rows, f.Omitted)
	}
	f = read(config.Pace{Loop: config.Forever})
	if f.Duration != f.Round || f.Round != 4999*time.Second {
		t.Errorf("forever: a round of %v, %v in all", f.Round, f.Duration)
	}
	f = read(config.Pace{Disorder: &config.Disorder{Seed: 1, Drop: config.Share{Fraction: 0.25}}})
	if d := f.Omitted.Disorder.Dropped; d+f.Rows != 5000 || d < 1000 || d > 1500 {
		t.Errorf("lossy: %d rows, %+v", f.Rows, f.Omitted)
	}
}

// farBehind is how many rows behind end the engine reads.
const farBehind = 1000
