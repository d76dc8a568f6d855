package kafka

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// serve listens, and does the same with every connection.
func serve(t *testing.T, with func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		served.Wait()
	})
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() {
				defer conn.Close()
				with(conn)
			})
		}
	})
	return l.Addr().String()
}

func TestResolveBrokersNamed(t *testing.T) {
	t.Setenv(EnvDefaultBroker, freeport.Addr())
	for _, test := range []struct {
		env, wantErr string
		want         []string
	}{
		{"a:1", "", []string{"a:1"}},
		{"a:1, b:2", "", []string{"a:1", "b:2"}},
		{"a:1,", `KAFKA_BROKERS: "" is not a broker's address: want HOST:PORT, such as localhost:9092`, nil},
		{"http://a:1", `KAFKA_BROKERS: "http://a:1" is not a broker's address: want HOST:PORT, such as localhost:9092`, nil},
	} {
		t.Setenv(EnvBrokers, test.env)
		got, started, err := ResolveBrokers(t.Context(), BrokerConfig{})
		if started != nil {
			t.Errorf("%q: a broker was started", test.env)
			_ = started.Close()
		}
		if (err == nil) != (test.wantErr == "") || err != nil && err.Error() != test.wantErr {
			t.Errorf("%q: error %v, want %q", test.env, err, test.wantErr)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.env, diff)
		}
	}
}

func TestResolveBrokersStartsOne(t *testing.T) {
	t.Setenv(EnvBrokers, "")
	addr := freeport.Addr()
	t.Setenv(EnvDefaultBroker, addr)

	const commands = 5
	var all sync.WaitGroup
	brokers := make([][]string, commands)
	hosts := make(chan *Broker, commands)
	for i := range commands {
		all.Go(func() {
			named, started, err := ResolveBrokers(t.Context(), BrokerConfig{Listen: "192.0.2.1:1"})
			if err != nil {
				t.Error(err)
			}
			if started != nil {
				hosts <- started
			}
			brokers[i] = named
		})
	}
	all.Wait()
	close(hosts)
	n := 0
	for b := range hosts {
		_ = b.Close()
		n++
	}
	if n != 1 {
		t.Errorf("%d brokers were started by %d commands, want 1", n, commands)
	}
	for _, named := range brokers {
		if diff := cmp.Diff([]string{addr}, named); diff != "" {
			t.Errorf("brokers (-want +got):\n%s", diff)
		}
	}
}

func TestResolveBrokersAndWhatListens(t *testing.T) {
	t.Setenv(EnvBrokers, "")
	for name, test := range map[string]struct {
		with    func(net.Conn)
		wantErr string
	}{
		"a web server": {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "doesn't answer as a Kafka broker"},
		"few bytes":    {func(c net.Conn) { _, _ = io.WriteString(c, "-ERR\r\n") }, "doesn't answer as a Kafka broker"},
		"silent":       {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, "doesn't answer as a Kafka broker"},
		"closes, as the port of a container whose broker is starting": {func(net.Conn) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			addr := serve(t, test.with)
			t.Setenv(EnvDefaultBroker, addr)
			got, started, err := ResolveBrokers(t.Context(), BrokerConfig{})
			switch {
			case started != nil:
				_ = started.Close()
				t.Error("a broker was started")
			case test.wantErr == "" && (err != nil || len(got) != 1 || got[0] != addr):
				t.Errorf("brokers %v, error %v, want %s", got, err, addr)
			case test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr) || !strings.Contains(err.Error(), addr)):
				t.Errorf("error %v, want one with %q and the address", err, test.wantErr)
			}
		})
	}
}

func TestResolveBrokersErrors(t *testing.T) {
	t.Setenv(EnvBrokers, "")
	t.Setenv(EnvDefaultBroker, "nonsense")
	if _, _, err := ResolveBrokers(t.Context(), BrokerConfig{}); err == nil || !strings.Contains(err.Error(), `PIPELINE_DEFAULT_BROKER: "nonsense" is not an address`) {
		t.Error(err)
	}

	// A port that is taken by one who doesn't listen.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv(EnvDefaultBroker, l.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := ResolveBrokers(ctx, BrokerConfig{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
}
