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
	} {
		got, err := decodePace(t, text)
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable()); err != nil || diff != "" {
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
		"{speed: 0}":                   "f:1:2: speed: wants a number above 0, not 0",
		"{speed: -1}":                  "wants a number above 0, not -1",
		"{speed: .nan}":                "wants a number above 0, not NaN",
		"{speed: .inf}":                "wants a number above 0, not +Inf",
		"{speed: fast}":                "wants a number, not \"fast\"",
		"{rate: 500}":                  "such as 500/s or 2.5/m, not \"500\"",
		"{rate: 0/s}":                  "above 0",
		"{rate: -1/s}":                 "above 0",
		"{rate: 1e9/s}":                "such as 500/s",
		"{rate: 1/year}":               "such as 500/s",
		"{rate: 0.00001/s}":            "such as 500/s",
		"{rate: 1/s, max_gap: 1s}":     "f:1:2: rate: has no pauses that max_gap or skip_gaps_over could shorten",
		"{max_gap: -1s}":               "max_gap: wants 0 or more, not -1s",
		"{max_gap: 5}":                 "wants a duration",
		"{precision: exact}":           "wants fine or coarse, not \"exact\"",
		"{when_behind: run}":           "wants burst, stretch or drop, not \"run\"",
		"{start_at: soon}":             "wants a time such as",
		"{start_at: -10m}":             "wants a time such as",
		"{speed: 0, when_behind: run}": "f:1:12: when_behind",
	} {
		if _, err := decodePace(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
