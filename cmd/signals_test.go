//go:build unix

package cmd

import (
	"encoding/json"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/engine"
	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// slow is a pipeline whose first record is out at once, and whose second is
// due in an hour.
var slow = map[string]string{
	"slow.yaml": "source:\n  csv: {path: data.csv}\npace: {}\nsink: print\n",
	"data.csv":  "timestamp,value\n2021-01-01 00:00:00,1\n2021-01-01 01:00:00,2\n",
}

// blocked is one that can't be stored: its reader reads one line, and already
// the first batch is more than a pipe holds.
func blocked() map[string]string {
	rows := "timestamp,value\n" + strings.Repeat("2021-01-01 00:00:00,"+strings.Repeat("x", 500)+"\n", 5000)
	return map[string]string{"blocked.yaml": "source:\n  csv: {path: data.csv}\nsink: print\n", "data.csv": rows}
}

func TestSignals(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		args  []string
		do    func(p *process)
		code  int
		want  string
	}{
		{"Ctrl-C", slow, []string{"run", "slow.yaml"}, func(p *process) { p.signal(os.Interrupt) }, 0,
			"slow  stopped after "},
		{"terminated", slow, []string{"run", "slow.yaml"}, func(p *process) { p.signal(syscall.SIGTERM) }, 0,
			"\n  1 record → print"},
		{"the terminal is closed", slow, []string{"run", "slow.yaml"}, func(p *process) { p.signal(syscall.SIGHUP) }, 0,
			"slow  stopped after "},
		{"twice", blocked(), []string{"run", "blocked.yaml", "--grace", "1h"}, func(p *process) {
			p.signal(os.Interrupt)
			p.says("stopping: storing what has been released (up to 1h0m0s); press Ctrl-C again to quit at once\"\n")
			p.signal(os.Interrupt)
		}, 130, ""},
		{"the grace time is over", blocked(), []string{"run", "blocked.yaml", "--grace", "10ms"}, func(p *process) { p.signal(os.Interrupt) }, 1,
			" records not delivered: released, but not known to be stored\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.name == "the terminal is closed" {
				skipUnderNohup(t)
			}
			p := command(t, folder(t, c.files), freeport.Addr(), c.args...)
			r, w := pipe(t)
			p.Stdout = w
			p.start()
			if got, want := firstLine(t, r), `{"timestamp":"2021-01-01 00:00:00",`; !strings.HasPrefix(got, want) {
				t.Errorf("the first line is %s", got)
			}
			c.do(p)
			p.exits(c.code)
			p.says(c.want)
		})
	}
}

// skipUnderNohup skips a test of a terminal that hangs up: there the programs
// that it starts ignore that, too.
func skipUnderNohup(t *testing.T) {
	t.Helper()
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("SIGHUP is ignored here")
	}
}

// A second Ctrl-C still leaves a report that is true.
func TestReportOfForcedEnd(t *testing.T) {
	t.Parallel()
	dir := folder(t, blocked())
	p := command(t, dir, freeport.Addr(), "run", "blocked.yaml", "--grace", "1h", "--report", "report.json")
	r, w := pipe(t)
	p.Stdout = w
	p.start()
	firstLine(t, r)
	p.signal(os.Interrupt)
	p.says("stopping: storing what has been released")
	p.signal(os.Interrupt)
	p.exits(exitForced)
	var got report
	text, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err := errors.Join(err, json.Unmarshal(text, &got)); err != nil {
		t.Fatal(err)
	}
	if one := got.Pipelines[0]; one.State != engine.Failed || one.Error == nil || *one.Error != errForced.Error() {
		t.Errorf("the report says:\n%s", text)
	}
}

// A second pipeline of the same process is stopped as well, and a broker that
// doesn't answer doesn't hold anything up.
func TestInterruptWithoutConnection(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"consume.yaml": "source:\n  kafka: {topics: t}\nsink: print\n"})
	p := command(t, dir, freeport.Addr(), "run", "consume.yaml", "--brokers", freeport.Addr())
	p.start()
	p.says("no Kafka broker answers")
	p.signal(os.Interrupt)
	p.exits(0)
	p.says("consume  stopped before it began")
}

// As with | head: quiet, and no failure.
func TestStandardOutputClosed(t *testing.T) {
	t.Parallel()
	p := command(t, folder(t, blocked()), freeport.Addr(), "run", "blocked.yaml", "--report", "report.json")
	r, w := pipe(t)
	p.Stdout = w
	p.start()
	firstLine(t, r)
	_ = r.Close()
	p.exits(0)
	p.says("blocked  stopped after ")
	p.says("its reader closed the output after ")
	if strings.Contains(p.stderr.String(), "level=") {
		t.Error("it is not quiet")
	}
}

// A standard error that is closed is nobody's failure either.
func TestStandardErrorClosed(t *testing.T) {
	t.Parallel()
	p := command(t, folder(t, map[string]string{
		"fine.yaml": "source:\n  csv: {path: data.csv}\nsink: print\n", "data.csv": "timestamp,value\n2021-01-01,1\n"}), freeport.Addr(), "run", "fine.yaml")
	r, w := pipe(t)
	_ = r.Close()
	p.Cmd.Stderr = w
	p.start()
	p.exits(0)
}
