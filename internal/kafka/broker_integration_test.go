//go:build integration

package kafka

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

// Java's clients work with the embedded broker: a producer, and consumers in
// groups of both protocols, the classic one and KIP-848's.
func TestIntegrationJava(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b := startBroker(t, BrokerConfig{Listen: "localhost:0"})

	producer := kafkatest.Java(ctx, t, "org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", b.Addr(), "--topic", "t")
	producer.Stdin = strings.NewReader("a\nb\nc\n")
	if out, err := producer.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, protocol := range []string{"classic", "consumer"} {
		consumer := kafkatest.Java(ctx, t, "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", b.Addr(),
			"--topic", "t", "--group", protocol, "--consumer-property", "group.protocol="+protocol,
			"--consumer-property", "auto.offset.reset=earliest", "--max-messages", "3", "--timeout-ms", "20000")
		out, err := consumer.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", protocol, err, out)
		}
		if got := strings.Fields(string(out)); strings.Join(got, " ") != "a b c" {
			t.Errorf("group protocol %s: consumed %q, want a, b and c", protocol, out)
		}
	}
	if err := b.Wait(ctx); err != nil {
		t.Errorf("after the clients' ends: %v", err)
	}
}
