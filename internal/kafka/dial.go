package kafka

import (
	"context"
	"net"
	"sync"
	"time"
)

// ownConns holds the local addresses of the connections that DialContext has
// opened, so that an embedded broker can tell its own process's clients from
// others.
var ownConns sync.Map

const dialTimeout = 10 * time.Second

// DialContext opens a connection that an embedded broker of this process
// doesn't count as a client's. Every client of [Options.ClientOpts] without
// TLS uses it.
func DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	own := &ownConn{Conn: c, name: c.LocalAddr().String()}
	ownConns.Store(own.name, struct{}{})
	return own, nil
}

// Dialer is DialContext, for clients that want a value with a method.
type Dialer struct{}

// Dial opens a connection as DialContext does.
func (Dialer) Dial(network, addr string) (net.Conn, error) {
	return DialContext(context.Background(), network, addr)
}

type ownConn struct {
	net.Conn
	name string
}

func (c *ownConn) Close() error {
	err := c.Conn.Close()
	ownConns.Delete(c.name)
	return err
}

// isOwn reports whether a broker's connection is open at this process's end.
func isOwn(c net.Conn) bool {
	_, own := ownConns.Load(c.RemoteAddr().String())
	return own
}
