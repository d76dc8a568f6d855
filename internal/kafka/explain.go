package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// How long a failure to connect must last before it is taken as permanent.
const (
	atOnce   time.Duration = 0
	soon     time.Duration = 2 * time.Second  // the broker is up, and closes the connection
	later    time.Duration = 15 * time.Second // so does the port of a container whose broker is starting
	whenever time.Duration = math.MaxInt64    // trying again may help
)

// franz-go's words where it has no error value.
const (
	tlsAlert   = "appear to be a tls alert record"
	httpReply  = "the beginning of an HTTP response"
	largeReply = "invalid large response size"
	badReply   = "invalid negative response size"
	saslAbsent = "is SASL missing?"
	badToken   = "unexpected data in oauth response"
)

// Explain says in the user's terms why a broker can't be talked to, where err
// is such a reason, and marks it as permanent if trying again won't help. Any
// other error is returned as it is.
func (o *Options) Explain(err error) error {
	text, patience := o.explain(err)
	switch {
	case text == "":
		return err
	case patience == atOnce:
		return pipeline.Permanent(explained(text, err))
	}
	return explained(text, err)
}

func explained(text string, err error) error {
	var firstRead *kgo.ErrFirstReadEOF
	if errors.As(err, &firstRead) {
		err = errors.Unwrap(firstRead) // its text is a guess too
	}
	return fmt.Errorf("%s (%w)", text, err)
}

// explain returns "" for what it doesn't know.
func (o *Options) explain(err error) (text string, patience time.Duration) {
	if text := o.explainSASL(err); text != "" {
		return text, atOnce
	}
	if text := explainTLS(err); text != "" {
		return text, atOnce
	}
	var firstRead *kgo.ErrFirstReadEOF
	message := err.Error()
	switch {
	case strings.Contains(message, tlsAlert):
		return "the broker wants TLS on this port: add tls, or name its plain port", atOnce
	case strings.Contains(message, httpReply):
		return "a web server, not a Kafka broker, listens there", atOnce
	case strings.Contains(message, largeReply), strings.Contains(message, badReply):
		return "what listens there is not a Kafka broker", atOnce
	case strings.Contains(message, saslAbsent):
		return "the broker closes the connection: add sasl if it wants a login", soon
	case errors.As(err, &firstRead) && o.TLS != nil, isReset(err) && o.TLS != nil:
		return "the broker closes the connection: remove tls, or name its TLS port, if this is its plain one", later
	case errors.As(err, &firstRead):
		return "the broker closes the connection: add tls, or name its plain port, if this is its TLS one", later
	case o.SASL != nil && errors.Is(err, io.EOF):
		return "the broker closes the connection at login: check " + o.secrets() + ", and whether this port takes a login", soon
	}
	return "", whenever
}

func (o *Options) explainSASL(err error) string {
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed), strings.Contains(err.Error(), badToken):
		return "the broker refuses the login: check " + o.secrets()
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return "the broker doesn't offer this sasl.mechanism"
	case errors.Is(err, kerr.IllegalSaslState):
		return "the broker takes no login on this port: remove sasl, or name its SASL port"
	}
	return ""
}

// secrets names the options of a login.
func (o *Options) secrets() string {
	if o.SASL != nil && o.SASL.Mechanism == saslOAuth {
		return "sasl.token"
	}
	return "sasl.username and sasl.password"
}

func explainTLS(err error) string {
	var (
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
		remote  *net.OpError
	)
	switch {
	case errors.As(err, &unknown):
		return "the broker's certificate comes from an authority that is not trusted: name its CA's certificate with tls.ca"
	case errors.As(err, &host):
		return "the broker's certificate is for another name: name the broker by it, or set tls.server_name"
	case errors.As(err, &invalid):
		return "the broker's certificate is not valid"
	case errors.As(err, &record):
		return "the broker doesn't speak TLS on this port: remove tls, or name its TLS port"
	case errors.As(err, &remote) && remote.Op == "remote error":
		return "the broker refuses the TLS connection: check the client's certificate, tls.cert and tls.key"
	}
	return ""
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// reason says in a few words why a broker didn't answer.
func (o *Options) reason(err error) string {
	if text, _ := o.explain(err); text != "" {
		return text
	}
	var (
		dns   *net.DNSError
		errno syscall.Errno
		timed interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &dns):
		return dns.Err
	case errors.As(err, &errno):
		return errno.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timed) && timed.Timeout():
		return "no answer"
	}
	return err.Error()
}
