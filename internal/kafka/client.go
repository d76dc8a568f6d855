// Package kafka holds what the Kafka source and sink share: the options of a
// connection, a client that says why it can't connect, and the embedded broker
// that serves pipelines which name no other.
package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// idleTimeout is how long an unused connection stays open: as long as with
// Java's clients, and longer than the five minutes after which a client asks
// for metadata. A client in a long pause so stays connected, and an embedded
// broker knows that it is there.
const idleTimeout = 9 * time.Minute

// ClientOpts returns the options for a client that connects to o.Brokers. An
// unreadable certificate is a permanent error.
func (o *Options) ClientOpts(log *slog.Logger) ([]kgo.Opt, error) {
	opts := []kgo.Opt{
		kgo.SeedBrokers(o.Brokers...),
		kgo.ClientID(o.ClientID),
		kgo.WithLogger(clientLog{log}),
		kgo.ConnIdleTimeout(idleTimeout),
	}
	if o.TLS != nil {
		config, err := o.TLS.Config()
		if err != nil {
			return nil, pipeline.Permanent(err)
		}
		opts = append(opts, kgo.DialTLSConfig(config), kgo.DialTimeout(dialTimeout))
	} else {
		opts = append(opts, kgo.Dialer(DialContext))
	}
	if o.SASL != nil {
		opts = append(opts, kgo.SASL(o.SASL.Login()))
	}
	return opts, nil
}

// Config returns what a TLS connection is made with. An unreadable certificate is
// an error.
func (t *TLS) Config() (*tls.Config, error) {
	c := &tls.Config{ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fieldError("tls.ca", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fieldError("tls.ca", fmt.Errorf("%s holds no certificate in PEM form", t.CA))
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fieldError("tls.cert", fmt.Errorf("can't use %s with the key %s: %w", t.Cert, t.Key, err))
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// Login returns what logs in, with the mechanism that is chosen.
func (s *SASL) Login() sasl.Mechanism {
	switch s.Mechanism {
	case saslScram256:
		return scram.Auth{User: s.Username, Pass: s.Password}.AsSha256Mechanism()
	case saslScram512:
		return scram.Auth{User: s.Username, Pass: s.Password}.AsSha512Mechanism()
	case saslOAuth:
		return oauth.Auth{Token: s.Token}.AsMechanism()
	default:
		return plain.Auth{User: s.Username, Pass: s.Password}.AsMechanism()
	}
}
