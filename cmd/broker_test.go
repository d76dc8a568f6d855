package cmd

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

var kafkaFiles = map[string]string{
	"replay.yaml":  "source:\n  csv: {path: \"-\"}\nsink:\n  kafka: {topic: t}\n",
	"consume.yaml": "source:\n  kafka: {topics: t}\nsink: print\n",
}

const row = "2021-01-01 00:00:00,1\n"

// hosting starts a replay that reads rows from a pipe, and hosts a broker.
func hosting(t *testing.T, addr string) (p *process, rows io.WriteCloser) {
	t.Helper()
	p = command(t, folder(t, kafkaFiles), addr, "run", "replay.yaml")
	r, w := pipe(t)
	p.Stdin = r
	p.start()
	if _, err := io.WriteString(w, "timestamp,value\n"+row); err != nil {
		t.Fatal(err)
	}
	p.says("started a Kafka broker on " + addr + ", in memory (at most 512MiB)")
	return p, w
}

// connect returns a client as another program's.
func connect(t *testing.T, addr string) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := client.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	return client
}

// Without other clients the broker ends with the command that hosts it.
func TestBrokerEnds(t *testing.T) {
	t.Parallel()
	p, rows := hosting(t, freeport.Addr())
	_ = rows.Close()
	p.exits(0)
	p.says("replay  completed in ")
	if strings.Contains(p.stderr.String(), "keeping the broker") {
		t.Error("it takes its own connections for another program's")
	}
}

// With one, it stays until that has left.
func TestBrokerStays(t *testing.T) {
	t.Parallel()
	addr := freeport.Addr()
	p, rows := hosting(t, addr)
	client := connect(t, addr)
	_ = rows.Close()
	p.says("keeping the broker on " + addr + " up: other programs have ")
	if err := client.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	client.Close()
	p.exits(0)
}

// Two commands, one after the other, share the first one's broker.
func TestBrokerIsShared(t *testing.T) {
	t.Parallel()
	addr := freeport.Addr()
	first, rows := hosting(t, addr)
	second := command(t, folder(t, kafkaFiles), addr, "run", "consume.yaml", "--limit", "2")
	out := &transcript{}
	second.Stdout = out
	second.start()
	if !out.await(`{"timestamp":"2021-01-01 00:00:00","value":1}` + "\n") {
		t.Fatal("the second command doesn't print what the first one has sent")
	}
	if _, err := io.WriteString(rows, row); err != nil {
		t.Fatal(err)
	}
	second.exits(0)
	second.says("using the Kafka broker on " + addr)
	_ = rows.Close()
	first.exits(0)
}
