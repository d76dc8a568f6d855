package generate

import (
	"strings"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	bound, err := bind(t, `generate: {seed: -4, start: -1h, fields: {v: {walk: {start: 1, step: 0.1, decimals: 3}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	o := bound.Options.(*Options)
	if ago := time.Since(o.Start.Time); o.Seed != -4 || ago < time.Hour-time.Minute || ago > time.Hour+time.Minute || o.Start.Nanosecond() != 0 {
		t.Errorf("got %+v", o)
	}
	if d := defaults(); d.Interval.String() != "1s" || d.Start.String() != "2026-01-01 00:00:00" {
		t.Errorf("the defaults are %v and %v", d.Interval, d.Start)
	}
}

func TestBadOptions(t *testing.T) {
	for text, says := range map[string]string{
		`{}`:                    `t.yaml:1:11: fields: names no field, such as  value: {float: {min: 0, max: 1}}`,
		`{fields: {v: twelve}}`: `t.yaml:1:24: unknown option "twelve"; there are time, counter, constant, choice, int, float, normal, walk, sine, by`,
		`{fields: {v: {}}}`:     `t.yaml:1:24: a field holds one kind of values, such as  {float: {min: 0, max: 1}}, and here are 0`,
		`{fields: {v: {counter: {}, int: {max: 1}}}}`:                             `and here are 2`,
		`{fields: {v: [int]}}`:                                                    `wants a mapping`,
		`{fields: {v: int}}`:                                                      `t.yaml:1:21: fields.v.int.min: must be less than max`,
		`{fields: {v: {int: {min: 2, max: 1}}}}`:                                  `t.yaml:1:31: fields.v.int.min: must be less than max`,
		`{fields: {v: {int: {min: 0.5, max: 1}}}}`:                                `t.yaml:1:36: wants a whole number, not "0.5"`,
		`{fields: {v: {float: {min: 0.001, max: 0.002}}}}`:                        `fields.v.float.min: must be less than max`,
		`{fields: {v: {float: {max: 1, decimals: 10}}}}`:                          `t.yaml:1:41: fields.v.float.decimals: wants 0 to 9, not 10`,
		`{fields: {v: {float: {max: 1e15}}}}`:                                     `t.yaml:1:25: fields.v.float: has numbers that are too large: with 2 decimals they go up to 9e+13`,
		`{fields: {v: {float: {max: .inf}}}}`:                                     `too large`,
		`{fields: {v: {normal: {stddev: -1}}}}`:                                   `t.yaml:1:34: fields.v.normal.stddev: wants 0 or more, not -1`,
		`{fields: {v: {normal: {mean: .nan}}}}`:                                   `too large`,
		`{fields: {v: {walk: {start: 1}}}}`:                                       `t.yaml:1:25: fields.v.walk.step: wants a number above 0 that the decimals can express, not 0`,
		`{fields: {v: {walk: {start: 1, step: 0.001}}}}`:                          `t.yaml:1:42: fields.v.walk.step: wants a number above 0 that the decimals can express, not 0.001`,
		`{fields: {v: {walk: {start: 1, step: 1, min: 2}}}}`:                      `t.yaml:1:32: fields.v.walk.start: must lie between min and max`,
		`{fields: {v: {walk: {start: 1, step: 1, max: 0}}}}`:                      `must lie between min and max`,
		`{fields: {v: {sine: {amplitude: 1}}}}`:                                   `t.yaml:1:25: fields.v.sine.period: wants the time of one swing, such as 1h`,
		`{fields: {v: {sine: {period: 1s, noise: -1}}}}`:                          `fields.v.sine.noise: wants 0 or more, not -1`,
		`{fields: {v: {sine: {period: 1s, spikes: {height: 1}}}}}`:                `t.yaml:1:44: fields.v.sine.spikes: wants either every, from 1 on, or probability, above 0 and up to 1`,
		`{fields: {v: {sine: {period: 1s, spikes: {every: 2, probability: 1}}}}}`: `wants either every`,
		`{fields: {v: {choice: []}}}`:                                             `t.yaml:1:33: wants labels to choose from, and weights that are not all 0`,
		`{fields: {v: choice}}`:                                                   `t.yaml:1:24: wants options`,
		`{fields: {v: {choice: null}}}`:                                           `t.yaml:1:25: wants options`,
		`{fields: {v: {choice: {a: 0}}}}`:                                         `weights that are not all 0`,
		`{fields: {v: {choice: {a: -1}}}}`:                                        `wants weights from 0 to 1e9, not -1`,
		`{fields: {v: {choice: {a: x}}}}`:                                         `wants a number, not "x"`,
		`{fields: {v: {time: {format: "%Y"}}}}`:                                   `t.yaml:1:32: fields.v.time.format: format "%Y" lacks %m`,
		`{fields: {v: {by: {field: w}}, w: {choice: [a]}}}`:                       `t.yaml:1:30: fields.v.by.field: wants a field that stands before this one and holds a choice, not "w"`,
		`{fields: {w: {choice: [a, b]}, v: {by: {field: w, cases: {a: counter, c: counter}}}}}`: `t.yaml:1:61: fields.v.by.cases: lacks b, a label of w
t.yaml:1:81: fields.v.by.cases.c: is no label of w, which has a, b`,
		`{count: -1, fields: {n: counter}}`:                     `t.yaml:1:12: count: wants 1 or more, not -1; leave it out to go on for ever`,
		`{start: soon, fields: {n: counter}}`:                   `t.yaml:1:19: wants a time such as`,
		`{start: 1600-01-01, fields: {n: counter}}`:             `wants a time of the years 1700 to 2200`,
		`{interval: 0s, fields: {n: counter}}`:                  `t.yaml:1:22: wants a time above 0 and up to fifty years, not 0s`,
		`{interval: soon, fields: {n: counter}}`:                `wants a duration`,
		`{interval: {min: 2s, max: 1s}, fields: {n: counter}}`:  `t.yaml:1:22: wants min of 0 or more, and max above 0, at least min and up to fifty years; not 2s and 1s`,
		`{interval: {max: 1s, step: 2s}, fields: {n: counter}}`: `step: wants a time above 0 and up to max less min, not 2s`,
		`{interval: {}, fields: {n: counter}}`:                  `max above 0`,
		`{interval: [], fields: {n: counter}}`:                  `t.yaml:1:22: no phase has records: give one of them  every: 1s`,
		`{interval: [{for: 1s}], fields: {n: counter}}`:         `no phase has records`,
		`{interval: [{every: 1s}], fields: {n: counter}}`:       `t.yaml:1:23: a phase lasts for a time above 0 and up to fifty years, such as  for: 30s`,
	} {
		if _, err := bind(t, "generate: "+text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s gives\n%v\nwant\n%s", text, err, says)
		}
	}
}
