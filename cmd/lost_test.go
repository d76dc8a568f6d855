//go:build unix

package cmd

import (
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Records that were gone before they could be read are told of at the end, and
// are a failure if that is wanted.
func TestLostRecords(t *testing.T) {
	t.Parallel()
	b, err := kafka.StartBroker(kafka.BrokerConfig{Listen: "localhost:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	dir := folder(t, map[string]string{
		"consume.yaml": "source:\n  kafka: {topics: t, until: end, on_data_loss: continue}\nsink: drop\n",
		"data.csv":     "timestamp,n\n2021-01-01,1\n2021-01-02,2\n2021-01-03,3\n2021-01-04,4\n",
	})
	does := func(code int, args ...string) *process {
		c := command(t, dir, freeport.Addr(), append(args, "--brokers", b.Addr())...)
		c.start()
		c.exits(code)
		return c
	}
	does(0, "replay", "data.csv", "t", "--speed", "max")
	does(0, "run", "consume.yaml", "--limit", "1")
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).DeleteRecords(t.Context(), kadm.Offsets{"t": {0: kadm.Offset{Topic: "t", At: 3}}}); err != nil {
		t.Fatal(err)
	}
	c := does(1, "run", "consume.yaml", "--strict")
	c.says("at most 2 records lost: gone before they could be read")
	c.says("at most 2 records lost, which --strict takes as a failure")
}
