//go:build unix

package cmd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// steered runs a paused replay of a row a minute, from midnight to 1 o'clock,
// and returns its folder and its process.
func steered(t *testing.T) (dir string, run *process, rows *os.File) {
	t.Helper()
	var data strings.Builder
	data.WriteString("timestamp,value\n")
	for m := range 60 {
		data.WriteString("2021-01-01 00:" + string(rune('0'+m/10)) + string(rune('0'+m%10)) + ":00,1\n")
	}
	dir = folder(t, map[string]string{"data.csv": data.String(),
		"replay.yaml": "source:\n  csv: {path: data.csv}\npace: {speed: 1}\nsink: {print: {format: text}}\n"})
	run = command(t, dir, freeport.Addr(), "run", "replay.yaml", "--state", "s")
	r, w := pipe(t)
	run.Stdout = w
	run.start()
	firstLine(t, r)
	return dir, run, r
}

// says runs a command to its end and returns its output.
func said(t *testing.T, dir string, code int, args ...string) string {
	t.Helper()
	p := command(t, dir, freeport.Addr(), args...)
	var out strings.Builder
	p.Stdout = &out
	p.start()
	p.exits(code)
	return out.String() + p.stderr.String()
}

func TestSteering(t *testing.T) {
	t.Parallel()
	dir, run, rows := steered(t)
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"pause", 0, "replay  paused  at 2021-01-01 00:00:"},
		{"status", 0, "replay  paused  at 2021-01-01 00:00:"},
		{"seek +10m replay", 0, "replay  paused"},
		{"seek 2021-01-01T00:30:00Z", 0, "replay  paused"},
		{"step 2", 0, "replay  paused"},
		{"speed 7200", 0, "replay  paused  at 2021-01-01 00:31:00  "},
		{"seek -1m", 0, "replay  paused"},
		{"seek -1m replay", 0, "replay  paused"},
		{"seek -- -.5m", 0, "replay  paused"},
		{"seek +1m --state s", 0, "replay  paused"},
		{"speed 0", 2, `pipeline: X: wants a number above 0, not "0"`},
		{"step 0", 2, `pipeline: N: wants a number of records above 0, not "0"`},
		{"seek soon", 2, "pipeline: TIME: wants a time such as 2021-01-01 00:30:00 or 2021-01-01T00:30:00Z, or a way such as +10m or -10s"},
		{"seek -10", 2, `pipeline: TIME: wants a way such as +10m or -90s, not "-10"`},
		{"seek +10", 2, `pipeline: TIME: wants a way such as +10m or -90s, not "+10"`},
		{"seek 10m", 2, `or a way such as +10m or -10s, not "10m"`},
		{"step -1", 2, `pipeline: N: wants a number of records above 0, not "-1"`},
		{"speed -1", 2, `pipeline: X: wants a number above 0, not "-1"`},
		{"pause -1", 2, "unknown shorthand flag"},
		{"seek", 2, "pipeline: pipeline seek wants TIME, as in\n  pipeline seek '2021-01-01 00:30:00'"},
		{"pause other", 1, "pipeline: no pipeline other runs with the state folder s; there runs replay"},
		{"pause a b", 2, "pipeline: pipeline pause takes one pipeline"},
	} {
		args := strings.Fields(c.args)
		args = append([]string{args[0], "--state", "s"}, args[1:]...)
		if got := said(t, dir, c.code, args...); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.args, got, c.want)
		}
		if c.args == "step 2" {
			for _, want := range []string{"00:30:00", "00:31:00"} {
				if got := firstLine(t, rows); !strings.Contains(got, want) {
					t.Errorf("a step prints %q, want %s", got, want)
				}
			}
		}
	}
	var status struct{ Pipelines []liveReport }
	if err := json.Unmarshal([]byte(said(t, dir, 0, "status", "replay", "--json", "--state", "s")), &status); err != nil {
		t.Fatal(err)
	}
	if p := status.Pipelines[0]; !p.Paused || p.PID != run.Process.Pid || p.Records.Written != 3 {
		t.Errorf("%+v", p)
	}
	said(t, dir, 0, "resume", "--state", "s")
	run.exits(0)
	run.says("replay  completed in")
	if _, err := os.Stat(filepath.Join(dir, "s")); !os.IsNotExist(err) {
		t.Errorf("the state folder, which was made for the socket, is left: %v", err)
	}
}

func TestSteeringNothing(t *testing.T) {
	t.Parallel()
	dir := folder(t, nil)
	if got, want := said(t, dir, 1, "pause"), "pipeline: no pipeline runs with the state folder .pipeline; if one runs with another, name that with --state\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := said(t, dir, 0, "status"), "no pipeline runs with the state folder .pipeline\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := said(t, dir, 0, "status", "--json"), "{\n  \"pipelines\": []\n}\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Two runs of one name: each runs, and steering says why it can't choose.
func TestTwoRunsOfOneName(t *testing.T) {
	t.Parallel()
	dir, first, _ := steered(t)
	second := command(t, dir, freeport.Addr(), "run", "replay.yaml", "--state", "s")
	second.start()
	second.says("to steer either of them, run each with its own --state")
	second.says("replay") // it runs
	for _, args := range [][]string{{"pause", "--state", "s"}, {"pause", "replay", "--state", "s"}} {
		if got := said(t, dir, 1, args...); !strings.Contains(got, "2 ") {
			t.Errorf("%v: %q", args, got)
		}
	}
	for _, p := range []*process{first, second} {
		p.signal(os.Interrupt)
		p.exits(0)
	}
}

// Replays into two topics run side by side, and each is steered by its name.
func TestTwoReplays(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"data.csv": "timestamp,value\n2021-01-01 00:00:00,1\n2021-01-01 01:00:00,2\n"})
	replay := func(topic string) *process {
		p := command(t, dir, freeport.Addr(), "replay", "data.csv", topic, "--set", "sink=print")
		r, w := pipe(t)
		p.Stdout = w
		p.start()
		firstLine(t, r)
		return p
	}
	first := replay("x")
	if got := said(t, dir, 0, "pause"); !strings.HasPrefix(got, "replay-x  paused") {
		t.Errorf("%q, want replay-x to be paused", got)
	}
	second := replay("y")
	if got, want := said(t, dir, 1, "pause"), "pipeline: 2 pipelines run: name one of replay-x, replay-y\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := said(t, dir, 0, "pause", "replay-y"); !strings.HasPrefix(got, "replay-y  paused") {
		t.Errorf("%q, want replay-y to be paused", got)
	}
	for _, p := range []*process{first, second} {
		p.signal(os.Interrupt)
		p.exits(0)
		if said := p.stderr.String(); strings.Contains(said, "own --state") {
			t.Errorf("a replay warns of one into another topic:\n%s", said)
		}
	}
}

// What is not paced can't be steered, and says so.
func TestSteeringWithoutPace(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"follow.yaml": "source:\n  csv: {path: data.csv, follow: true}\nsink: print\n", "data.csv": "timestamp,value\n2021-01-01,1\n"})
	run := command(t, dir, freeport.Addr(), "run", "follow.yaml")
	r, w := pipe(t)
	run.Stdout = w
	run.start()
	firstLine(t, r)
	if got := said(t, dir, 1, "speed", "2"); !strings.Contains(got, "follow: the pipeline has no pace") {
		t.Error(got)
	}
	if got := said(t, dir, 0, "status"); !strings.Contains(got, "follow  running") {
		t.Error(got)
	}
}
