package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestConformance(t *testing.T) {
	for name, options := range map[string]string{
		"to the end of a topic": "group: none, until: end",
		"without a group":       "group: none",
		"with a group":          "group: g",
	} {
		t.Run(name, func(t *testing.T) {
			plugintest.Source(t, func(t *testing.T) plugintest.SourceCase {
				c := newCluster(t, kfake.SeedTopics(1, "t"))
				produce(t, c, numbered(0, 10, 15)...)
				return plugintest.SourceCase{
					Options: "kafka: {topics: t, brokers: ['" + c.ListenAddrs()[0] + "'], " + options + "}",
					Want:    []string{"10", "11", "12", "13", "14"},
					Endless: name != "to the end of a topic",
				}
			})
		})
	}
}
