//go:build integration

package integration

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// slow ends a pipeline: it notes the numbers that it is through with. Its
// argument says how it misbehaves.
const slow = `
import json, os, sys, time

trouble, tried, done = sys.argv[1], set(), open("done", "a")

def answer(line):
    record = json.loads(line)
    n = record["value"]["n"]
    if trouble == "stalls" and n == 1000:
        time.sleep(30)
    if trouble == "hangs" and n == 1000:
        time.sleep(3600)
    if trouble == "fails" and n % 10 == 9 and n not in tried:
        tried.add(n)
        return json.dumps({"id": record["id"], "error": "busy", "retry": True})
    print(n, file=done)
    return json.dumps({"id": record["id"]})

for line in sys.stdin:
    print(answer(line), flush=True)
    done.flush()
`

const (
	backlog    = 80_000
	largeValue = 8 << 10
	// Less than half of what lies in the topic.
	mostMemory = 300 << 20
)

// However slow or faulty the end of a pipeline is, nothing is lost, and the
// memory does not grow with what waits in the topic.
func TestIntegrationSlowSink(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip(err)
	}
	c := startCluster(t)
	c.create("t", 1)
	filler := strings.Repeat("x", largeValue)
	for n := 0; n < backlog; n += 10_000 {
		var messages []*kgo.Record
		for i := range 10_000 {
			messages = append(messages, &kgo.Record{Topic: "t", Value: fmt.Appendf(nil, `{"n":%d,"filler":%q}`, n+i, filler)})
		}
		c.produce(messages...)
	}
	t.Run("troubles", func(t *testing.T) {
		t.Run("stalls 30 s", func(t *testing.T) {
			t.Parallel()
			dir, p, most := slowSink(t, c.in(t), "stalls", "")
			p.exits(0, 2*patience)
			equal(t, span(0, backlog), doneIn(t, dir))
			bounded(t, most)
		})
		t.Run("fails every tenth", func(t *testing.T) {
			t.Parallel()
			dir, p, most := slowSink(t, c.in(t), "fails", "--limit=5000")
			p.exits(0, patience)
			done := doneIn(t, dir)
			slices.Sort(done)
			equal(t, span(0, 5000), done)
			bounded(t, most)
		})
		t.Run("hangs for ever", func(t *testing.T) {
			t.Parallel()
			c := c.in(t)
			dir, p, most := slowSink(t, c, "hangs", "")
			eventually(t, "that it hangs", func() bool { return len(doneIn(t, dir)) == 1000 })
			p.signal(syscall.SIGINT)
			p.exits(0, graceOfSlow+promptly)
			bounded(t, most)
			if at := c.committed("hangs", "t"); at > 1000 {
				t.Errorf("%d are committed, and 1000 are done", at)
			}
			next := start(t, dir, c.Addr(), "slow.yaml", "--limit=2000", "--set=handler.exec.command=[python3, slow.py, nothing]")
			next.exits(0, patience)
			done := doneIn(t, dir)
			if back, err := retell(done, 0, 1, slices.Max(done)+1); err != nil || back > 1 {
				t.Errorf("%d steps back: %v", back, err)
			}
			if len(done) != 3000 {
				t.Errorf("%d are done, want the first 1000, and 2000 since what is committed", len(done))
			}
		})
	})
}

const graceOfSlow = 2 * time.Second

func slowSink(t *testing.T, c *cluster, trouble, flag string) (dir string, p *process, most <-chan int) {
	t.Helper()
	dir = folder(t, map[string]string{"slow.py": slow, "slow.yaml": fmt.Sprintf(`
source: {kafka: {topics: t, until: end, group: %[1]s}}
handler: {exec: {command: [python3, slow.py, %[1]s]}}
errors: {retries: 3, backoff: {initial: 1ms, max: 1ms}, timeout: 60s}
`, trouble)})
	args := []string{"slow.yaml", "--grace", graceOfSlow.String()}
	if flag != "" {
		args = append(args, flag)
	}
	p = start(t, dir, c.Addr(), args...)
	return dir, p, memory(p)
}

// doneIn returns the numbers that the handler is through with.
func doneIn(t *testing.T, dir string) []int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "done"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var ns []int
	for line := range bytes.Lines(text) {
		n, err := strconv.Atoi(strings.TrimSpace(string(line)))
		if err != nil {
			t.Fatal(err)
		}
		ns = append(ns, n)
	}
	return ns
}

// memory watches the memory of a process until it has ended, and then sends the
// most that it had, in bytes. What the system says of an ended one may be this
// process's, from before it became another program.
func memory(p *process) <-chan int {
	most := make(chan int, 1)
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for peak := 0; ; {
			select {
			case <-p.ended:
				most <- peak
				return
			case <-tick.C:
				status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
				if _, line, ok := strings.Cut(string(status), "VmHWM:"); ok {
					var kib int
					_, _ = fmt.Sscan(line, &kib)
					peak = max(peak, kib<<10)
				}
			}
		}
	}()
	return most
}

// bounded checks how much memory a process has had that has ended.
func bounded(t *testing.T, most <-chan int) {
	t.Helper()
	got := <-most
	t.Logf("%d MB of memory", got/1_000_000)
	if got > mostMemory {
		t.Errorf("it took %d bytes of memory, want at most %d", got, mostMemory)
	}
}
