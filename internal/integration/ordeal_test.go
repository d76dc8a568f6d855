//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Groups of three lose a member and get a new one every few seconds, while
// there is much to do. Every message is handled, and in order: that of a
// partition while the topic grows, otherwise that of a key.
func TestIntegrationGroupOrdeal(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const kills, each, members = 3, 5 * time.Second, 3
	grows := newOrdeal(c, "grows", 2, 2, time.Millisecond, "")
	ordeals := []*ordeal{grows,
		newOrdeal(c, "keys", 4, 20, time.Millisecond, ""),
		newOrdeal(c, "workers", 4, 20, 4*time.Millisecond, "workers: {count: 4, by: key}"),
	}
	for _, o := range ordeals {
		for range members {
			o.add()
		}
		o.write(2000)
	}
	for _, o := range ordeals {
		o.await()
	}
	for i := range kills {
		if i == 1 {
			c.grow(grows.topic, 4)
			grows.partitions, grows.keys = 6, 6
		}
		for _, o := range ordeals {
			o.write(6000)
		}
		<-time.After(each / 2) // some of it is committed, and there is still much to do
		for _, o := range ordeals {
			o.end(0, syscall.SIGKILL)
			o.add()
		}
		<-time.After(each / 2)
	}
	for _, o := range ordeals {
		o.settle(members)
		o.await()
		calm := maps.Clone(o.written)
		const more = 1200
		o.write(more)
		o.await()
		o.stop()
		once := 0
		for _, d := range o.handled() {
			if d.N >= calm[d.Key] {
				once++
			}
		}
		if once != more {
			t.Errorf("%s: %d messages are handled twice, though no member came or went", o.topic, once-more)
		}
	}
}

// A broker that stops and starts five times under a reader.
func TestIntegrationBrokerStopsAgainAndAgain(t *testing.T) {
	t.Parallel()
	o := newOrdeal(startCluster(t), "again", 2, 2, 0, "")
	o.add()
	for range 5 {
		o.await()
		o.write(400)
		o.c.Stop()
		o.c.Restart()
	}
	o.write(400)
	o.await()
	o.stop()
}

// A member with a lasting name that is back in time has its partitions again,
// and the group of the other one has not changed.
func testInstances(t *testing.T, c *cluster) {
	o := newOrdeal(c, "instances", 4, 4, 0, "")
	add := func(name string) { o.add("--set", "source.kafka.instance_id="+name, "--log-level", "debug") }
	add("stays")
	add("comes back")
	o.settle(2)
	stays := o.alive[0]
	changes := func() int { return strings.Count(stays.stderr.String(), "new group session begun") }
	before := changes()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		o.write(400)
		o.await()
		o.end(1, s)
		o.write(400)
		add("comes back")
		o.await()
	}
	if after := changes(); before == 0 || after != before {
		t.Errorf("the group has changed from %d to %d", before, after)
	}
	o.stop()
	of := map[int]bool{} // each key: whether it is of the one that stays
	for _, d := range o.handled() {
		own := d.Process == stays.cmd.Process.Pid
		if was, known := of[d.Key]; known && was != own {
			t.Fatalf("key %d has moved", d.Key)
		}
		of[d.Key] = own
	}
}

// While the group waits for a member that has died, one that is stopped commits
// all that it has done.
func testStopWhileJoining(t *testing.T, c *cluster) {
	o := newOrdeal(c, "joining", 4, 4, 0, "")
	o.add("--log-level", "debug")
	o.add()
	o.settle(2)
	o.write(400)
	o.await()
	eventually(t, "that all is committed", func() bool {
		sum := 0
		for _, at := range o.c.committedAll("pipeline-"+o.topic, o.topic) {
			sum += int(at)
		}
		return sum == 400
	})
	stays := o.alive[0]
	joins := func() int { return strings.Count(stays.stderr.String(), "kafka client: joining group") }
	before := joins()
	o.end(1, syscall.SIGKILL)
	o.add()
	eventually(t, "that it joins anew", func() bool { return joins() > before })
	o.write(400)
	eventually(t, "that it has handled its half", func() bool { return len(o.handled()) >= 600 })
	stays.signal(syscall.SIGINT)
	stays.exits(0, patience) // it leaves once the group has gone on
	o.alive = o.alive[1:]
	o.await()
	o.stop()
	if again := len(o.handled()) - 800; again != 0 {
		t.Errorf("%d messages are handled again", again)
	}
}

// ordeal is a consumer group. Its handlers write down what they handle, as it
// happens, in one file.
type ordeal struct {
	t                *testing.T
	c                *cluster
	topic, dir, file string
	partitions, keys int
	written          map[int]int // how many messages of each key
	alive            []*process
}

const writeDown = `
import json, os, sys, time

process = os.getppid()
out = os.open("handled", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
rest = b""
while chunk := os.read(0, 1 << 16):
    *lines, rest = (rest + chunk).split(b"\n")
    for line in lines:
        time.sleep(float(sys.argv[1]))
        record = json.loads(line)
        os.write(out, json.dumps({**record["value"], "process": process}).encode() + b"\n")
        print(json.dumps({"id": record["id"]}), flush=True)
`

// newOrdeal makes a topic, and a pipeline with a handler to which a message
// takes a while.
func newOrdeal(c *cluster, topic string, partitions, keys int, took time.Duration, settings string) *ordeal {
	c.t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		c.t.Skip(err)
	}
	c.create(topic, int32(partitions))
	dir := folder(c.t, map[string]string{"write_down.py": writeDown, "handled": ""})
	file := write(c.t, dir, fmt.Sprintf(`name: %[1]s
source: {kafka: {topics: %[1]s, client_id: %[1]s}}
handler: {exec: {command: [python3, write_down.py, "%[2]g"], batch: 100}}
%[3]s
`, topic, took.Seconds(), settings))
	return &ordeal{t: c.t, c: c, topic: topic, dir: dir, file: file, partitions: partitions, keys: keys, written: map[int]int{}}
}

func (o *ordeal) add(args ...string) {
	o.alive = append(o.alive, start(o.t, o.dir, o.c.Addr(), append(args, o.file)...))
}

// end ends a member, which are numbered by age.
func (o *ordeal) end(member int, s syscall.Signal) {
	o.t.Helper()
	code := 0
	if s == syscall.SIGKILL {
		code = -1
	}
	o.alive[member].signal(s)
	o.alive[member].exits(code, promptly)
	o.alive = slices.Delete(o.alive, member, member+1)
}

// write writes n more messages, as many of each key. Those of a key are in one
// partition.
func (o *ordeal) write(n int) {
	o.t.Helper()
	all := make([]*kgo.Record, n)
	for i := range all {
		key := i % o.keys
		all[i] = &kgo.Record{Topic: o.topic, Partition: int32(key % o.partitions), Key: fmt.Append(nil, key),
			Value: fmt.Appendf(nil, `{"key":%d,"n":%d}`, key, o.written[key])}
		o.written[key]++
	}
	o.c.produce(all...)
}

// handled returns what was handled, in the order in which that happened.
func (o *ordeal) handled() []deed {
	o.t.Helper()
	text, err := os.ReadFile(filepath.Join(o.dir, "handled"))
	if err != nil {
		o.t.Fatal(err)
	}
	all := make([]deed, len(lines(string(text))))
	for i, line := range lines(string(text)) {
		if err := json.Unmarshal([]byte(line), &all[i]); err != nil {
			o.t.Fatal(err)
		}
	}
	return all
}

// await waits until all that was written is handled.
func (o *ordeal) await() {
	o.t.Helper()
	total := 0
	for _, n := range o.written {
		total += n
	}
	eventually(o.t, fmt.Sprint("that ", total, " messages are handled"), func() bool {
		n, err := inOrder(o.handled())
		if err != nil {
			o.t.Fatal(err)
		}
		return n == total
	})
}

// settle waits until so many members have shared out all partitions.
func (o *ordeal) settle(members int) {
	o.t.Helper()
	eventually(o.t, "that the group is settled", func() bool {
		group := o.c.group("pipeline-" + o.topic)
		return group.State == "Stable" && len(group.Members) == members && len(group.AssignedPartitions()[o.topic]) == o.partitions
	})
}

// stop ends the members that are left, and checks what the group has committed.
func (o *ordeal) stop() {
	o.t.Helper()
	for _, p := range o.alive {
		p.signal(syscall.SIGINT)
	}
	for _, p := range o.alive {
		p.exits(0, promptly)
	}
	total := 0
	ends := o.c.ends(o.topic)
	for p, at := range o.c.committedAll("pipeline-"+o.topic, o.topic) {
		if at != ends[p] {
			o.t.Errorf("partition %d is committed to %d, want %d", p, at, ends[p])
		}
		total += int(at)
	}
	o.t.Logf("%d messages, %d handled again", total, len(o.handled())-total)
}

// deed is that a process has handled a message.
type deed struct{ Process, Key, N int }

// inOrder returns how many messages were handled. Of each key they are handled
// one after the other from 0 on; what a process handles again is what another
// one has handled, and no process goes back.
func inOrder(deeds []deed) (n int, err error) {
	type part struct{ process, key int }
	next, last := map[int]int{}, map[part]int{}
	for i, d := range deeds {
		own := part{d.Process, d.Key}
		before, known := last[own]
		switch {
		case d.N > next[d.Key]:
			return n, fmt.Errorf("deed %d: key %d: %d is handled, and %d was not", i, d.Key, d.N, next[d.Key])
		case known && d.N <= before:
			return n, fmt.Errorf("deed %d: key %d: process %d handles %d after %d", i, d.Key, d.Process, d.N, before)
		case d.N == next[d.Key]:
			next[d.Key]++
			n++
		}
		last[own] = d.N
	}
	return n, nil
}

func TestIntegrationInOrder(t *testing.T) {
	for name, tt := range map[string]struct {
		deeds []deed
		want  int // -1: an error
	}{
		"two keys":                    {[]deed{{1, 7, 0}, {1, 8, 0}, {1, 8, 1}, {1, 7, 1}}, 4},
		"handled again by the next":   {[]deed{{1, 7, 0}, {1, 7, 1}, {2, 7, 1}, {2, 7, 2}}, 3},
		"both for a while":            {[]deed{{1, 7, 0}, {1, 7, 1}, {2, 7, 0}, {1, 7, 2}, {2, 7, 1}, {2, 7, 2}}, 3},
		"there and back":              {[]deed{{1, 7, 0}, {2, 7, 1}, {1, 7, 2}}, 3},
		"one is left out":             {[]deed{{1, 7, 0}, {1, 7, 2}}, -1},
		"one is left out by the next": {[]deed{{1, 7, 0}, {2, 7, 2}}, -1},
		"the first is left out":       {[]deed{{1, 7, 1}}, -1},
		"back":                        {[]deed{{1, 7, 0}, {1, 7, 1}, {1, 7, 0}}, -1},
		"twice":                       {[]deed{{1, 7, 0}, {1, 7, 0}}, -1},
		"again, but out of order":     {[]deed{{1, 7, 0}, {1, 7, 1}, {2, 7, 1}, {2, 7, 0}}, -1},
	} {
		if n, err := inOrder(tt.deeds); err == nil && n != tt.want || err != nil && tt.want >= 0 {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}
