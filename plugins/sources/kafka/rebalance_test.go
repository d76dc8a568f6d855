package kafka

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

// What is done is committed before another member goes on from there, also if
// its commit was not due yet.
func TestGivenUpIsCommitted(t *testing.T) {
	t.Parallel()
	const partitions, n = 4, 10
	c := newCluster(t, kfake.SeedTopics(partitions, "t"))
	for p := range int32(partitions) {
		produce(t, c, numbered(p, 0, n)...)
	}
	first := openSource(t, c, "topics: t, group: g")
	defer closeSource(t, first)
	records, err := read(t, first, partitions*n)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.(pipeline.Committer).Commit(t.Context(), position(records)); err != nil {
		t.Fatal(err)
	}
	g := first.(groupSource).group
	g.mu.Lock()
	stopped := g.timer != nil && g.timer.Stop()
	g.mu.Unlock()
	if !stopped {
		t.Skip("it was committed in time already")
	}

	second := openSource(t, c, "topics: t, group: g")
	defer closeSource(t, second)
	if _, err := c.WaitGroupStable(t.Context(), "g", 2); err != nil {
		t.Fatal(err)
	}
	for p := range int32(partitions) {
		produce(t, c, numbered(p, 1000, 1001)...)
	}
	next, err := read(t, second, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(values(next), " "); got[0] != '1' || len(got) < 4 {
		t.Errorf("the second member starts at %s, want 1000", got)
	}
	if at := committed(t, c, "g", next[0].Origin.Partition); at != n {
		t.Errorf("of a partition that was given up %d are committed, want %d", at, n)
	}
}

// What is done is committed also while the group waits for a member that has
// died, by a reader that goes on and by one that leaves.
func TestCommitWhileJoining(t *testing.T) {
	t.Parallel()
	const n = 10
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	s := openSource(t, c, "topics: t, group: g")
	readSome := func() {
		t.Helper()
		produce(t, c, numbered(0, 0, n)...)
		records, err := read(t, s, n)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.(pipeline.Committer).Commit(t.Context(), position(records)); err != nil {
			t.Fatal(err)
		}
	}
	readSome()
	joins, over := make(chan struct{}), make(chan struct{})
	joining := sync.OnceFunc(func() { close(joins) })
	c.ControlKey(kmsg.JoinGroup.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		joining()
		c.SleepControl(func() { <-over })
		return nil, nil, false
	})
	awaitCommitted := func(want int64) {
		t.Helper()
		timeout := time.After(10 * time.Second)
		for committed(t, c, "g", 0) != want {
			select {
			case <-timeout:
				t.Errorf("%d are committed, want %d", committed(t, c, "g", 0), want)
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	s.(groupSource).client.ForceRebalance()
	<-joins
	readSome()
	awaitCommitted(2 * n)
	readSome()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		closeSource(t, s)
	}()
	awaitCommitted(3 * n)
	close(over)
	<-closed
}

// Brokers hear of the rack with each fetch (KIP-392).
func TestRack(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	produce(t, c, numbered(0, 0, 1)...)
	racks := make(chan string, 100)
	c.ControlKey(kmsg.Fetch.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		select {
		case racks <- r.(*kmsg.FetchRequest).Rack:
		default:
		}
		return nil, nil, false
	})
	s := openSource(t, c, "topics: t, group: none, rack: cellar")
	defer closeSource(t, s)
	if _, err := read(t, s, 1); err != nil {
		t.Fatal(err)
	}
	if got := <-racks; got != "cellar" {
		t.Errorf("the rack is %q, want cellar", got)
	}
}

// A partition goes to another member once what is under way of it is done. What
// is left out is that member's.
func TestHandOver(t *testing.T) {
	t.Parallel()
	const partitions, n, done = 4, 10, 5
	c := newCluster(t, kfake.SeedTopics(partitions, "t"))
	for p := range int32(partitions) {
		produce(t, c, numbered(p, 0, n)...)
	}
	first := openSource(t, c, "topics: t, group: g").(groupSource)
	defer closeSource(t, first)
	records, err := read(t, first, partitions*n)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	reading.Go(func() { _ = first.Read(ctx, &pipeline.Batch{}) }) // a member that reads nothing takes no part

	second := openSource(t, c, "topics: t, group: g")
	defer closeSource(t, second)
	for first.Turn() == 0 {
		runtime.Gosched()
	}
	var under []pipeline.Record
	for _, r := range records {
		switch {
		case r.Origin.Offset < done:
			under = append(under, r)
		case first.Left(r.Origin) > 0:
			first.Forgo(r.Origin)
		}
	}
	first.table.mu.Lock()
	held := 0
	for _, s := range first.table.states {
		if s.leaving && s.owned {
			held++
		}
	}
	first.table.mu.Unlock()
	if held != partitions/2 {
		t.Errorf("%d partitions are kept until what is under way is done, want %d", held, partitions/2)
	}
	if err := first.Commit(t.Context(), position(under)); err != nil {
		t.Fatal(err)
	}
	next, err := read(t, second, partitions/2*(n-done))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range next {
		if r.Origin.Offset < done || first.Left(r.Origin) == 0 {
			t.Errorf("the second member reads %v, which the first has done", r.Origin)
		}
	}
}

// What was done of a partition after it was lost can't be committed, and the
// log says so at the end.
func TestLostIsTold(t *testing.T) {
	t.Parallel()
	for after, told := range map[int64]bool{0: false, 5: true} {
		c := newCluster(t, kfake.SeedTopics(1, "t"))
		produce(t, c, numbered(0, 0, 10)...)
		log := kafkatest.NewLog(t)
		s := openLogged(t, c, log, "topics: t, group: g").(groupSource)
		records, err := read(t, s, 10)
		if err != nil {
			t.Fatal(err)
		}
		s.group.lost(t.Context(), nil, map[string][]int32{"t": {0}})
		if err := s.Commit(t.Context(), position(records[:after])); err != nil {
			t.Fatal(err)
		}
		closeSource(t, s)
		if got := strings.Contains(log.String(), "will be read again"); got != told {
			t.Errorf("%d are done: told is %v:\n%s", after, got, log)
		}
	}
}

// A member that joins others goes on where they are, wherever it is told to
// start.
func TestStartAmongOthers(t *testing.T) {
	t.Parallel()
	const partitions, n = 2, 10
	for _, from := range []string{"end", "beginning"} {
		c := newCluster(t, kfake.SeedTopics(partitions, "t"))
		first := openSource(t, c, "topics: t, group: g, from: beginning")
		for p := range int32(partitions) {
			produce(t, c, numbered(p, 0, n)...)
		}
		records, err := read(t, first, partitions*n)
		if err != nil {
			t.Fatal(err)
		}
		records = slices.DeleteFunc(records, func(r pipeline.Record) bool { return r.Origin.Offset >= n/2 })
		if err := first.(pipeline.Committer).Commit(t.Context(), position(records)); err != nil {
			t.Fatal(err)
		}
		second := openSource(t, c, "topics: t, group: g, from: "+from)
		closeSource(t, first)
		rest, err := read(t, second, partitions*n/2)
		if err != nil {
			t.Fatalf("from %s: %v", from, err)
		}
		for _, r := range rest {
			if r.Origin.Offset < n/2 {
				t.Errorf("from %s: %v is read again", from, r.Origin)
			}
		}
		closeSource(t, second)
	}
}
