package kafka

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A topic that is created later is read from its first message on.
func TestTopicComesLater(t *testing.T) {
	t.Parallel()
	for _, options := range []string{"", "from: end", "from: '2021-01-01'", "group: none", "group: none, from: end"} {
		t.Run(options, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, kfake.SeedTopics(1, "old"))
			s := openSource(t, c, "topics: [old, t], "+options)
			defer closeSource(t, s)
			first := make(chan []string)
			go func() { first <- readValues(t, s, 3) }()
			if err := c.CreateTopic("t", 1, nil); err != nil {
				t.Fatal(err)
			}
			produce(t, c, numbered(0, 0, 3)...)
			if diff := cmp.Diff([]string{"0", "1", "2"}, <-first); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStartErrors(t *testing.T) {
	fault := func(key kmsg.Key, err *kerr.Error) kfake.Fault {
		return kfake.Fault{Keys: []kmsg.Key{key}, Topic: "t", Err: err, Count: -1}
	}
	tests := []struct {
		name    string
		options string
		fault   kfake.Fault
		want    string
	}{
		{"no topic until end", "topics: u, until: end", kfake.Fault{}, `topic "u" doesn't exist: with until: end there is nothing to wait for`},
		{"no topic from the beginning until end", "topics: [t, u], from: beginning, until: end", kfake.Fault{}, `topic "u" doesn't exist: with until: end there is nothing to wait for`},
		{"may not look", "topics: t", fault(kmsg.Metadata, kerr.TopicAuthorizationFailed),
			`can't read topic "t": TOPIC_AUTHORIZATION_FAILED: Not authorized to access topics: [Topic authorization failed.]`},
		{"refused name", "topics: u", kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "u", Err: kerr.InvalidTopicException, Count: -1},
			`can't read topic "u": INVALID_TOPIC_EXCEPTION: The request attempted to perform an operation on an invalid topic.`},
		{"may not list", "topics: t", fault(kmsg.ListOffsets, kerr.TopicAuthorizationFailed),
			`can't read the offsets of topics ["t"]: TOPIC_AUTHORIZATION_FAILED: Not authorized to access topics: [Topic authorization failed.]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t, kfake.SeedTopics(1, "t"))
			if tt.fault.Keys != nil {
				c.Fault(tt.fault)
			}
			_, err := bind(t, c.ListenAddrs(), tt.options).Open(t.Context(), testEnv(t))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if !pipeline.IsPermanent(err) {
				t.Error("not permanent")
			}
		})
	}
}

// A topic that was created a moment ago has no leaders yet.
func TestTopicWithoutLeaders(t *testing.T) {
	for _, key := range []kmsg.Key{kmsg.Metadata, kmsg.ListOffsets} {
		c := newCluster(t, kfake.SeedTopics(1, "t"))
		produce(t, c, numbered(0, 0, 2)...)
		h := c.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Topic: "t", Err: kerr.LeaderNotAvailable, Count: 3})
		s := openSource(t, c, "topics: t, until: end")
		defer closeSource(t, s)
		if diff := cmp.Diff([]string{"0", "1"}, readValues(t, s, 2)); diff != "" {
			t.Error(diff)
		}
		if h.Hits() == 0 {
			t.Errorf("no fault in %v", key)
		}
	}
}

func TestReadErrors(t *testing.T) {
	tests := []struct {
		name  string
		fault kfake.Fault
		want  string
	}{
		{"may not read", kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "t", Err: kerr.TopicAuthorizationFailed},
			`can't read topic "t": TOPIC_AUTHORIZATION_FAILED: Not authorized to access topics: [Topic authorization failed.]`},
		{"may not join", kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Group: "g", Err: kerr.GroupAuthorizationFailed},
			`can't read with group "g": GROUP_AUTHORIZATION_FAILED: Not authorized to access group: Group authorization failed.`},
		{"may not find the group", kfake.Fault{Keys: []kmsg.Key{kmsg.FindCoordinator}, Group: "g", Err: kerr.GroupAuthorizationFailed},
			`can't read with group "g": GROUP_AUTHORIZATION_FAILED: Not authorized to access group: Group authorization failed.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t, kfake.SeedTopics(1, "t"))
			tt.fault.Count = -1
			c.Fault(tt.fault)
			s := openSource(t, c, "topics: t, group: g")
			defer closeSource(t, s)
			err := s.Read(t.Context(), new(pipeline.Batch))
			if err == nil || err.Error() != tt.want || !pipeline.IsPermanent(err) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestCommitError(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	produce(t, c, numbered(0, 0, 5)...)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Group: "g", Err: kerr.GroupAuthorizationFailed, Count: -1})
	s := openSource(t, c, "topics: t, group: g")
	defer closeSource(t, s)
	records, err := read(t, s, 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.(pipeline.Committer).Commit(t.Context(), position(records)); err != nil {
		t.Fatal(err)
	}
	s.(groupSource).group.flush()
	err = s.(pipeline.Committer).Commit(t.Context(), position(records))
	const want = `can't commit to group "g": GROUP_AUTHORIZATION_FAILED: Not authorized to access group: Group authorization failed.`
	if err == nil || err.Error() != want || !pipeline.IsPermanent(err) || !errors.Is(err, kerr.GroupAuthorizationFailed) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A second member takes partitions over where the first one is, and gives them
// back. Nothing is lost.
func TestTwoMembers(t *testing.T) {
	t.Parallel() // members hear of one another with their heartbeats
	const partitions, n = 4, 50
	c := newCluster(t, kfake.SeedTopics(partitions, "t"))
	fill := func(from int) (want []string) {
		for p := range int32(partitions) {
			ms := numbered(p, from+int(p)*n, from+int(p+1)*n)
			produce(t, c, ms...)
			for _, m := range ms {
				want = append(want, string(m.Value))
			}
		}
		return want
	}
	want := fill(0)
	first := openSource(t, c, "topics: t, group: g")
	defer closeSource(t, first)
	records, err := read(t, first, partitions*n)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.(pipeline.Committer).Commit(t.Context(), position(records)); err != nil {
		t.Fatal(err)
	}

	second := openSource(t, c, "topics: t, group: g")
	if _, err := c.WaitGroupStable(t.Context(), "g", 2); err != nil {
		t.Fatal(err)
	}
	fill(1000)
	taken, err := read(t, second, 1) // nothing that the first one has committed
	if err != nil {
		t.Fatal(err)
	}
	if string(taken[0].Raw) < "1000" && len(taken[0].Raw) < 4 {
		t.Errorf("the second member starts at %s", taken[0].Raw)
	}
	closeSource(t, second) // commits nothing

	seen := map[string]bool{}
	for _, v := range values(records) {
		seen[v] = true
	}
	for len(seen) < 2*partitions*n {
		more, err := read(t, first, 1)
		if err != nil {
			t.Fatalf("%d values: %v", len(seen), err)
		}
		for _, v := range values(more) {
			seen[v] = true
		}
	}
	if diff := cmp.Diff(want, values(records), cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Error(diff)
	}
}

// What arrives while the offsets to start from are looked up is read.
func TestArrivesDuringStart(t *testing.T) {
	for _, options := range []string{"from: '2021-01-01'", "from: '2021-01-01', group: none", "from: beginning"} {
		for request := range 4 {
			t.Run(fmt.Sprint(options, "/", request), func(t *testing.T) {
				c := newCluster(t, kfake.SeedTopics(1, "t"))
				asked := 0
				c.ControlKey(kmsg.ListOffsets.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
					c.KeepControl()
					if asked++; asked == request+1 {
						c.SleepControl(func() { produce(t, c, numbered(0, 0, 1)...) })
					}
					return nil, nil, false
				})
				s := openSource(t, c, "topics: t, "+options)
				defer closeSource(t, s)
				if asked <= request {
					produce(t, c, numbered(0, 0, 1)...)
				}
				if diff := cmp.Diff([]string{"0"}, readValues(t, s, 1)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}
