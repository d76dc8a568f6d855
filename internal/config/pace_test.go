package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

func decodePace(t *testing.T, text string) (p Pace, err error) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	err = pipeline.Node{File: "f", YAML: doc.Content[0]}.Decode(&p)
	return p, err
}

func TestPace(t *testing.T) {
	pace := func(change func(p *Pace)) Pace { p := defaultPace; change(&p); return p }
	for text, want := range map[string]Pace{
		"{}":             defaultPace,
		"{speed: 2.5}":   pace(func(p *Pace) { p.Speed = 2.5 }),
		"{rate: 500/s}":  pace(func(p *Pace) { p.Rate = Rate{500, time.Second} }),
		"{rate: 2.25/m}": pace(func(p *Pace) { p.Rate = Rate{225, 100 * time.Minute} }),
		"{max_gap: 5s, skip_gaps_over: 1h, precision: coarse}": pace(func(p *Pace) {
			p.MaxGap, p.SkipGapsOver, p.Precision = 5*time.Second, time.Hour, Coarse
		}),
		"{when_behind: drop, drop_after: 0s}": pace(func(p *Pace) { p.WhenBehind, p.DropAfter = Drop, 0 }),
		"{start_at: 2030-01-01 12:00:00}": pace(func(p *Pace) {
			p.StartAt.Time = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
		}),
		"{start: +10m, end: 2021-01-01}": pace(func(p *Pace) {
			p.Start = EventTime{After: 10 * time.Minute, given: true}
			p.End = EventTime{At: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), given: true}
		}),
		"{loop: 3, loop_delay: 1s, rewrite: t}": pace(func(p *Pace) { p.Loop, p.LoopDelay, p.Rewrite.Column = 3, time.Second, "t" }),
		"{loop: forever}":                       pace(func(p *Pace) { p.Loop = Forever }),
		"{rebase: wall, rewrite: {column: t, format: unix_ms}}": pace(func(p *Pace) {
			p.Rebase, p.Rewrite = RebaseWall, Rewrite{"t", "unix_ms"}
		}),
		"{reorder: 10s, duplicates: drop}": pace(func(p *Pace) { p.Reorder, p.Duplicates = 10*time.Second, Drop }),
		"{disorder: {seed: 1, late: {fraction: 0.5, delay: {min: 1s, max: 2s}}, jitter: 20ms}}": pace(func(p *Pace) {
			p.Disorder = &Disorder{Seed: 1, Late: Late{0.5, Delay{time.Second, 2 * time.Second}}, Jitter: 20 * time.Millisecond, Swap: Swap{Distance: 1}}
		}),
	} {
		got, err := decodePace(t, text)
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(EventTime{}, WallTime{})); err != nil || diff != "" {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
	p, err := decodePace(t, "{start_at: +10s}")
	if in := time.Until(p.StartAt.Time); err != nil || in < 9*time.Second || in > 10*time.Second {
		t.Errorf("start_at: +10s is in %v: %v", in, err)
	}
}

func TestMistakesInPace(t *testing.T) {
	for text, want := range map[string]string{
		"{speed: 0}":                           "f:1:2: speed: wants a number above 0, not 0",
		"{speed: -1}":                          "wants a number above 0, not -1",
		"{speed: .nan}":                        "wants a number above 0, not NaN",
		"{speed: .inf}":                        "wants a number above 0, not +Inf",
		"{speed: fast}":                        "wants a number, not \"fast\"",
		"10":                                   `wants a mapping, such as {speed: 10}, not "10"`,
		"{speed: max}":                         "for as fast as possible leave pace out, or run it with --speed max",
		"{rate: 500}":                          "such as 500/s or 2.5/m, not \"500\"",
		"{rate: 0/s}":                          "above 0",
		"{rate: -1/s}":                         "above 0",
		"{rate: 1e9/s}":                        "such as 500/s",
		"{rate: 1/year}":                       "such as 500/s",
		"{rate: 0.00001/s}":                    "such as 500/s",
		"{rate: 1/s, max_gap: 1s}":             "f:1:2: rate: has no pauses that max_gap or skip_gaps_over could shorten",
		"{max_gap: -1s}":                       "max_gap: wants 0 or more, not -1s",
		"{max_gap: 5}":                         "wants a duration",
		"{precision: exact}":                   "wants fine or coarse, not \"exact\"",
		"{when_behind: run}":                   "wants burst, stretch or drop, not \"run\"",
		"{start_at: soon}":                     "wants a time such as",
		"{start_at: -10m}":                     "wants a time such as",
		"{speed: 0, when_behind: run}":         "f:1:12: when_behind",
		"{start: 2021-01-02, end: 2021-01-01}": "f:1:21: end: wants a time after start, 2021-01-02T00:00:00Z, not 2021-01-01T00:00:00Z",
		"{start: +10m, end: +10m}":             "wants a time after start, +10m0s, not +10m0s",
		"{start: -10m}":                        "wants a time such as",
		"{loop: 0}":                            "wants a number of rounds above 0, or forever, not \"0\"",
		"{loop_delay: -1s}":                    "wants 0 or more",
		"{rebase: now}":                        "wants event or wall, not \"now\"",
		"{rewrite: t}":                         "only rebase and loop move event times",
		"{rebase: event, rewrite: {}}":         "wants a column",
		"{rebase: event, rewrite: {column: t, format: '%Q'}}": "unknown directive",
		"{duplicates: none}":                              "wants keep or drop",
		"{disorder: {drop: {fraction: 2}}}":               "wants a number from 0 to 1, not 2",
		"{disorder: {late: {fraction: 0.1}}}":             "needs a delay, such as",
		"{disorder: {late: {delay: {min: 2s, max: 1s}}}}": "max at least min",
		"{disorder: {swap: {distance: 0}}}":               "wants a number from 1 to 10000, not 0",
		"{disorder: {jiter: 1s}}":                         "did you mean \"jitter\"",
	} {
		if _, err := decodePace(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
