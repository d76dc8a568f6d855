// Package kafkatest runs Apache Kafka for tests: one node in KRaft mode, from
// the jars that Maven has, on free ports and with its data in a temporary
// folder.
package kafkatest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// Cluster is a running Apache Kafka.
type Cluster struct {
	t      testing.TB
	libs   string
	dir    string
	ports  ports
	server *exec.Cmd     // nil: not running
	exited chan struct{} // closed when server has ended
}

type ports struct{ plain, sasl, tls, controller int }

// Start starts Apache Kafka and returns when it answers. It ends with the
// test. See [Install] for what it needs.
func Start(t testing.TB, opts ...Option) *Cluster {
	t.Helper()
	c := &Cluster{t: t, libs: Install(t), dir: t.TempDir()}
	c.ports = ports{freeport.Find(), freeport.Find(), freeport.Find(), freeport.Find()}
	s := settings{properties: map[string]string{}}
	for _, opt := range opts {
		opt(&s)
	}
	c.write("server.properties", s.serverProperties(c.dir, c.ports))
	c.write("log4j2.properties", log4j)
	c.format(s)
	t.Cleanup(c.Kill)
	c.Restart()
	return c
}

// Addr is the HOST:PORT of the plain listener.
func (c *Cluster) Addr() string { return addr(c.ports.plain) }

// SASLAddr is the HOST:PORT of the listener that wants the login of WithLogin.
func (c *Cluster) SASLAddr() string { return addr(c.ports.sasl) }

// TLSAddr is the HOST:PORT of the listener of WithTLS.
func (c *Cluster) TLSAddr() string { return addr(c.ports.tls) }

func addr(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// Stop shuts the broker down in good order.
func (c *Cluster) Stop() {
	c.t.Helper()
	if c.server == nil {
		return
	}
	_ = c.server.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.exited:
		c.server = nil
	case <-time.After(60 * time.Second):
		c.Kill()
		c.t.Fatalf("Kafka didn't stop in 60 s; the end of its log:\n%s", c.logTail())
	}
}

// Kill ends the broker at once, as a crash would.
func (c *Cluster) Kill() {
	if c.server == nil {
		return
	}
	_ = c.server.Process.Kill()
	<-c.exited
	c.server = nil
}

// Restart starts the broker again after Stop or Kill, with the same ports and
// data, and returns when it answers.
func (c *Cluster) Restart() {
	c.t.Helper()
	if c.server != nil {
		c.t.Fatal("Kafka is running")
	}
	log, err := os.OpenFile(filepath.Join(c.dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close()
	server := c.java(context.Background(), "kafka.Kafka", "server.properties")
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		c.t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = server.Wait()
	}()
	c.server, c.exited = server, exited
	c.await()
}

// await returns when the broker answers.
func (c *Cluster) await() {
	c.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Addr()))
	if err != nil {
		c.t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for client.Ping(ctx) != nil {
		select {
		case <-c.exited:
			c.server = nil
			c.t.Fatalf("Kafka didn't start; the end of its log:\n%s", c.logTail())
		case <-ctx.Done():
			c.t.Fatalf("Kafka didn't answer within a minute; the end of its log:\n%s", c.logTail())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (c *Cluster) format(s settings) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	args := []string{"format", "--config", "server.properties", "--cluster-id", "AAAAAAAAAAAAAAAAAAAAAQ"}
	for _, mechanism := range scramMechanisms {
		if s.user != "" {
			args = append(args, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, s.user, s.password))
		}
	}
	if out, err := c.java(ctx, "kafka.tools.StorageTool", args...).CombinedOutput(); err != nil {
		c.t.Fatalf("can't format Kafka's storage: %v\n%s", err, out)
	}
}

func (c *Cluster) java(ctx context.Context, class string, args ...string) *exec.Cmd {
	cmd := java(ctx, c.libs, class, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "JDK_JAVA_OPTIONS=-Dlog4j2.configurationFile=log4j2.properties")
	return cmd
}

func (c *Cluster) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// logTail returns the last lines of the broker's log.
func (c *Cluster) logTail() string {
	const most = 40
	text, err := os.ReadFile(filepath.Join(c.dir, "server.log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// freePort returns a port below the range from which systems pick the ports of
// outgoing connections: while a broker is down, one of these could otherwise
// take its port, even a client's attempt to connect to that very port.
