package kafka

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestBrokerOutlivesOtherProtocols(t *testing.T) {
	b := startBroker(t, BrokerConfig{})
	for name, says := range map[string]string{
		"http":            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"tls":             "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"too small":       "\x00\x00\x00\x01\x00\x00\x00\x00",
		"too large":       "\x7f\xff\xff\xff\x00\x00\x00\x00",
		"unknown API":     "\x00\x00\x00\x10\x7f\xff\x00\x00",
		"unknown version": "\x00\x00\x00\x0a\x00\x03\x7f\xff\x00\x00\x00\x01\x00\x00",
		"half a request":  "\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\x00",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", b.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.WriteString(conn, says); err != nil {
				t.Fatal(err)
			}
			if name == "half a request" {
				_ = conn.(*net.TCPConn).CloseWrite()
			}
			if answer, err := io.ReadAll(conn); errors.Is(err, errTimeout(err)) || len(answer) > 0 {
				t.Errorf("answer %q, error %v; want a closed connection", answer, err)
			}
		})
	}
	produce(t, newClient(t, b.Addr()), "topic", "still here")
}

// errTimeout returns err if it is a timeout.
func errTimeout(err error) error {
	var n net.Error
	if errors.As(err, &n) && n.Timeout() {
		return err
	}
	return io.ErrNoProgress
}

// oneWay is a connection from which a fixed text comes.
type oneWay struct {
	net.Conn
	io.Reader
}

func (c oneWay) Read(p []byte) (int, error) { return c.Reader.Read(p) }
func (oneWay) RemoteAddr() net.Addr         { return advertisedAddr("elsewhere:1") }

// FuzzRequests checks that exactly the requests in front of what isn't one
// reach the broker.
func FuzzRequests(f *testing.F) {
	metadata := kmsg.NewRequestFormatter().AppendRequest(nil, kmsg.NewPtrMetadataRequest(), 1)
	versions := kmsg.NewRequestFormatter().AppendRequest(nil, kmsg.NewPtrApiVersionsRequest(), 2)
	f.Add(metadata)
	f.Add(append(append([]byte(nil), metadata...), versions...))
	f.Add(append(append([]byte(nil), metadata...), "GET / HTTP/1.1\r\n"...))
	f.Add([]byte("\x00\x00\x00\x0a\xff\xff\x00\x00\x00\x00\x00\x01\x00\x00"))
	f.Fuzz(func(t *testing.T, input []byte) {
		c := &clientConn{Conn: oneWay{Reader: bytes.NewReader(input)}, l: &listener{}}
		c.in = bufio.NewReaderSize(c.Conn, 16)
		got, _ := io.ReadAll(c)
		if want := input[:requests(input)]; !bytes.Equal(got, want) {
			t.Errorf("of %x came %x, want %x", input, got, want)
		}
	})
}

// requests returns how many bytes of input are requests, the last of which may
// be cut off.
func requests(input []byte) (n int) {
	for len(input)-n >= 8 {
		size := int(binary.BigEndian.Uint32(input[n:]))
		key := int16(binary.BigEndian.Uint16(input[n+4:]))
		if size < 8 || size > maxRequest || key < 0 || key > kmsg.MaxKey || kmsg.RequestForKey(key) == nil {
			return n
		}
		n += 4 + size
	}
	return min(n, len(input))
}
