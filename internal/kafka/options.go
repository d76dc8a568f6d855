package kafka

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/pipeline-daemon/pipeline"
)

// Options say how to connect to a Kafka cluster. The Kafka source and sink
// embed them.
type Options struct {
	Brokers  []string `yaml:"brokers" doc:"HOST:PORT of one or more brokers; the default is KAFKA_BROKERS, else localhost:9092, where a broker is started if nothing listens"`
	TLS      *TLS     `yaml:"tls" doc:"connect with TLS; {} trusts the system's certificate authorities"`
	SASL     *SASL    `yaml:"sasl" doc:"log in"`
	ClientID string   `yaml:"client_id" doc:"the name under which brokers see this client"`
}

// TLS is how to connect with TLS.
type TLS struct {
	CA         string `yaml:"ca" doc:"PEM file of the certificate authorities to trust; the default is the system's"`
	Cert       string `yaml:"cert" doc:"PEM file of the client's certificate, where brokers ask for one"`
	Key        string `yaml:"key" doc:"PEM file of the certificate's private key"`
	ServerName string `yaml:"server_name" doc:"the name that the brokers' certificates are for; the default is the host of each broker"`
}

// SASL is how to log in.
type SASL struct {
	Mechanism string `yaml:"mechanism" doc:"PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"`
	Username  string `yaml:"username" doc:"the user, for PLAIN and SCRAM"`
	Password  string `yaml:"password" doc:"the user's password; best ${NAME}, from the environment"`
	Token     string `yaml:"token" doc:"the token, for OAUTHBEARER"`
}

// The SASL mechanisms.
const (
	saslPlain    = "PLAIN"
	saslScram256 = "SCRAM-SHA-256"
	saslScram512 = "SCRAM-SHA-512"
	saslOAuth    = "OAUTHBEARER"
)

// DefaultOptions returns the options that are not named.
func DefaultOptions() Options { return Options{ClientID: "pipeline"} }

// Connection returns the options, so that brokers can be filled in wherever
// they are embedded.
func (o *Options) Connection() *Options { return o }

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	for _, b := range o.Brokers {
		errs = append(errs, fieldError("brokers", checkBroker(b)))
	}
	if o.ClientID == "" {
		errs = append(errs, fieldError("client_id", errors.New("must not be empty")))
	}
	return errors.Join(append(errs, o.TLS.validate(), o.SASL.validate())...)
}

func fieldError(option string, err error) error {
	if err == nil {
		return nil
	}
	return &pipeline.FieldError{Option: option, Err: err}
}

func checkBroker(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil || host == "" || port == "0" || strings.ContainsAny(host, "/ ") {
		return fmt.Errorf("%q is not a broker's address: want HOST:PORT, such as localhost:9092", addr)
	}
	return nil
}

func (t *TLS) validate() error {
	switch {
	case t == nil:
		return nil
	case t.Cert != "" && t.Key == "":
		return fieldError("tls.cert", errors.New("needs tls.key, the certificate's private key"))
	case t.Key != "" && t.Cert == "":
		return fieldError("tls.key", errors.New("needs tls.cert, the certificate that it is of"))
	}
	return nil
}

func (s *SASL) validate() error {
	if s == nil {
		return nil
	}
	var errs []error
	need := func(option, value string) {
		if value == "" {
			errs = append(errs, fieldError(option, fmt.Errorf("is missing; %s needs it", s.Mechanism)))
		}
	}
	exclude := func(option, value string) {
		if value != "" {
			errs = append(errs, fieldError(option, fmt.Errorf("is not used by %s", s.Mechanism)))
		}
	}
	switch s.Mechanism {
	case saslPlain, saslScram256, saslScram512:
		need("sasl.username", s.Username)
		need("sasl.password", s.Password)
		exclude("sasl.token", s.Token)
	case saslOAuth:
		need("sasl.token", s.Token)
		exclude("sasl.username", s.Username)
		exclude("sasl.password", s.Password)
	default:
		errs = append(errs, fieldError("sasl.mechanism",
			fmt.Errorf("wants %s, %s, %s or %s, not %q", saslPlain, saslScram256, saslScram512, saslOAuth, s.Mechanism)))
	}
	return errors.Join(errs...)
}
