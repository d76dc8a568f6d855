//go:build integration

package kafkatest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

func TestIntegrationCluster(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	certs := NewCerts(t)
	c := Start(t, WithLogin("alice", "secret"), WithTLS(certs), WithProperty("log.retention.hours", "-1"))

	produce(ctx, t, "plain", kgo.SeedBrokers(c.Addr()))
	c.Stop()
	c.Restart()
	produce(ctx, t, "sasl", kgo.SeedBrokers(c.SASLAddr()), kgo.SASL(scram.Auth{User: "alice", Pass: "secret"}.AsSha256Mechanism()))
	c.Kill()
	c.Restart()
	produce(ctx, t, "tls", kgo.SeedBrokers(c.TLSAddr()), kgo.DialTLSConfig(trust(t, certs)))

	client := newClient(t, kgo.SeedBrokers(c.Addr()), kgo.ConsumeTopics("t"))
	var got []string
	for len(got) < 3 && ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
	}
	if diff := cmp.Diff([]string{"plain", "sasl", "tls"}, got); diff != "" {
		t.Errorf("what is there after a stop and a kill (-want +got):\n%s", diff)
	}
}

func produce(ctx context.Context, t *testing.T, value string, opts ...kgo.Opt) {
	t.Helper()
	client := newClient(t, append(opts, kgo.AllowAutoTopicCreation())...)
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: "t", Value: []byte(value)}).FirstErr(); err != nil {
		t.Fatalf("%s: %v", value, err)
	}
}

func newClient(t *testing.T, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func trust(t *testing.T, c *Certs) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: roots}
}
