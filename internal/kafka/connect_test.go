package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/freeport"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fakeCluster is a broker with more than the embedded one offers.
func fakeCluster(t *testing.T, opts ...kfake.Opt) (addr string, c *kfake.Cluster) {
	t.Helper()
	c, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()[0], c
}

func serverTLS(t *testing.T, c *kafkatest.Certs) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(c.ServerCert, c.ServerKey)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(pem)
	return &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: clients}
}

func TestConnect(t *testing.T) {
	certs, others := kafkatest.NewCerts(t), kafkatest.NewCerts(t)
	login, _ := fakeCluster(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "alice", "secret"),
		kfake.Superuser("SCRAM-SHA-256", "alice", "secret"), kfake.Superuser("SCRAM-SHA-512", "alice", "secret"))
	refuses, cluster := fakeCluster(t, kfake.EnableSASL())
	cluster.ControlKey(kmsg.SASLAuthenticate.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		resp := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		resp.ErrorCode = kerr.SaslAuthenticationFailed.Code
		return resp, nil, true
	})
	secure, _ := fakeCluster(t, kfake.TLS(serverTLS(t, certs)))
	config := serverTLS(t, certs)
	config.ClientAuth = tls.RequireAndVerifyClientCert
	mutual, _ := fakeCluster(t, kfake.TLS(config))
	plain := startBroker(t, BrokerConfig{}).Addr()
	web := serve(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") })
	ssh := serve(t, func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-server\r\n") })

	scram := func(mechanism, password string) *SASL {
		return &SASL{Mechanism: mechanism, Username: "alice", Password: password}
	}
	for name, test := range map[string]struct {
		options Options
		want    string // "": connects
	}{
		"plain":           {Options{Brokers: []string{plain}}, ""},
		"one of several":  {Options{Brokers: []string{freeport.Addr(), web, plain}}, ""},
		"PLAIN":           {Options{Brokers: []string{login}, SASL: scram("PLAIN", "secret")}, ""},
		"SCRAM-SHA-256":   {Options{Brokers: []string{login}, SASL: scram("SCRAM-SHA-256", "secret")}, ""},
		"SCRAM-SHA-512":   {Options{Brokers: []string{login}, SASL: scram("SCRAM-SHA-512", "secret")}, ""},
		"TLS":             {Options{Brokers: []string{secure}, TLS: &TLS{CA: certs.CA}}, ""},
		"mutual TLS":      {Options{Brokers: []string{mutual}, TLS: &TLS{CA: certs.CA, Cert: certs.ClientCert, Key: certs.ClientKey}}, ""},
		"no broker named": {Options{}, "brokers: none are named"},
		"wrong password":  {Options{Brokers: []string{refuses}, SASL: scram("SCRAM-SHA-256", "x")}, "the broker refuses the login: check sasl.username and sasl.password"},
		"wrong password, connection closed": {Options{Brokers: []string{login}, SASL: scram("PLAIN", "x")},
			"the broker closes the connection at login"},
		"mechanism not offered": {Options{Brokers: []string{login}, SASL: &SASL{Mechanism: "OAUTHBEARER", Token: "x"}},
			"the broker doesn't offer this sasl.mechanism"},
		"no login where one is wanted": {Options{Brokers: []string{login}}, "the broker closes the connection: add sasl if it wants a login"},
		"unknown CA": {Options{Brokers: []string{secure}, TLS: &TLS{}},
			"the broker's certificate comes from an authority that is not trusted: name its CA's certificate with tls.ca"},
		"another CA": {Options{Brokers: []string{secure}, TLS: &TLS{CA: others.CA}},
			"the broker's certificate comes from an authority that is not trusted"},
		"another name": {Options{Brokers: []string{secure}, TLS: &TLS{CA: certs.CA, ServerName: "kafka.example"}},
			"the broker's certificate is for another name"},
		"no client certificate": {Options{Brokers: []string{mutual}, TLS: &TLS{CA: certs.CA}},
			"the broker refuses the TLS connection: check the client's certificate"},
		"untrusted client certificate": {Options{Brokers: []string{mutual}, TLS: &TLS{CA: certs.CA, Cert: others.ClientCert, Key: others.ClientKey}},
			"the broker refuses the TLS connection: check the client's certificate"},
		"TLS to a web server": {Options{Brokers: []string{web}, TLS: &TLS{}}, "the broker doesn't speak TLS on this port"},
		"a web server":        {Options{Brokers: []string{web}}, "a web server, not a Kafka broker, listens there"},
		"another protocol":    {Options{Brokers: []string{ssh}}, "what listens there is not a Kafka broker"},
		"unreadable CA":       {Options{Brokers: []string{secure}, TLS: &TLS{CA: "none.pem"}}, "tls.ca: open none.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.options.ClientID = "test"
			client, err := Connect(t.Context(), &test.options, kafkatest.NewLog(t).Logger())
			if err == nil {
				client.Close()
			}
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !pipeline.IsPermanent(err)):
				t.Errorf("error %v, want a permanent one with %q", err, test.want)
			}
		})
	}
}

// What may be the port of a container whose broker is starting is not given
// up at once.
func TestHopeless(t *testing.T) {
	for name, test := range map[string]struct {
		options Options
		to      string
	}{
		"plain to TLS": {Options{}, "tls"},
		"TLS to plain": {Options{TLS: &TLS{}}, "plain"},
	} {
		t.Run(name, func(t *testing.T) {
			o := test.options
			o.ClientID = "test"
			if test.to == "tls" {
				addr, _ := fakeCluster(t, kfake.TLS(serverTLS(t, kafkatest.NewCerts(t))))
				o.Brokers = []string{addr}
			} else {
				o.Brokers = []string{startBroker(t, BrokerConfig{}).Addr()}
			}
			errs := pingOnce(t, &o)
			if err := o.hopeless(errs, later-time.Second); err != nil {
				t.Errorf("soon: %v, want to try again", err)
			}
			err := o.hopeless(errs, later)
			if err == nil || !pipeline.IsPermanent(err) || !strings.Contains(err.Error(), "tls") {
				t.Errorf("later: %v, want a permanent error that speaks of tls", err)
			}
		})
	}
}

func pingOnce(t *testing.T, o *Options) []error {
	t.Helper()
	opts, err := o.ClientOpts(kafkatest.NewLog(t).Logger())
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	errs := ping(t.Context(), client)
	if errs == nil {
		t.Fatal("the broker answers")
	}
	return errs
}

func TestConnectWaits(t *testing.T) {
	addr := freeport.Addr()
	silent := serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	o := Options{Brokers: []string{addr, silent, "nohost.invalid:1"}, ClientID: "test"}
	log := kafkatest.NewLog(t)
	began := time.Now()
	connected := make(chan error, 1)
	go func() {
		client, err := Connect(t.Context(), &o, log.Logger())
		if err == nil {
			client.Close()
		}
		connected <- err
	}()
	eventually(t, "a warning", func() bool { return len(log.Lines()[0]) > 0 })
	if waited := time.Since(began); waited > 5*time.Second {
		t.Errorf("the first warning came after %v", waited)
	}
	startBroker(t, BrokerConfig{Listen: addr})
	if err := <-connected; err != nil {
		t.Fatal(err)
	}
	lines := log.Lines()
	if len(lines) != 2 {
		t.Fatalf("log %q, want a warning and the news that a broker answers", lines)
	}
	want := `level=WARN msg="no Kafka broker answers; trying again until one does" brokers="` +
		addr + ` (connection refused), ` + silent + ` (no answer), nohost.invalid:1 (`
	if !strings.HasPrefix(lines[0], want) {
		t.Errorf("warning %s\nwant    %s…", lines[0], want)
	}
	if !strings.HasPrefix(lines[1], `level=INFO msg="a Kafka broker answers" after=`) {
		t.Errorf("news %s", lines[1])
	}
}

func TestConnectEnds(t *testing.T) {
	for name, broker := range map[string]string{
		"refused": freeport.Addr(),
		"silent":  serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, err := Connect(ctx, &Options{Brokers: []string{broker}, ClientID: "test"}, kafkatest.NewLog(t).Logger())
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			if waited := time.Since(began); waited > time.Second {
				t.Errorf("ended after %v", waited)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	o := Options{}
	other := errors.New("other")
	if got := o.Explain(other); got != other {
		t.Errorf("an unknown error became %v", got)
	}
	if got := o.Explain(kerr.SaslAuthenticationFailed); !pipeline.IsPermanent(got) || !errors.Is(got, kerr.SaslAuthenticationFailed) {
		t.Errorf("%v, want it permanent and still itself", got)
	}
	if got := o.Explain(errors.New(saslAbsent)); pipeline.IsPermanent(got) || got.Error() == saslAbsent {
		t.Errorf("%v, want it explained and not permanent", got)
	}
}

func TestConnectionFillsIn(t *testing.T) {
	end := struct{ Options }{DefaultOptions()}
	var any interface{ Connection() *Options } = &end
	any.Connection().Brokers = []string{"a:1"}
	if diff := cmp.Diff([]string{"a:1"}, end.Brokers); diff != "" {
		t.Error(diff)
	}
}
