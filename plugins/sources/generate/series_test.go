package generate

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

// draws returns n values of one field.
func draws(t *testing.T, field string, n int) []pipeline.Value {
	t.Helper()
	var vs []pipeline.Value
	for _, r := range read(t, openAt(t, `generate: {fields: {c: {choice: [a, b]}, v: `+field+`}}`, nil), n) {
		vs = append(vs, r.Get("v"))
	}
	return vs
}

func numbers(t *testing.T, field string, n int) []float64 {
	t.Helper()
	var fs []float64
	for _, v := range draws(t, field, n) {
		f, ok := v.Number()
		if !ok {
			t.Fatalf("%s gives %v", field, v)
		}
		fs = append(fs, f)
	}
	return fs
}

func TestUniform(t *testing.T) {
	got := map[float64]int{}
	for _, f := range numbers(t, `{int: {min: -1, max: 2}}`, 4000) {
		got[f]++
	}
	for f := -1.0; f <= 2; f++ {
		if got[f] < 850 || got[f] > 1150 {
			t.Errorf("%v comes %d times, want about 1000", f, got[f])
		}
	}
	if len(got) != 4 {
		t.Errorf("got %v", got)
	}

	fs := numbers(t, `{float: {min: -0.5, max: 1, decimals: 1}}`, 4000)
	slices.Sort(fs)
	want := []float64{-0.5, -0.4, -0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}
	if diff := cmp.Diff(want, slices.Compact(fs)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for field, kind := range map[string]pipeline.Kind{
		`{float: {min: 0, max: 1}}`:              pipeline.KindFloat,
		`{float: {min: 0, max: 9, decimals: 0}}`: pipeline.KindInt,
		`{normal: {stddev: 5, decimals: 0}}`:     pipeline.KindInt,
	} {
		if v := draws(t, field, 1)[0]; v.Kind() != kind {
			t.Errorf("%s gives %v, a %v", field, v, v.Kind())
		}
	}
}

func TestWalk(t *testing.T) {
	fs := numbers(t, `{walk: {start: 1, step: 0.5, min: 0, max: 3}}`, 5000)
	if fs[0] != 1 {
		t.Errorf("begins at %v", fs[0])
	}
	for i := range fs[1:] {
		if step := math.Abs(fs[i+1] - fs[i]); step > 0.5+1e-9 {
			t.Fatalf("a step of %v", step)
		}
	}
	if low, high := slices.Min(fs), slices.Max(fs); low < 0 || low > 0.1 || high > 3 || high < 2.9 {
		t.Errorf("wanders from %v to %v", low, high)
	}
	// A step may be more than there is room for.
	fs = numbers(t, `{walk: {start: 1, step: 100, min: 0, max: 3}}`, 1000)
	if low, high := slices.Min(fs), slices.Max(fs); low != 0 || high != 3 {
		t.Errorf("wanders from %v to %v", low, high)
	}
}

func TestSwing(t *testing.T) {
	got := numbers(t, `{sine: {period: 4s, amplitude: 10, offset: 1}}`, 5)
	if diff := cmp.Diff([]float64{1, 11, 1, -9, 1}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got = numbers(t, `{sine: {period: 1s, amplitude: 10, spikes: {every: 3, height: -50}}}`, 7)
	if diff := cmp.Diff([]float64{0, 0, -50, 0, 0, -50, 0}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	spikes, noisy := 0, 0
	for _, f := range numbers(t, `{sine: {period: 1s, amplitude: 0, noise: 1, spikes: {probability: 0.1, height: 100}}}`, 5000) {
		if f > 50 {
			spikes, f = spikes+1, f-100
		}
		if math.Abs(f) > 1 {
			noisy++
		}
	}
	if spikes < 400 || spikes > 600 {
		t.Errorf("%d of 5000 are spikes, want about 500", spikes)
	}
	if noisy < 1450 || noisy > 1720 {
		t.Errorf("%d of 5000 are more than a standard deviation off, want about 1587", noisy)
	}
}

func TestChoice(t *testing.T) {
	got := map[string]int{}
	for _, v := range draws(t, `{choice: {a: 7, never: 0, b: 2.5, c: 0.5, also: 0}}`, 10_000) {
		got[v.Str()]++
	}
	if len(got) != 3 || got["a"] < 6800 || got["a"] > 7200 || got["b"] < 2300 || got["b"] > 2700 || got["c"] < 400 || got["c"] > 600 {
		t.Errorf("got %v", got)
	}
}

func TestConstant(t *testing.T) {
	for field, want := range map[string]string{`{constant: null}`: "null", `{constant: }`: "null", `{constant: 2.0}`: "2.0", `{constant: {a: [1]}}`: "{a: [1]}"} {
		if got := draws(t, field, 2)[1].String(); got != want {
			t.Errorf("%s gives %s, want %s", field, got, want)
		}
	}
}

// Every label has a series of its own.
func TestBy(t *testing.T) {
	next := map[string]float64{}
	for _, r := range read(t, openAt(t, `generate: {fields: {c: {choice: [a, 2]}, v: {by: {field: c, cases: {2: {walk: {start: 100, step: 1}}, a: {walk: {start: 5, step: 1}}}}}}}`, nil), 200) {
		label, _ := r.Get("c").Text()
		v := r.Get("v").Float()
		if last, ok := next[label]; ok && math.Abs(v-last) > 1+1e-9 {
			t.Fatalf("%v: %v comes after %v", label, v, last)
		}
		next[label] = v
	}
	if math.Abs(next["a"]-5) > 40 || math.Abs(next["2"]-100) > 40 {
		t.Errorf("got %v", next)
	}
}

func TestIntervals(t *testing.T) {
	const ms = time.Millisecond
	for _, tc := range []struct {
		interval  string
		low, high time.Duration
		unit      time.Duration
		different int // gaps, at least
	}{
		{`250ms`, 250 * ms, 250 * ms, ms, 1},
		{`{min: 1s, max: 10s}`, time.Second, 10 * time.Second, time.Second, 10},
		{`{min: 500ms, max: 1500ms}`, 500 * ms, 1500 * ms, ms, 500},
		{`{min: 0s, max: 1s, step: 1us}`, 0, time.Second, time.Microsecond, 990},
		{`{min: 1s, max: 2s, step: 300ms}`, time.Second, 1900 * ms, 100 * ms, 4},
	} {
		rs := read(t, openAt(t, `generate: {interval: `+tc.interval+`, fields: {n: counter}}`, nil), 1000)
		var gaps []time.Duration
		for i := range rs[1:] {
			gap := rs[i+1].Time.Sub(rs[i].Time)
			if gap < tc.low || gap > tc.high || gap%tc.unit != 0 {
				t.Fatalf("%s: a gap of %v", tc.interval, gap)
			}
			gaps = append(gaps, gap)
		}
		slices.Sort(gaps)
		if n := len(slices.Compact(gaps)); n < tc.different {
			t.Errorf("%s: %d different gaps, want %d", tc.interval, n, tc.different)
		}
	}
}

func TestPhases(t *testing.T) {
	const phases = `[{for: 5s}, {for: 2s, every: 1s}, {for: 10s}, {for: 3s}, {for: 1s, every: 400ms}]`
	want := []string{"05.000", "06.000", "20.000", "20.400", "20.800", "26.000", "27.000", "41.000", "41.400", "41.800", "47.000"}
	var got []string
	for _, r := range read(t, openAt(t, `generate: {start: "2021-01-01", count: 11, interval: `+phases+`, fields: {n: counter}}`, nil), 99) {
		got = append(got, r.Time.Format("05.000"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A time's text has the digits that the times of the options have.
func TestTimeTexts(t *testing.T) {
	for _, tc := range []struct{ options, want string }{
		{`start: "2021-01-01", interval: 1s, fields: {t: {time: {format: "%Y-%m-%d %H:%M:%S"}}}`, `"2021-01-01 00:00:01"`},
		{`start: "2021-01-01", interval: {min: 500ms, max: 500ms}, fields: {t: {time: {format: "%Y-%m-%d %H:%M:%S"}}}`, `"2021-01-01 00:00:00.500"`},
		{`start: "2021-01-01", interval: 1500us, fields: {t: {time: {format: rfc3339}}}`, `"2021-01-01T00:00:00.001500Z"`},
		{`start: 2021-01-01T00:00:00.25Z, interval: 1s, fields: {t: {time: {format: rfc3339}}}`, `"2021-01-01T00:00:01.250Z"`},
		{`start: "2021-01-01", interval: 1ns, fields: {t: {time: {format: "%H.%f %d/%m/%y"}}}`, ``},
		{`start: "2021-01-01", interval: 1s, fields: {t: {time: {format: unix}}}`, `1609459201`},
		{`start: "2021-01-01", interval: 100ms, fields: {t: {time: {format: unix}}}`, `1609459200.1`},
		{`start: "2021-01-01", interval: 1s, fields: {t: {time: {format: unix_ns}}}`, `1609459201000000000`},
		{`start: "2021-01-01", interval: 1s, fields: {t: time}`, `2021-01-01T00:00:01Z`},
		{`start: "2021-01-01", interval: [{for: 1s, every: 500ms}, {for: 1s}], fields: {t: {time: {format: "%d.%m.%Y %H:%M:%S"}}}`, `"01.01.2021 00:00:00.500"`},
	} {
		if tc.want == "" {
			if _, err := bind(t, `generate: {`+tc.options+`}`); err == nil || !strings.Contains(err.Error(), "lacks") {
				t.Errorf("%s: %v", tc.options, err)
			}
			continue
		}
		r := read(t, openAt(t, `generate: {`+tc.options+`}`, nil), 2)[1]
		if got := r.Get("t").String(); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.options, got, tc.want)
		}
	}
}
