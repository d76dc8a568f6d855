package kafka

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxRequest is the largest request taken, as Kafka's
// socket.request.max.bytes.
const maxRequest = 100 << 20

// listener accepts the connections of the embedded broker's clients on one
// port, of IPv4 and IPv6 alike where the host is localhost, and knows which
// are open. It keeps from the broker what isn't the Kafka protocol.
type listener struct {
	advertised string // HOST:PORT, by which clients are told to connect
	sockets    []net.Listener
	accepted   chan net.Conn
	closed     chan struct{}
	closing    sync.Once

	received atomic.Int64  // bytes, of all connections
	wakeAt   atomic.Int64  // how many of them wake the memory limit
	wake     chan struct{} // holds one

	mu      sync.Mutex
	open    map[*clientConn]struct{}
	changed chan struct{} // closed, and replaced, when a connection closes
}

// listen listens on a HOST:PORT.
func listen(addr string) (*listener, error) {
	host, port, err := splitAddr(addr)
	if err != nil {
		return nil, err
	}
	hosts := []string{host}
	if host == "localhost" {
		// A client tries ::1 or 127.0.0.1 first, as its system likes.
		hosts = []string{"127.0.0.1", "::1"}
	}
	l := &listener{
		accepted: make(chan net.Conn),
		closed:   make(chan struct{}),
		open:     map[*clientConn]struct{}{},
		changed:  make(chan struct{}),
		wake:     make(chan struct{}, 1),
	}
	l.wakeAt.Store(math.MaxInt64)
	for i, h := range hosts {
		s, err := net.Listen("tcp", net.JoinHostPort(h, port))
		if err != nil && i == 0 {
			return nil, listenError(addr, err)
		}
		if err != nil {
			continue // a machine without IPv6
		}
		l.sockets = append(l.sockets, s)
		port = strconv.Itoa(s.Addr().(*net.TCPAddr).Port)
	}
	l.advertised = net.JoinHostPort(advertisedHost(host), port)
	for _, s := range l.sockets {
		go l.acceptFrom(s)
	}
	return l, nil
}

// CheckListen returns an error unless addr is a HOST:PORT to listen on, of
// which the host may be empty.
func CheckListen(addr string) error {
	_, _, err := splitAddr(addr)
	return err
}

func splitAddr(addr string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", "", fmt.Errorf("%q is not an address to listen on: want HOST:PORT, such as localhost:9092", addr)
	}
	return host, port, nil
}

func listenError(addr string, err error) error {
	if isAddrInUse(err) {
		return fmt.Errorf("can't listen on %s: the address is in use; stop the program that uses it, or choose another address: %w", addr, err)
	}
	return fmt.Errorf("can't listen on %s: %w", addr, err)
}

// advertisedHost is, where the broker listens on every interface, the
// machine's name if it can be looked up. Kafka does the same.
func advertisedHost(host string) string {
	if ip := net.ParseIP(host); host != "" && (ip == nil || !ip.IsUnspecified()) {
		return host
	}
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	if _, err := net.LookupHost(name); err != nil {
		return "localhost"
	}
	return name
}

func (l *listener) acceptFrom(s net.Listener) {
	for {
		c, err := s.Accept()
		if err != nil {
			if l.isClosed() || errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(10 * time.Millisecond) // out of file descriptors: some may come free
			continue
		}
		select {
		case l.accepted <- c:
		case <-l.closed:
			_ = c.Close()
			return
		}
	}
}

func (l *listener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return l.add(c), nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) add(c net.Conn) net.Conn {
	conn := &clientConn{Conn: c, l: l, in: bufio.NewReaderSize(c, 16<<10)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[conn] = struct{}{}
	return conn
}

func (l *listener) remove(c *clientConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.open[c]; !ok {
		return
	}
	delete(l.open, c)
	close(l.changed)
	l.changed = make(chan struct{})
}

// foreign counts the connections that aren't this process's own. The channel
// is closed when one has closed since.
func (l *listener) foreign() (n int, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		if !c.own.Load() && !isOwn(c) {
			n++
		}
	}
	return n, l.changed
}

func (l *listener) count(n int) {
	if l.received.Add(int64(n)) < l.wakeAt.Load() {
		return
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Close implements net.Listener. Connections stay open.
func (l *listener) Close() error {
	l.closing.Do(func() {
		close(l.closed)
		for _, s := range l.sockets {
			_ = s.Close()
		}
	})
	return nil
}

// closeConns ends the connections that are still open.
func (l *listener) closeConns() {
	l.mu.Lock()
	conns := make([]*clientConn, 0, len(l.open))
	for c := range l.open {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// Addr implements net.Listener. It is what the broker advertises.
func (l *listener) Addr() net.Addr { return advertisedAddr(l.advertised) }

type advertisedAddr string

func (advertisedAddr) Network() string  { return "tcp" }
func (a advertisedAddr) String() string { return string(a) }

// clientConn is a client's connection. Read hands over whole requests and
// fails at what can't be one.
type clientConn struct {
	net.Conn
	l    *listener
	in   *bufio.Reader
	rest int // bytes of the current request that were not read yet

	asked bool        // there was a request
	own   atomic.Bool // known from the first request on, also while its other end closes
}

var errNotKafka = errors.New("the client doesn't speak the Kafka protocol")

func (c *clientConn) Read(p []byte) (int, error) {
	if c.rest == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n, err := c.in.Read(p[:min(len(p), c.rest)])
	c.rest -= n
	c.l.count(n)
	return n, err
}

// next looks at the head of the next request: its size, API key and version.
func (c *clientConn) next() error {
	head, err := c.in.Peek(8)
	if err != nil {
		return io.EOF
	}
	if !c.asked {
		c.asked = true
		c.own.Store(isOwn(c))
	}
	size := binary.BigEndian.Uint32(head)
	key := int16(binary.BigEndian.Uint16(head[4:]))
	if size < 8 || size > maxRequest || key < 0 || kmsg.RequestForKey(key) == nil {
		return errNotKafka
	}
	c.rest = 4 + int(size)
	return nil
}

func (c *clientConn) Close() error {
	err := c.Conn.Close()
	c.l.remove(c)
	return err
}
