package kafka

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTopics(t *testing.T) {
	b := startBroker(t, BrokerConfig{})
	client := newClient(t, b.Addr())
	for _, topic := range []string{"b", "a"} {
		produce(t, client, topic, "x")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	want := []string{"a", "b"}
	got, err := Topics(ctx, []string{b.Addr()})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	t.Setenv(EnvBrokers, "")
	t.Setenv(EnvDefaultBroker, b.Addr())
	if got, err = Topics(ctx, nil); !cmp.Equal(got, want) || err != nil {
		t.Errorf("of the default address: %v, %v", got, err)
	}
	t.Setenv(EnvBrokers, b.Addr())
	t.Setenv(EnvDefaultBroker, "")
	if got, err = Topics(ctx, nil); !cmp.Equal(got, want) || err != nil {
		t.Errorf("of %s: %v, %v", EnvBrokers, got, err)
	}
}

// A shell that completes does not wait for a broker.
func TestTopicsOfNoBroker(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got, err := Topics(ctx, []string{"127.0.0.1:1"}); err == nil {
		t.Errorf("got %v", got)
	}
}
