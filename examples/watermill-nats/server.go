package nats

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats-server/v2/server"
)

// embedded is a server inside this process. The last of its users shuts it
// down.
var embedded struct {
	sync.Mutex
	*server.Server
	users int
	dir   string
}

// server returns where the server is, which may be started first.
func (o Options) server() (url string, release func(), err error) {
	if o.URL != "" {
		return o.URL, func() {}, nil
	}
	embedded.Lock()
	defer embedded.Unlock()
	if embedded.users == 0 {
		if embedded.dir, err = os.MkdirTemp("", "nats"); err != nil {
			return "", nil, err
		}
		s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: embedded.dir, NoSigs: true})
		if err != nil {
			return "", nil, err
		}
		if s.Start(); !s.ReadyForConnections(10 * time.Second) {
			return "", nil, errors.New("the NATS server does not start")
		}
		embedded.Server = s
	}
	embedded.users++
	return embedded.ClientURL(), shutDown, nil
}

// shutDown ends the server, if this was its last user.
func shutDown() {
	embedded.Lock()
	defer embedded.Unlock()
	if embedded.users--; embedded.users == 0 {
		embedded.Shutdown()
		embedded.WaitForShutdown()
		_ = os.RemoveAll(embedded.dir)
	}
}

// publisher and subscriber release the server once they are closed.
type publisher struct {
	message.Publisher
	release func()
}

func (p publisher) Close() error {
	defer p.release()
	return p.Publisher.Close()
}

type subscriber struct {
	message.Subscriber
	release func()
}

func (s subscriber) Close() error {
	defer s.release()
	return s.Subscriber.Close()
}
