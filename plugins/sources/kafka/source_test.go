package kafka

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
)

// These tests wait more than they compute.
func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "16") // the flag exists
	goleak.VerifyTestMain(m)
}

func newCluster(t testing.TB, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	return kafkatest.Fake(t, opts...)
}

// bind binds the source with YAML options, and names the brokers.
func bind(t testing.TB, brokers []string, options string) *pipeline.Bound[pipeline.Source] {
	t.Helper()
	b, err := pipeline.BindSource(plugintest.Node(t, "kafka: {"+options+"}"))
	if err != nil {
		t.Fatal(err)
	}
	b.Options.(*Options).Connection().Brokers = brokers
	return b
}

func bindYAML(t testing.TB, text string) (*Options, error) {
	t.Helper()
	b, err := pipeline.BindSource(plugintest.Node(t, text))
	if err != nil {
		return nil, err
	}
	return b.Options.(*Options), nil
}

func openSource(t testing.TB, c *kfake.Cluster, options string, position ...pipeline.Origin) pipeline.Source {
	t.Helper()
	return openLogged(t, c, kafkatest.NewLog(t), options, position...)
}

func openLogged(t testing.TB, c *kfake.Cluster, log *kafkatest.Log, options string, position ...pipeline.Origin) pipeline.Source {
	t.Helper()
	env := log.Env()
	env.Position = position
	s, err := bind(t, c.ListenAddrs(), options).Open(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testEnv(t testing.TB) pipeline.Env { return kafkatest.NewLog(t).Env() }

func newClient(t testing.TB, c *kfake.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	return kafkatest.Client(t, c.ListenAddrs(), opts...)
}

// produce writes messages to a topic that is there.
func produce(t testing.TB, c *kfake.Cluster, messages ...*kgo.Record) {
	t.Helper()
	client := newClient(t, c)
	defer client.Close()
	copies := make([]*kgo.Record, len(messages))
	for i, m := range messages {
		m := *m
		m.Topic, copies[i] = "t", &m
	}
	if err := client.ProduceSync(t.Context(), copies...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// numbered are messages whose values are the numbers from and below to.
func numbered(partition int32, from, to int) (ms []*kgo.Record) {
	for i := from; i < to; i++ {
		ms = append(ms, &kgo.Record{Partition: partition, Value: fmt.Append(nil, i)})
	}
	return ms
}

// read reads until n records are there, or to the end.
func read(t testing.TB, s pipeline.Source, n int) (records []pipeline.Record, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(records) < n {
		b := new(pipeline.Batch)
		if err := s.Read(ctx, b); err != nil {
			if len(b.Records) > 0 {
				t.Error("an error with records")
			}
			return records, err
		}
		records = append(records, b.Records...)
	}
	return records, nil
}

func values(records []pipeline.Record) (vs []string) {
	for _, r := range records {
		vs = append(vs, string(r.Raw))
	}
	return vs
}

// readValues reads n values.
func readValues(t testing.TB, s pipeline.Source, n int) []string {
	t.Helper()
	records, err := read(t, s, n)
	if err != nil {
		t.Fatalf("%d records, want %d: %v", len(records), n, err)
	}
	return values(records)
}

// position is that of the last of the records.
func position(records []pipeline.Record) (p pipeline.Position) {
	for _, r := range records {
		p = p.Advance(r.Origin)
	}
	return p
}

func closeSource(t testing.TB, s pipeline.Source) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestRead(t *testing.T) {
	at := time.UnixMilli(1_600_000_000_123)
	for _, group := range []string{"g", "none"} {
		t.Run(group, func(t *testing.T) {
			c := newCluster(t, kfake.SeedTopics(2, "t"))
			produce(t, c,
				&kgo.Record{Key: []byte("k"), Value: []byte("v"), Timestamp: at, Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("1")}, {Key: "n"}}},
				&kgo.Record{Key: []byte("tombstone"), Timestamp: at},
				&kgo.Record{Key: []byte{}, Value: []byte{}, Timestamp: at, Partition: 1},
			)
			s := openSource(t, c, "topics: t, group: "+group)
			defer closeSource(t, s)
			got, err := read(t, s, 3)
			if err != nil {
				t.Fatal(err)
			}
			empty := pipeline.Struct(nil)
			want := []pipeline.Record{
				{Key: []byte("k"), Raw: []byte("v"), Value: empty, Time: at, Headers: []pipeline.Header{{Key: "h", Value: []byte("1")}, {Key: "n"}}, Origin: pipeline.Origin{Source: "t"}},
				{Key: []byte("tombstone"), Value: empty, Time: at, Origin: pipeline.Origin{Source: "t", Offset: 1}},
				{Key: []byte{}, Raw: []byte{}, Value: empty, Time: at, Origin: pipeline.Origin{Source: "t", Partition: 1}},
			}
			byOrigin := cmpopts.SortSlices(func(a, b pipeline.Record) bool { return a.Origin.String() < b.Origin.String() })
			noHeaders := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Headers" }, cmpopts.EquateEmpty())
			if diff := cmp.Diff(want, got, byOrigin, noHeaders); diff != "" {
				t.Error(diff)
			}
			if _, commits := s.(pipeline.Committer); commits != (group != "none") {
				t.Errorf("commits: %v", commits)
			}
		})
	}
}

// A batch is never filled beyond its limits, and what is left comes next.
func TestBatches(t *testing.T) {
	const n = 1000
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	produce(t, c, numbered(0, 0, n)...)
	s := openSource(t, c, "topics: t, until: end")
	defer closeSource(t, s)
	b := pipeline.NewBatch(64, 0)
	for i := 0; i < n; {
		b.Reset()
		if err := s.Read(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if len(b.Records) == 0 || len(b.Records) > 64 {
			t.Fatalf("%d records", len(b.Records))
		}
		for _, r := range b.Records {
			if string(r.Raw) != fmt.Sprint(i) {
				t.Fatalf("record %d is %s", i, r.Raw)
			}
			i++
		}
	}
	b.Reset()
	if err := s.Read(t.Context(), b); err != io.EOF {
		t.Errorf("got %v, want EOF", err)
	}
}

func TestFrom(t *testing.T) {
	at := time.UnixMilli(1_600_000_000_000)
	tests := []struct {
		name string
		from string
		want []string // of the old messages
	}{
		{"default", "", []string{"2", "3"}},
		{"committed", "from: committed", []string{"2", "3"}},
		{"beginning", "from: beginning", []string{"0", "1", "2", "3"}},
		{"end", "from: end", nil},
		{"time", "from: '" + at.Add(time.Minute).UTC().Format(time.RFC3339) + "'", []string{"1", "2", "3"}},
		{"time between", "from: '" + at.Add(2*time.Minute+time.Second).UTC().Format(time.RFC3339) + "'", []string{"3"}},
	}
	for _, tt := range tests {
		for _, group := range []string{"g", "none"} {
			t.Run(tt.name+"/"+group, func(t *testing.T) {
				c := newCluster(t, kfake.SeedTopics(1, "t"))
				old := numbered(0, 0, 4)
				for i, m := range old {
					m.Timestamp = at.Add(time.Duration(i) * time.Minute)
				}
				produce(t, c, old...)
				commitAs(t, c, "g", 2)

				s := openSource(t, c, "topics: t, group: "+group+", "+tt.from, pipeline.Origin{Source: "t", Offset: 1})
				defer closeSource(t, s)
				produce(t, c, numbered(0, 4, 5)...)
				want := append(tt.want, "4")
				if diff := cmp.Diff(want, readValues(t, s, len(want))); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// commitAs commits the offset to read next for a group.
func commitAs(t testing.TB, c *kfake.Cluster, group string, offset int64) {
	t.Helper()
	client := newClient(t, c)
	defer client.Close()
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: "t", At: offset, LeaderEpoch: -1})
	if err := kadm.NewClient(client).CommitAllOffsets(t.Context(), group, offsets); err != nil {
		t.Fatal(err)
	}
}

// committed returns a group's offset.
func committed(t testing.TB, c *kfake.Cluster, group string, partition int32) int64 {
	t.Helper()
	client := newClient(t, c)
	defer client.Close()
	offsets, err := kadm.NewClient(client).FetchOffsets(t.Context(), group)
	if err != nil {
		t.Fatal(err)
	}
	o, ok := offsets.Lookup("t", partition)
	if !ok {
		return -1
	}
	return o.At
}

// What is committed is where the next run goes on.
func TestCommit(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(2, "t"))
	produce(t, c, append(numbered(0, 0, 10), numbered(1, 10, 20)...)...)
	s := openSource(t, c, "topics: t")
	records, err := read(t, s, 20)
	if err != nil {
		t.Fatal(err)
	}
	var done pipeline.Position
	for _, r := range records {
		if r.Origin.Offset < 7 {
			done = done.Advance(r.Origin)
			if err := s.(pipeline.Committer).Commit(t.Context(), done); err != nil {
				t.Fatal(err)
			}
		}
	}
	closeSource(t, s)
	for p := range int32(2) {
		if got := committed(t, c, "pipeline-test", p); got != 7 {
			t.Errorf("partition %d is committed to %d, want 7", p, got)
		}
	}
	s = openSource(t, c, "topics: t")
	defer closeSource(t, s)
	if diff := cmp.Diff([]string{"17", "18", "19", "7", "8", "9"}, readValues(t, s, 6), cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Error(diff)
	}
}

// Commits are made while it runs, without a further call.
func TestCommitInTime(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	produce(t, c, numbered(0, 0, 5)...)
	commits := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Observe: true, Count: -1})
	s := openSource(t, c, "topics: t")
	defer closeSource(t, s)
	records, err := read(t, s, 5)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.(pipeline.Committer).Commit(t.Context(), position(records)); err != nil {
			t.Fatal(err)
		}
	}
	if err := commits.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for committed(t, c, "pipeline-test", 0) != 5 {
		if t.Context().Err() != nil {
			t.Fatal("not committed")
		}
	}
	if n := commits.Hits(); n != 1 {
		t.Errorf("%d commits", n)
	}
}

func newTestGroup() *group {
	o := defaults()
	g := newGroup(&source{options: &o, table: newTable(&o)}, "g", nil, false)
	g.leaving = true // no timer
	return g
}

// A batch that is done late doesn't take a group's position back.
func TestCommitNeverGoesBack(t *testing.T) {
	g := newTestGroup()
	if _, err := g.assigned(t.Context(), map[string]map[int32]kgo.Offset{"t": {0: kgo.NewOffset().At(10), 1: uncommitted}}); err != nil {
		t.Fatal(err)
	}
	at := func(partition int32, offset int64) pipeline.Position {
		return pipeline.Position{{Source: "t", Partition: partition, Offset: offset}}
	}
	marks := func(ps ...pipeline.Position) {
		t.Helper()
		for _, p := range ps {
			if err := g.mark(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := func(offset int64) {
		t.Helper()
		want := map[string]map[int32]kgo.EpochOffset{}
		if offset > 0 {
			want["t"] = map[int32]kgo.EpochOffset{1: {Epoch: -1, Offset: offset}}
		}
		if diff := cmp.Diff(want, g.toCommit()); diff != "" {
			t.Error(diff)
		}
	}
	marks(at(0, 5), at(1, 3), at(1, 2), at(2, 7))
	want(4)
	g.lost(t.Context(), nil, map[string][]int32{"t": {1}})
	want(0)
	marks(at(1, 9))
	want(0)
}

// A partition that comes back is read on from what is done of it, or from where
// it was if that is all done in the end, unless another member is further, or
// further back in a topic that was made anew.
func TestPartitionComesBack(t *testing.T) {
	type step struct{ committed, want, read, done int64 }
	for shares, steps := range map[bool][]step{
		false: {{10, 10, 30, 20}, {15, 30, 40, 35}, {50, 50, 50, 35}, {7, 7, 60, 60}},
		true:  {{10, 10, 30, 20}, {15, 20, 40, 35}, {50, 50, 50, 35}, {7, 7, 60, 60}, {55, 60, 60, 60}},
	} {
		g := newTestGroup()
		g.shares = shares
		p := partition{"t", 0}
		for _, step := range steps {
			before, _ := g.assignment(p)
			offsets := map[string]map[int32]kgo.Offset{"t": {0: kgo.NewOffset().At(step.committed)}}
			if _, err := g.assigned(t.Context(), offsets); err != nil {
				t.Fatal(err)
			}
			if got := offsets["t"][0].EpochOffset().Offset; got != step.want {
				t.Errorf("shares %v, committed %d: read from %d, want %d", shares, step.committed, got, step.want)
			}
			if n, _ := g.assignment(p); n == before {
				t.Error("the assignment is the same")
			}
			g.read(p, step.read, step.read)
			if err := g.mark(pipeline.Position{{Source: "t", Offset: step.done - 1}}); err != nil {
				t.Fatal(err)
			}
			g.lost(t.Context(), nil, map[string][]int32{"t": {0}})
			if n, _ := g.assignment(p); n != 0 {
				t.Error("still assigned")
			}
		}
	}
}

func TestReadCancelled(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	s := openSource(t, c, "topics: t")
	defer closeSource(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() { failed <- s.Read(ctx, new(pipeline.Batch)) }()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// holdFetches lets no fetch through until the call of end.
func holdFetches(c *kfake.Cluster) (held <-chan struct{}, end func()) {
	over, cancel := context.WithCancel(context.Background())
	ch := make(chan struct{}, 1)
	c.ControlKey(kmsg.Fetch.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if over.Err() == nil {
			select {
			case ch <- struct{}{}:
			default:
			}
			c.SleepControl(func() { <-over.Done() })
		}
		return nil, nil, false
	})
	return ch, cancel
}
