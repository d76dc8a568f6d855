package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The environment variables that say where the brokers are.
const (
	EnvBrokers       = "KAFKA_BROKERS"           // HOST:PORT,…
	EnvDefaultBroker = "PIPELINE_DEFAULT_BROKER" // HOST:PORT, in place of localhost:9092
)

const defaultBroker = "localhost:9092"

// How long what listens on the default address may take to answer, and may go
// on closing connections. One that does so is left to [Connect], which goes on
// trying and says so: it may be the port of a container whose broker is
// starting.
const (
	answerTimeout = 2 * time.Second
	closingTime   = time.Second
)

// ResolveBrokers returns the brokers of a pipeline that names none: those of
// KAFKA_BROKERS, or what listens on the default address, or else a broker that
// it starts there, which the caller then closes. The default address takes the
// place of c.Listen.
func ResolveBrokers(ctx context.Context, c BrokerConfig) (brokers []string, started *Broker, err error) {
	if list := os.Getenv(EnvBrokers); list != "" {
		brokers, err = ParseBrokers(list)
		if err != nil {
			err = fmt.Errorf("%s: %w", EnvBrokers, err)
		}
		return brokers, nil, err
	}
	c.Listen = defaultBroker
	if addr := os.Getenv(EnvDefaultBroker); addr != "" {
		c.Listen = addr
	}
	if err := CheckListen(c.Listen); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", EnvDefaultBroker, err)
	}
	// Another command may start its broker between the look and our own start.
	for range 50 {
		found, err := probe(ctx, c.Listen)
		if found || err != nil {
			return []string{c.Listen}, nil, err
		}
		started, err = StartBroker(c)
		if err == nil {
			return []string{started.Addr()}, started, nil
		}
		if !isAddrInUse(err) {
			return nil, nil, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil, nil, err
}

// ParseBrokers splits a comma-separated list of HOST:PORT.
func ParseBrokers(list string) ([]string, error) {
	brokers := strings.Split(list, ",")
	for i, b := range brokers {
		brokers[i] = strings.TrimSpace(b)
		if err := checkBroker(brokers[i]); err != nil {
			return nil, err
		}
	}
	return brokers, nil
}

// probe reports whether a Kafka broker listens on addr. That something else
// does is an error.
func probe(ctx context.Context, addr string) (bool, error) {
	dialer := net.Dialer{Timeout: 250 * time.Millisecond}
	for began := time.Now(); ; {
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err != nil {
			return false, ctx.Err()
		}
		err = askVersions(ctx, conn)
		_ = conn.Close()
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case errors.Is(err, errNotBroker):
			return false, fmt.Errorf("what listens on %s, the default address, doesn't answer as a Kafka broker without TLS does; name the brokers, with --brokers or %s, or choose another default address with %s",
				addr, EnvBrokers, EnvDefaultBroker)
		case err == nil || time.Since(began) > closingTime:
			return true, nil
		}
		// One that is closing also closes connections, and then nothing
		// listens there.
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

var errNotBroker = errors.New("not a Kafka broker")

// askVersions sends an ApiVersions request, version 0, and looks at the head
// of the answer.
func askVersions(ctx context.Context, conn net.Conn) error {
	_ = conn.SetDeadline(time.Now().Add(answerTimeout))
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	const correlation = 0x706c
	frame := kmsg.NewRequestFormatter().AppendRequest(nil, kmsg.NewPtrApiVersionsRequest(), correlation)
	if _, err := conn.Write(frame); err != nil {
		return err
	}
	head := make([]byte, 8) // size, correlation
	n, err := io.ReadFull(conn, head)
	if n > 0 && n < len(head) || errors.Is(err, os.ErrDeadlineExceeded) ||
		err == nil && binary.BigEndian.Uint32(head[4:]) != correlation {
		return errNotBroker
	}
	return err
}
