package fieldtime

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
)

func record(name string, v pipeline.Value) *pipeline.Record {
	return &pipeline.Record{Value: pipeline.Struct([]pipeline.Field{{Name: name, Value: v}})}
}

func TestSet(t *testing.T) {
	for _, c := range []struct {
		name    string
		written Notation
		value   pipeline.Value
		want    string // a time, or what the error contains
	}{
		{"found", Notation{Timezone: "UTC"}, pipeline.String("2021-01-02 03:04:05.123456789"), "2021-01-02T03:04:05.123456789Z"},
		{"of a zone", Notation{Timezone: "Europe/Berlin"}, pipeline.String("2021-01-02 03:04:05"), "2021-01-02T02:04:05Z"},
		{"said", Notation{Timezone: "UTC", TimeFormat: "%d/%m/%Y"}, pipeline.String("02/01/2021"), "2021-01-02T00:00:00Z"},
		{"seconds", Notation{Timezone: "UTC"}, pipeline.Int(1_609_556_645), "2021-01-02T03:04:05Z"},
		{"a fraction", Notation{Timezone: "UTC"}, pipeline.Float(1_609_556_645.5), "2021-01-02T03:04:05.5Z"},
		{"in doubt", Notation{Timezone: "UTC"}, pipeline.String("01/02/2021 10:00"), "time_format"},
		{"no time", Notation{Timezone: "UTC", TimeFormat: "unix"}, pipeline.String("noon"), `field "at"`},
		{"another type", Notation{Timezone: "UTC"}, pipeline.Bool(true), `field "at", the event time, is of type bool`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := New("at", &c.written)
			if err != nil {
				t.Fatal(err)
			}
			rec := record("at", c.value)
			if text, textErr := r.Text(rec); textErr == nil && !r.Knows() {
				err = r.Learn([]string{string(text)})
			}
			if err == nil {
				err = r.Set(rec)
			}
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want one with %q", err, c.want)
				}
				return
			}
			if got := rec.Time.Format("2006-01-02T15:04:05.999999999Z07:00"); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestSetFails(t *testing.T) {
	r, err := New("at", &Notation{Timezone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	for want, rec := range map[string]*pipeline.Record{
		"none of the first records could be read": record("at", pipeline.String("2021-01-02")),
		`no field "at"`: record("when", pipeline.Int(1)),
	} {
		if err := r.Set(rec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// What is looked at to learn the format is not counted.
func TestWarn(t *testing.T) {
	r, err := New("at", &Notation{Timezone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	twice := "2021-10-31 02:30:00"
	if err := r.Learn([]string{twice, twice}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := r.Set(record("at", pipeline.String(twice))); err != nil {
			t.Fatal(err)
		}
	}
	var log strings.Builder
	r.Warn(slog.New(slog.NewTextHandler(&log, nil)))
	if !strings.Contains(log.String(), `timezone=Europe/Berlin times=3 dst="the default"`) {
		t.Errorf("the log says %q", log.String())
	}
}
