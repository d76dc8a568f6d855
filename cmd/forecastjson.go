package cmd

import (
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/forecast"
)

// outlookJSON is a forecast for programs. Durations are in seconds.
type outlookJSON struct {
	File            string          `json:"file"`
	Source          string          `json:"source"`
	Rows            int64           `json:"rows"`
	Complete        bool            `json:"complete"`
	Outside         int64           `json:"outside"` // of start and end
	Duplicates      int64           `json:"duplicates_dropped"`
	Disorder        *disorderReport `json:"disorder,omitempty"`
	Bad             rowsJSON        `json:"bad"`
	Untimed         int64           `json:"without_time"`
	First           *time.Time      `json:"first"`
	Last            *time.Time      `json:"last"`
	Span            float64         `json:"span"`
	Speed           *float64        `json:"speed"`    // null: as fast as possible
	Round           *float64        `json:"round"`    // the duration of one
	Duration        *float64        `json:"duration"` // null: without end, too
	Begins          *time.Time      `json:"begins,omitempty"`
	Pauses          pausesJSON      `json:"pauses"`
	Equal           int64           `json:"equal_times"`
	OutOfOrder      rowsJSON        `json:"out_of_order"`
	FarAhead        []strayJSON     `json:"far_ahead"`
	Busiest         *secondJSON     `json:"busiest_second"`
	BusiestOfReplay *secondJSON     `json:"busiest_second_of_replay"`
	Columns         []columnJSON    `json:"columns"`
	Histogram       histogramJSON   `json:"histogram"`
}

type rowsJSON struct {
	Count int64     `json:"count"`
	First []rowJSON `json:"first"`
}

type rowJSON struct {
	At    string     `json:"at"`
	Time  *time.Time `json:"time,omitempty"`
	Back  float64    `json:"back,omitempty"`
	Error string     `json:"error,omitempty"`
}

type pausesJSON struct {
	Count    int64      `json:"count"`
	Smallest *pauseJSON `json:"smallest"`
	Median   float64    `json:"median"`
	Largest  *pauseJSON `json:"largest"`
}

type pauseJSON struct {
	Length float64 `json:"length"`
	Before string  `json:"before"`
}

type strayJSON struct {
	At    string    `json:"at"`
	Time  time.Time `json:"time"`
	Ahead float64   `json:"ahead"`
	Held  int64     `json:"held_up"`
}

type secondJSON struct {
	Time time.Time `json:"time"`
	Rows int64     `json:"rows"`
}

type columnJSON struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Empty int64  `json:"empty"`
}

type histogramJSON struct {
	Width float64 `json:"width"`
	Rows  []int64 `json:"rows"`
}

func outlooksJSON(os []outlook) []outlookJSON {
	all := []outlookJSON{}
	for _, o := range os {
		all = append(all, o.json())
	}
	return all
}

func (o outlook) json() outlookJSON {
	j := outlookJSON{File: o.name, Source: end(o.plan.Source.Name, o.plan.Source.Node), Rows: o.Rows, Complete: o.Complete,
		Outside: o.Omitted.Outside, Duplicates: o.Omitted.Duplicates,
		Bad: jsonRows(o.Bad), Untimed: o.Untimed.Count, Equal: o.Equal, OutOfOrder: jsonRows(o.Backwards),
		FarAhead: []strayJSON{}, Columns: []columnJSON{}, Histogram: histogramJSON{Rows: []int64{}}}
	for _, c := range o.Columns {
		j.Columns = append(j.Columns, columnJSON{c.Name, kinds(c.Kinds), c.Empty})
	}
	if o.isPlayed() {
		p := o.plan.Pace
		j.Speed, j.Round = &p.Speed, new(o.Round.Seconds())
		if p.Loop.Rounds() != config.Forever {
			j.Duration = new(o.Duration.Seconds())
		}
		if !p.StartAt.IsZero() {
			j.Begins = &p.StartAt.Time
		}
		if p.Disorder != nil {
			j.Disorder = new(disorderReport(o.Omitted.Disorder))
		}
	}
	if o.First.IsZero() {
		return j
	}
	j.First, j.Last, j.Span = &o.First, &o.Last, o.Span().Seconds()
	if !o.Unpaced {
		j.BusiestOfReplay = &secondJSON{o.BusiestDue.Time, o.BusiestDue.Rows}
	}
	j.Busiest = &secondJSON{o.Busiest.Time, o.Busiest.Rows}
	if p := o.Pauses; p.Count > 0 {
		j.Pauses = pausesJSON{p.Count, jsonPause(p.Smallest), p.Median.Seconds(), jsonPause(p.Largest)}
	}
	for _, s := range o.Strays {
		j.FarAhead = append(j.FarAhead, strayJSON{s.Origin.String(), s.Time, s.Ahead.Seconds(), s.Held})
	}
	rows, width := o.Histogram.Bars(plotWidth, o.Last)
	j.Histogram = histogramJSON{width.Seconds(), rows}
	return j
}

func jsonPause(p forecast.Pause) *pauseJSON {
	return &pauseJSON{p.Length.Seconds(), p.Before.String()}
}

func jsonRows(r forecast.Rows) rowsJSON {
	j := rowsJSON{Count: r.Count, First: []rowJSON{}}
	for _, row := range r.First {
		of := rowJSON{At: row.Origin.String(), Back: row.Back.Seconds()}
		if !row.Time.IsZero() {
			of.Time = &row.Time
		}
		if row.Err != nil {
			of.Error = strings.TrimSpace(row.Err.Error())
		}
		j.First = append(j.First, of)
	}
	return j
}
