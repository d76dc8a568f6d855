package generate

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

// bind reads the options of the source from YAML, as a pipeline's are.
func bind(t testing.TB, text string) (*pipeline.Bound[pipeline.Source], error) {
	t.Helper()
	return pipeline.BindSource(plugintest.Node(t, text))
}

// openAt opens the source that text asks for, to go on at a position.
func openAt(t testing.TB, text string, at pipeline.Position) *source {
	t.Helper()
	bound, err := bind(t, text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := bound.Open(t.Context(), pipeline.Env{Log: slog.New(slog.DiscardHandler), Position: at})
	if err != nil {
		t.Fatal(err)
	}
	return s.(*source)
}

// read returns up to n records.
func read(t testing.TB, s *source, n int) []pipeline.Record {
	t.Helper()
	var all []pipeline.Record
	for len(all) < n {
		b := pipeline.NewBatch(min(7, n-len(all)), 0)
		err := s.Read(t.Context(), b)
		if err == io.EOF {
			break
		}
		if err != nil || len(b.Records) == 0 {
			t.Fatalf("%d records, %v", len(b.Records), err)
		}
		for i := range b.Records {
			all = append(all, b.Records[i].Clone())
		}
	}
	return all
}

func show(rs []pipeline.Record) string {
	var b strings.Builder
	for _, r := range rs {
		line, err := jsonvalue.Append(nil, r.Value, jsonvalue.Compact)
		fmt.Fprintln(&b, r.Origin, r.Time.Format(time.RFC3339Nano), string(line), err)
	}
	return b.String()
}

// everything has a field of every kind.
const everything = `
generate:
  seed: 7
  count: 4000
  start: 2026-03-02 08:00:00
  interval:
    - {for: 10s, every: {min: 500ms, max: 1500ms}}
    - {for: 1m}
    - {for: 1s, every: 250ms}
  fields:
    at: time
    text: {time: {format: "%d.%m.%y %H:%M:%S"}}
    unix: {time: {format: unix}}
    ms: {time: {format: unix_ms}}
    n: counter
    tens: {counter: {start: -10, step: 10}}
    site: {constant: [a, 1]}
    sensor: {choice: {a: 1, b: 2, none: 0}}
    level: {choice: [1, 2.5, null]}
    int: {int: {min: -3, max: 3}}
    wide: {int: {min: -9223372036854775808, max: 9223372036854775807}}
    float: {float: {min: 0, max: 1, decimals: 9}}
    normal: {normal: {mean: 1, stddev: 2.5, decimals: 9}}
    whole: {normal: {mean: 0, stddev: 100, decimals: 0}}
    walk: {walk: {start: 5, step: 0.5, min: 0, max: 10}}
    sine: {sine: {period: 20s, amplitude: 10, offset: 1, noise: 0.1, spikes: {every: 4, height: 50}, decimals: 9}}
    plain: {sine: {period: 1h, amplitude: 1, decimals: 9, spikes: {probability: 0.1, height: -5}}}
    by: {by: {field: sensor, cases: {a: {walk: {start: 0, step: 1}}, b: {constant: b}, none: counter}}}
`

// The same options give the same bytes on every processor: GOARCH=386 and
// GOAMD64=v3 pass this test, too. A difference in a last bit hardly ever shows
// in it, so make cross looks for the operations that would make one.
func TestSameBytes(t *testing.T) {
	got := show(read(t, openAt(t, everything, nil), 4000))
	const first = `generate:1 2026-03-02T08:00:00Z {"at":"2026-03-02T08:00:00Z","text":"02.03.26 08:00:00.000","unix":1772438400.0,`
	if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(got))); sum != sameBytes || !strings.HasPrefix(got, first) {
		t.Errorf("the records have the checksum\n%s\nand not\n%s\nthe first are\n%s", sum, sameBytes, got[:4000])
	}
}

const sameBytes = "5d22d903161f520ce4eb7ae4f2ed79c0eb0f9b82034ce6a8927d463f932929df"

// A run that goes on after any record gives those that follow it.
func TestResume(t *testing.T) {
	text := strings.Replace(everything, "4000", "30", 1)
	all := read(t, openAt(t, text, nil), 100)
	if len(all) != 30 {
		t.Fatalf("%d records", len(all))
	}
	for i, r := range all {
		got := read(t, openAt(t, text, pipeline.Position{r.Origin}), 100)
		if diff := cmp.Diff(show(all[i+1:]), show(got)); diff != "" {
			t.Errorf("after record %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestResumeStops(t *testing.T) {
	bound, err := bind(t, `generate: {fields: {n: counter}}`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := bound.Open(ctx, pipeline.Env{Position: pipeline.Position{{Source: name, Offset: 1e15}}}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestReadStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := openAt(t, `generate: {fields: {n: counter}}`, nil).Read(ctx, &pipeline.Batch{}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// A field doesn't change when another one is added, nor the times.
func TestFieldsAreIndependent(t *testing.T) {
	const a = `generate: {count: 50, interval: {min: 1s, max: 10s}, fields: {a: {normal: {stddev: 1}}}}`
	const both = `generate: {count: 50, interval: {min: 1s, max: 10s}, fields: {b: {normal: {stddev: 1}}, a: {normal: {stddev: 1}}}}`
	alone, among := read(t, openAt(t, a, nil), 50), read(t, openAt(t, both, nil), 50)
	same := 0
	for i := range alone {
		if !alone[i].Get("a").Equal(among[i].Get("a")) || !alone[i].Time.Equal(among[i].Time) {
			t.Errorf("record %d: %v and %v", i, alone[i].Value, among[i].Value)
		}
		if among[i].Get("a").Equal(among[i].Get("b")) {
			same++
		}
	}
	if same > 10 {
		t.Errorf("%d of 50 numbers are those of the other field", same)
	}
}

func TestProgressAndEnd(t *testing.T) {
	s := openAt(t, `generate: {count: 4, interval: 5s, start: "2021-01-01", fields: {n: counter}}`, nil)
	if share, ok := s.Progress(pipeline.Origin{Source: name, Offset: 2}); share != 0.75 || !ok {
		t.Errorf("progress %v, %v", share, ok)
	}
	for _, at := range []pipeline.Position{nil, {{Source: name, Offset: 1}}} {
		s := openAt(t, everything, at)
		end, known := s.End()
		all := read(t, s, 4000)
		if last := all[len(all)-1].Time; !known || !end.Equal(last) {
			t.Errorf("end %v, %v; want %v", end, known, last)
		}
	}
	endless := openAt(t, `generate: {fields: {n: counter}}`, nil)
	if _, ok := endless.Progress(pipeline.Origin{Source: name}); ok {
		t.Error("the progress of what has no end is known")
	}
	if _, ok := endless.End(); ok {
		t.Error("the end of what has none is known")
	}
}

// There are no event times after 2261.
func TestLastTime(t *testing.T) {
	s := openAt(t, `generate: {interval: 175200h, fields: {n: counter}}`, nil)
	n := 0
	for {
		b := pipeline.NewBatch(3, 0)
		if err := s.Read(t.Context(), b); err != nil {
			if err != errLastTime || len(b.Records) > 0 {
				t.Errorf("%d records and %v", len(b.Records), err)
			}
			break
		}
		for _, r := range b.Records {
			if want := s.options.Start.Add(time.Duration(n) * 175200 * time.Hour); !r.Time.Equal(want) {
				t.Fatalf("record %d is of %v, want %v", n, r.Time, want)
			}
			n++
		}
	}
	if n < 5 || n > 20 {
		t.Errorf("%d records", n)
	}
}

func TestAllocations(t *testing.T) {
	for text, allowed := range map[string]float64{
		`generate: {interval: {min: 1ms, max: 3ms}, fields: {n: counter, v: {float: {min: 0, max: 100}}, w: {normal: {stddev: 1}}, c: {choice: [a, b]}}}`: 0,
		`generate: {fields: {t: {time: {format: rfc3339}}}}`: 10, // of 1,024 records
	} {
		s := openAt(t, text, nil)
		var b pipeline.Batch
		got := testing.AllocsPerRun(20, func() {
			b.Reset()
			if err := s.Read(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
		})
		if got > allowed {
			t.Errorf("%s: %v allocations a batch, allowed %v", text, got, allowed)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for name, fields := range map[string]string{
		"counter and float": `{n: counter, v: {float: {min: 0, max: 100}}}`,
		"time text":         `{t: {time: {format: "%Y-%m-%d %H:%M:%S"}}}`,
		"normal":            `{v: {normal: {stddev: 1}}}`,
		"sine with noise":   `{v: {sine: {period: 1h, amplitude: 1, noise: 0.1}}}`,
		"choice and by":     `{c: {choice: [a, b]}, v: {by: {field: c, cases: {a: {walk: {step: 1}}, b: {walk: {step: 1}}}}}}`,
	} {
		b.Run(name, func(b *testing.B) {
			s := openAt(b, `generate: {interval: 1ms, fields: `+fields+`}`, nil)
			var batch pipeline.Batch
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				batch.Reset()
				if err := s.Read(b.Context(), &batch); err != nil {
					b.Fatal(err)
				}
				n += len(batch.Records)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
