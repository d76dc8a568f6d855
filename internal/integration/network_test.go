//go:build integration

package integration

import (
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

// network is a proxy in front of a broker.
type network struct {
	listener net.Listener
	target   chan string // holds the broker's address once it is known
	serving  sync.WaitGroup

	mu      sync.Mutex
	changed sync.Cond
	state   state
	lost    int // how often something was lost since the state changed
	conns   []net.Conn
}

// state is what a network does.
type state int

const (
	works           state = iota
	losesAnswers          // what the broker says doesn't arrive
	holdsEverything       // until it works again
)

func newNetwork(t *testing.T) *network {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &network{listener: l, target: make(chan string, 1)}
	n.changed.L = &n.mu
	n.serving.Go(n.serve)
	t.Cleanup(func() {
		_ = l.Close()
		n.cut()
		n.set(works)
		n.serving.Wait()
	})
	return n
}

func (n *network) addr() string { return n.listener.Addr().String() }

func (n *network) serve() {
	for {
		client, err := n.listener.Accept()
		if err != nil {
			return
		}
		target := <-n.target
		n.target <- target
		broker, err := net.Dial("tcp", target)
		if err != nil {
			_ = client.Close()
			continue
		}
		n.mu.Lock()
		n.conns = append(n.conns, client, broker)
		n.mu.Unlock()
		n.serving.Go(func() { n.carry(broker, client, false) })
		n.serving.Go(func() { n.carry(client, broker, true) })
	}
}

// carry carries what one side says to the other, until either is closed.
func (n *network) carry(to, from net.Conn, answers bool) {
	defer func() { _ = to.Close() }()
	block := make([]byte, 64<<10)
	for {
		size, err := from.Read(block)
		if size > 0 && n.passes(answers) {
			if _, err := to.Write(block[:size]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (n *network) passes(answers bool) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for n.state == holdsEverything {
		n.changed.Wait()
	}
	if n.state == losesAnswers && answers {
		n.lost++
		return false
	}
	return true
}

func (n *network) set(s state) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.state, n.lost = s, 0
	n.changed.Broadcast()
}

func (n *network) losses() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lost
}

// cut closes all connections.
func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.conns {
		_ = c.Close()
	}
	n.conns = nil
}

// The broker does what it is asked to, but its answers are lost together with
// the connections, again and again; or nothing gets through, for longer than a
// request may take. A replay and a copy of what it writes go on.
func TestIntegrationBadNetwork(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*network, *cluster){
		"answers are lost":     loseAnswers,
		"nothing gets through": hold,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newNetwork(t)
			c := startCluster(t, kafkatest.WithProperty("advertised.listeners", "PLAIN://"+network.addr()))
			network.target <- c.Addr()
			testBadNetwork(t, c, network, spoil)
		})
	}
}

func testBadNetwork(t *testing.T, c *cluster, network *network, spoil func(*network, *cluster)) {
	const n, rate = 7000, 200
	dir := folder(t, map[string]string{
		"rows.csv":    rows(n, time.Second/rate),
		"replay.yaml": "source: {csv: {path: rows.csv}}\npace: {speed: 1}\nsink: {kafka: {topic: t}}\n",
		"copy.yaml":   "source: {kafka: {topics: t}}\nsink: {kafka: {topic: copy}}\n"})
	replay := start(t, dir, network.addr(), "replay.yaml")
	copying := start(t, dir, network.addr(), "copy.yaml")
	c.awaitSize("copy", rate)
	spoil(network, c)
	if !replay.running() {
		t.Error("the replay was over too early")
	}
	replay.exits(0, patience)
	allInOrder(t, numbers(t, values(c.messages("t"))), n)
	replay.reports("replay", "completed", counts{Read: n, Written: n})

	eventually(t, "that all is copied", func() bool { return c.committed("pipeline-copy", "t") == n })
	copying.signal(syscall.SIGINT)
	copying.exits(0, promptly)
	copied := numbers(t, values(c.messages("copy")))
	if _, err := retell(copied, 0, 1, n); err != nil {
		t.Error(err)
	}
	t.Logf("%d of %d were copied again", len(copied)-n, n)
}

func loseAnswers(n *network, c *cluster) {
	for range 5 {
		c.awaitSize("copy", c.size("copy")+100)
		n.set(losesAnswers)
		eventually(c.t, "that answers are lost", func() bool { return n.losses() >= 2 })
		n.cut()
		n.set(works)
	}
}

func hold(n *network, _ *cluster) {
	n.set(holdsEverything)
	<-time.After(25 * time.Second)
	n.set(works)
}
