//go:build integration

package integration

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Dead letters in a topic go through their pipeline again with their own bytes
// and key, each of them until it has succeeded and not once more.
func TestIntegrationRedrive(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n = 1000
	bad := func(i int) bool { return i%10 == 3 }
	messages := numbered("t", 0, n)
	var rest, letters []string
	for i, m := range messages {
		m.Key = fmt.Append(nil, i)
		if bad(i) {
			m.Value = fmt.Appendf(nil, "bad %d", i)
			letters = append(letters, fmt.Sprintf("%s=%s", m.Key, m.Value))
		} else {
			rest = append(rest, fmt.Sprintf("%s=%s", m.Key, m.Value))
		}
	}
	c.create("t", 1)
	c.produce(messages...)
	dir := folder(t, map[string]string{"orders.yaml": `
source: {kafka: {topics: t, until: end}}
sink: {kafka: {topic: out}}
codec: json
transforms:
  - cast: {n: int}
errors: {on_failure: dead_letter}
dead_letter: {kafka: {topic: dead}}
`})
	start(t, dir, c.Addr(), "orders.yaml").exits(0, patience)
	redrive := func(args ...string) {
		launch(t, binary, dir, c.Addr(), "redrive", append([]string{"orders.yaml", "--from", "dead"}, args...)...).exits(0, patience)
	}
	stored := func() []string { return texts(c.messages("out")) }
	if diff := cmp.Diff(rest, stored()); diff != "" {
		t.Fatalf("stored at first (-want +got):\n%s", diff)
	}
	redrive() // without a fix they fail again
	if diff := cmp.Diff(slices.Concat(letters, letters), texts(c.messages("dead"))); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
	fix := []string{"--set", "codec=raw", "--set", "transforms=[]"}
	redrive(append(fix, "--limit", "40")...)
	if diff := cmp.Diff(slices.Concat(rest, letters[:40]), stored()); diff != "" {
		t.Errorf("stored after a redrive of 40 (-want +got):\n%s", diff)
	}
	for range 2 {
		redrive(fix...)
		if diff := cmp.Diff(slices.Concat(rest, letters), stored()); diff != "" {
			t.Errorf("stored after a whole redrive (-want +got):\n%s", diff)
		}
	}
}

func texts(messages []*kgo.Record) (all []string) {
	for _, m := range messages {
		all = append(all, fmt.Sprintf("%s=%s", m.Key, m.Value))
	}
	return all
}
