package kafka

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestBrokerOnLocalhost(t *testing.T) {
	b := startBroker(t, BrokerConfig{Listen: "localhost:0"})
	host, port, err := net.SplitHostPort(b.Addr())
	if err != nil || host != "localhost" {
		t.Fatalf("address %s, want localhost:PORT", b.Addr())
	}
	hosts := []string{"localhost", "127.0.0.1"}
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		_ = l.Close()
		hosts = append(hosts, "::1")
	}
	for _, host := range hosts {
		produce(t, newClient(t, net.JoinHostPort(host, port)), "topic", host)
	}
	if diff := cmp.Diff(hosts, consume(t, b.Addr(), "topic", len(hosts))); diff != "" {
		t.Errorf("consumed (-want +got):\n%s", diff)
	}
}

func TestBrokerOnEveryInterface(t *testing.T) {
	b := startBroker(t, BrokerConfig{Listen: ":0"})
	produce(t, newClient(t, b.Addr()), "topic", "a")
	consume(t, b.Addr(), "topic", 1)
}

func TestStartBrokerErrors(t *testing.T) {
	busy := startBroker(t, BrokerConfig{})
	for _, test := range []struct{ listen, want string }{
		{busy.Addr(), "can't listen on " + busy.Addr() + ": the address is in use; stop the program that uses it, or choose another address"},
		{"localhost", `"localhost" is not an address to listen on: want HOST:PORT, such as localhost:9092`},
		{"localhost:kafka", `"localhost:kafka" is not an address to listen on`},
		{"localhost:70000", `"localhost:70000" is not an address to listen on`},
		{"", `"" is not an address to listen on`},
		{"192.0.2.1:0", "can't listen on 192.0.2.1:0: "},
	} {
		b, err := StartBroker(BrokerConfig{Listen: test.listen})
		if err == nil {
			_ = b.Close()
		}
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("listen on %q: %v, want %s…", test.listen, err, test.want)
		}
	}
}

func TestBrokerOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	want := []string{"a", "b", "c"}

	b := startBroker(t, BrokerConfig{DataDir: dir})
	produce(t, newClient(t, b.Addr()), "topic", want...)
	if second, err := StartBroker(BrokerConfig{Listen: "127.0.0.1:0", DataDir: dir}); err == nil {
		_ = second.Close()
		t.Error("two brokers work on one folder")
	} else if !strings.Contains(err.Error(), "another broker uses "+dir) {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	b = startBroker(t, BrokerConfig{DataDir: dir})
	if diff := cmp.Diff(want, consume(t, b.Addr(), "topic", 3)); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
}

func TestBrokerOnDiskThatIsNoFolder(t *testing.T) {
	_, err := StartBroker(BrokerConfig{Listen: "127.0.0.1:0", DataDir: "broker_test.go"})
	if err == nil || !strings.Contains(err.Error(), "can't keep the broker's data in broker_test.go") {
		t.Error(err)
	}
}

func TestClients(t *testing.T) {
	b := startBroker(t, BrokerConfig{})
	produce(t, newClient(t, b.Addr()), "topic", "a")
	if n := b.Clients(); n != 0 {
		t.Errorf("%d clients while only this process's own is connected", n)
	}
	if err := b.Wait(t.Context()); err != nil {
		t.Error(err)
	}

	own, err := DialContext(t.Context(), "tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	versions := kmsg.NewPtrApiVersionsRequest()
	if _, err := own.Write(new(kmsg.RequestFormatter).AppendRequest(nil, versions, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := own.Read(make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	ownConns.Delete(own.LocalAddr().String()) // as while it closes
	if n := b.Clients(); n != 0 {
		t.Errorf("%d clients while this process's own is closing", n)
	}
	_ = own.Close()

	conn, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other client is counted", func() bool { return b.Clients() == 1 })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("wait with a client and a context that is done: %v", err)
	}

	began := time.Now()
	time.AfterFunc(20*time.Millisecond, func() { _ = conn.Close() })
	if err := b.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if waited := time.Since(began); waited < settle {
		t.Errorf("waited for %v, want no less than %v: a client may come back", waited, settle)
	}
}
