package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Sink(t, func(t *testing.T) plugintest.SinkCase {
		c := newCluster(t)
		return plugintest.SinkCase{
			Options: "kafka: {topic: t, key: n, brokers: ['" + c.ListenAddrs()[0] + "']}",
			Stored:  func(n int) []string { return storedValues(t, c, n) },
			Bad:     "{m: 1}",
		}
	})
}

// storedValues reads the first n messages' values.
func storedValues(t *testing.T, c *kfake.Cluster, n int) []string {
	messages, _ := consume(t, c, "t", n)
	return values(messages)
}
