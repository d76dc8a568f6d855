//go:build integration

package integration

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Without transforms, messages are copied byte by byte, whatever they hold.
func TestIntegrationPassThrough(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	type message struct {
		Key, Value []byte
		Headers    []kgo.RecordHeader
	}
	want := []message{
		{[]byte("k"), []byte(`{ "b" : 1.00, "a": 1e2, "a": "twice" }`), nil},
		{nil, []byte("not JSON"), nil},
		{[]byte{}, []byte{}, nil},
		{[]byte("tombstone"), nil, nil},
		{nil, nil, nil},
		{[]byte{0, 255}, []byte{254, 0, 10}, []kgo.RecordHeader{{Key: "h", Value: []byte{0, 255}}, {Key: "null"}, {Key: "empty", Value: []byte{}}, {Key: "h", Value: []byte("twice")}, {Key: "", Value: []byte("no name")}}},
	}
	c.create("in", 1)
	for _, m := range want {
		c.produce(&kgo.Record{Topic: "in", Key: m.Key, Value: m.Value, Headers: m.Headers})
	}
	dir := folder(t, map[string]string{
		"copy.yaml": "source: {kafka: {topics: in, until: end}}\nsink: {kafka: {topic: out}}\n",
		"raw.yaml":  "source: {kafka: {topics: in, until: end}}\nsink: {kafka: {topic: raw}}\ncodec: raw\n"})
	p := start(t, dir, c.Addr(), "copy.yaml", "raw.yaml")
	p.exits(0, patience)
	for _, topic := range []string{"out", "raw"} {
		var got []message
		for _, m := range c.messages(topic) {
			got = append(got, message{m.Key, m.Value, m.Headers})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", topic, diff)
		}
	}
}
