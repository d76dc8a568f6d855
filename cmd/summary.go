package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// summary tells how a pipeline has ended, in a few lines.
func summary(p *config.Plan, s engine.Status, paint palette) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", paint.bold(s.Name), headline(s, paint))
	for _, line := range []string{errorText(s), hint(p, s), recordsLine(p, s), readerLine(s), unstoredLine(p, s), latenessLine(s)} {
		if line != "" {
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(line, "\n", "\n  "))
		}
	}
	return b.String()
}

func headline(s engine.Status, paint palette) string {
	switch s.State {
	case engine.Completed:
		return paint.green("completed") + " in " + span(s.Elapsed)
	case engine.Failed:
		if s.Elapsed == 0 {
			return paint.red("failed") + " before it began"
		}
		return paint.red("failed") + " after " + span(s.Elapsed)
	}
	if s.Elapsed == 0 {
		return paint.yellow("stopped") + " before it began"
	}
	return paint.yellow("stopped") + " after " + span(s.Elapsed)
}

func errorText(s engine.Status) string {
	if s.Err == nil {
		return ""
	}
	return s.Err.Error()
}

// hint says how to go on past a record that has stopped the pipeline.
func hint(p *config.Plan, s engine.Status) string {
	if s.State != engine.Failed || p.Errors.OnFailure != config.Stop || s.Failed == s.Undelivered || pipeline.IsFatal(s.Err) {
		return ""
	}
	if strings.Contains(s.Err.Error(), "is not UTF-8") {
		return "text is to be UTF-8; a file in Latin-1 becomes so with  iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"
	}
	if s.Written+s.Filtered == 0 {
		return "no record has passed: if only some are like this one, " + goOn(p)
	}
	return "to go on without such records, " + goOn(p)
}

// goOn says how to go on without records that fail.
func goOn(p *config.Plan) string {
	if p.File == "" { // the command line describes the pipeline
		return "add  --set errors.on_failure=skip"
	}
	return "add  errors: {on_failure: skip}  to " + p.File + "; to keep them apart, on_failure: dead_letter"
}

// recordsLine tells what was written, and what was read where that differs.
func recordsLine(p *config.Plan, s engine.Status) string {
	if s.State != engine.Completed && s.Read == 0 {
		return ""
	}
	if s.Read == 0 && s.Resumed != "" {
		return "nothing new since the earlier run, which ended after " + s.Resumed
	}
	to := " → " + end(p.Sink.Name, p.Sink.Node)
	var parts []string
	if s.Read == s.Written {
		parts = append(parts, count(s.Written, "record")+to)
	} else {
		parts = append(parts, count(s.Read, "record")+" read", humanize.Comma(s.Written)+to)
	}
	if s.Written > 0 && s.Elapsed >= 100*time.Millisecond { // below that it says nothing
		parts = append(parts, rate(perSecond(s)))
	}
	if s.Bytes > 0 {
		parts = append(parts, size(s.Bytes))
	}
	if s.Filtered > 0 {
		parts = append(parts, humanize.Comma(s.Filtered)+" filtered")
	}
	return strings.Join(parts, ", ")
}

// readerLine tells that nobody reads any more what is written.
func readerLine(s engine.Status) string {
	if !s.ReaderGone {
		return ""
	}
	return "its reader closed the output after " + count(s.Written, "record") + "; it may not have read the last of them"
}

// unstoredLine tells what became of the records that failed.
func unstoredLine(p *config.Plan, s engine.Status) string {
	var parts []string
	if s.Skipped > 0 {
		parts = append(parts, count(s.Skipped, "record")+" failed and skipped")
	}
	if s.DeadLettered > 0 {
		parts = append(parts, count(s.DeadLettered, "dead letter")+" → "+end(p.DeadLetter.Name, p.DeadLetter.Node))
	}
	if s.Lost > 0 {
		parts = append(parts, "at most "+count(s.Lost, "record")+" lost: gone before they could be read")
	}
	if s.Undelivered > 0 {
		parts = append(parts, count(s.Undelivered, "record")+" not delivered: released, but not known to be stored")
	}
	return strings.Join(parts, " · ")
}

// onTime is the p99 up to which a replay counts as on time.
const onTime = 50 * time.Millisecond

func latenessLine(s engine.Status) string {
	if s.Pace == nil || s.Pace.Position.IsZero() { // nothing has left
		return ""
	}
	l := s.Pace.Lateness
	word := "on time"
	if l.P99 > onTime {
		word = "late"
	}
	parts := []string{fmt.Sprintf("%s: half within %s, 99 %% within %s, worst %s", word, late(l.P50), late(l.P99), late(l.Max))}
	if n := s.Pace.OutOfOrder; n > 0 {
		parts = append(parts, count(n, "record")+" out of order")
	}
	if n := s.Pace.Shortened; n > 0 {
		parts = append(parts, count(n, "pause")+" shortened")
	}
	if n := s.Pace.TooLate; n > 0 {
		parts = append(parts, count(n, "record")+" too late and dropped")
	}
	if n := s.Pace.Duplicates; n > 0 {
		parts = append(parts, count(n, "duplicate")+" dropped")
	}
	if d := s.Pace.Disorder; d != (engine.Disorder{}) {
		parts = append(parts, fmt.Sprintf("disorder: %s late, %s doubled, %s lost, %s swapped",
			humanize.Comma(d.Late), humanize.Comma(d.Duplicated), humanize.Comma(d.Dropped), humanize.Comma(d.Swapped)))
	}
	if d := s.Pace.Stretched; d > 0 {
		parts = append(parts, "put off by "+span(d))
	}
	if d := s.Pace.Starved; d > onTime {
		parts = append(parts, "waited "+span(d)+" for the source")
	}
	if d := s.Pace.Backpressure; d > onTime {
		parts = append(parts, "waited "+span(d)+" for the sink")
	}
	return strings.Join(parts, " · ")
}
