package engine

import (
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

func TestRewrite(t *testing.T) {
	at := time.Date(2030, 5, 6, 7, 8, 9, 123456789, time.UTC)
	text := func(s string) pipeline.Value { return pipeline.String(s) }
	for _, tc := range []struct{ old, want pipeline.Value }{
		{text("2021-01-01 00:00:00"), text("2030-05-06 07:08:09")},
		{text("2021-01-01T00:00:00.000Z"), text("2030-05-06T07:08:09.123Z")},
		{text("2021-01-01T02:00:00.5+02:00"), text("2030-05-06T07:08:09.1Z")},
		{text("12/25/2021 01:00:00.00 PM"), text("05/06/2030 07:08:09.12 AM")},
		{text("2021-01-01 00:00:00.5 +0000"), text("2030-05-06 07:08:09.1 Z")},
		{text("25.12.2021 10:00"), text("06.05.2030 07:08")},
		{text("2030-05-06T09:08:09.123456789+02:00"), text("2030-05-06T09:08:09.123456789+02:00")}, // not moved
		{text("1609459200"), text("1904281689")},
		{text("1609459200.250"), text("1904281689.123")},
		{text("1609459200000"), text("1904281689123")},
		{pipeline.Int(1609459200000000), pipeline.Int(1904281689123456)},
		{pipeline.Int(1609459200), pipeline.Int(1904281689)},
		{pipeline.Float(1609459200.5), pipeline.Float(1904281689.123456789)},
		{pipeline.Time(time.Unix(0, 0)), pipeline.Time(at)},
		{pipeline.Null(), pipeline.Null()},
	} {
		w := &rewriter{column: "t"}
		r := pipeline.Record{Time: at}
		r.Set("t", tc.old)
		if err := w.Apply(t.Context(), &r); err != nil || !r.Get("t").Equal(tc.want) {
			t.Errorf("%v: %v, %v, want %v", tc.old, r.Get("t"), err, tc.want)
		}
	}
}

// sourceIn is the options of a source of local times.
type sourceIn string

func (z sourceIn) Zone() string { return string(z) }

func TestRewriteInAZone(t *testing.T) {
	summer := time.Date(2030, 5, 6, 22, 8, 9, 0, time.UTC)
	for _, tc := range []struct{ old, want string }{
		{"2021-01-01 00:00:00.00", "2030-05-07 00:08:09.00"},
		{"25.12.2021 10:00", "07.05.2030 00:08"},
		{"12/25/2021 01:00 PM", "05/07/2030 12:08 AM"},
		{"2021-01-01T00:00:00Z", "2030-05-06T22:08:09Z"},
		{"2030-05-07 00:08:09", "2030-05-07 00:08:09"}, // not moved
		{"1609459200", "1904335689"},
	} {
		w, err := newRewriter(config.Rewrite{Column: "t"}, sourceIn("Europe/Berlin"))
		if err != nil {
			t.Fatal(err)
		}
		r := pipeline.Record{Time: summer}
		r.Set("t", pipeline.String(tc.old))
		if err := w.Apply(t.Context(), &r); err != nil || r.Get("t").Str() != tc.want {
			t.Errorf("%v: %v, %v, want %v", tc.old, r.Get("t"), err, tc.want)
		}
	}
	if _, err := newRewriter(config.Rewrite{Column: "t"}, sourceIn("Mars/Olympus")); err == nil {
		t.Error("no error of an unknown zone")
	}
}

func TestRewriteFails(t *testing.T) {
	for _, tc := range []struct {
		column, format string
		old            pipeline.Value
	}{
		{"other", "", pipeline.String("2021-01-01")},
		{"t", "", pipeline.String("soon")},
		{"t", "", pipeline.String("01/02/2021")},
		{"t", "%Y", pipeline.String("2021-01-01")},
		{"t", "%Y-%m-%d", pipeline.Int(1)},
		{"t", "", pipeline.Bool(true)},
	} {
		w := &rewriter{column: tc.column, format: tc.format}
		r := pipeline.Record{Time: time.Unix(0, 0)}
		r.Set("t", tc.old)
		if err := w.Apply(t.Context(), &r); err == nil || !pipeline.IsPermanent(err) {
			t.Errorf("%v: %v, now %v", tc, err, r.Get("t"))
		}
	}
}

func TestUnitsBefore1970(t *testing.T) {
	for ns, want := range map[int64]string{-1: "-0.000000001", -1_500_000_000: "-1.500000000", 0: "0.000000000"} {
		if got := string(appendUnits(nil, ns, 1e9, 9)); got != want {
			t.Errorf("%d: %s, want %s", ns, got, want)
		}
	}
}

// The answers that a question names can be put into the file as they are.
func TestRewriteAsks(t *testing.T) {
	for _, tc := range []struct{ column, cell, want string }{
		{"the day", "03/04/2021", `pace: rewrite: column "the day": is "03/04/2021" day first or month first? ` +
			`say rewrite: {column: "the day", format: "%d/%m/%Y"} or rewrite: {column: "the day", format: "%m/%d/%Y"}`},
		{"t", "soon", `pace: rewrite: column "t": how are times such as "soon" written? ` +
			`say it with rewrite: {column: t, format: …}, such as "%Y-%m-%d %H:%M:%S" or unix`},
	} {
		w, err := newRewriter(config.Rewrite{Column: tc.column}, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := pipeline.Record{Time: time.Unix(0, 0)}
		r.Set(tc.column, pipeline.String(tc.cell))
		if err := w.Apply(t.Context(), &r); err == nil || err.Error() != tc.want {
			t.Errorf("got %v\nwant %s", err, tc.want)
		}
	}
}
