//go:build integration

package kafka

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

func TestIntegrationConnect(t *testing.T) {
	certs, others := kafkatest.NewCerts(t), kafkatest.NewCerts(t)
	login := kafkatest.Start(t, kafkatest.WithLogin("alice", "secret"), kafkatest.WithTLS(certs))
	mutual := kafkatest.Start(t, kafkatest.WithTLS(certs), kafkatest.WithClientCert())
	user := func(mechanism, name, password string) *SASL {
		return &SASL{Mechanism: mechanism, Username: name, Password: password}
	}
	token := func(token string) *SASL { return &SASL{Mechanism: saslOAuth, Token: token} }
	const refused = "the broker refuses the login: check sasl.username and sasl.password"
	ca := &TLS{CA: certs.CA}

	for _, test := range []struct {
		name, broker string
		tls          *TLS
		sasl         *SASL
		want         string // "": connects
	}{
		{"plain", login.Addr(), nil, nil, ""},
		{"PLAIN", login.SASLAddr(), nil, user(saslPlain, "alice", "secret"), ""},
		{"SCRAM-SHA-256", login.SASLAddr(), nil, user(saslScram256, "alice", "secret"), ""},
		{"SCRAM-SHA-512", login.SASLAddr(), nil, user(saslScram512, "alice", "secret"), ""},
		{"OAUTHBEARER", login.SASLAddr(), nil, token(kafkatest.UnsecuredToken()), ""},
		{"TLS", login.TLSAddr(), ca, nil, ""},
		{"mutual TLS", mutual.TLSAddr(), &TLS{CA: certs.CA, Cert: certs.ClientCert, Key: certs.ClientKey}, nil, ""},
		{"PLAIN, wrong password", login.SASLAddr(), nil, user(saslPlain, "alice", "x"), refused},
		{"SCRAM-SHA-256, wrong password", login.SASLAddr(), nil, user(saslScram256, "alice", "x"), refused},
		{"SCRAM-SHA-512, wrong user", login.SASLAddr(), nil, user(saslScram512, "bob", "secret"), refused},
		{"OAUTHBEARER, wrong token", login.SASLAddr(), nil, token("x"), "the broker refuses the login: check sasl.token"},
		{"login missing", login.SASLAddr(), nil, nil, "add sasl if it wants a login"},
		{"login to a plain port", login.Addr(), nil, user(saslPlain, "alice", "secret"), "the broker takes no login on this port"},
		{"plain to a TLS port", login.TLSAddr(), nil, nil, "the broker wants TLS on this port: add tls"},
		{"TLS to a plain port", login.Addr(), ca, nil, "remove tls, or name its TLS port"},
		{"another CA", login.TLSAddr(), &TLS{CA: others.CA}, nil, "comes from an authority that is not trusted"},
		{"system's CAs", login.TLSAddr(), &TLS{}, nil, "comes from an authority that is not trusted"},
		{"another name", login.TLSAddr(), &TLS{CA: certs.CA, ServerName: "kafka.example"}, nil, "is for another name"},
		{"client certificate missing", mutual.TLSAddr(), ca, nil, "check the client's certificate"},
		{"client certificate untrusted", mutual.TLSAddr(), &TLS{CA: certs.CA, Cert: others.ClientCert, Key: others.ClientKey}, nil,
			"check the client's certificate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			o := &Options{Brokers: []string{test.broker}, TLS: test.tls, SASL: test.sasl, ClientID: "test"}
			client, err := Connect(ctx, o, kafkatest.NewLog(t).Logger())
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

// A client tells of a broker that is gone, and of its return.
func TestIntegrationBrokerWatch(t *testing.T) {
	c := kafkatest.Start(t)
	o := &Options{Brokers: []string{c.Addr()}, ClientID: "test"}
	log := kafkatest.NewLog(t)
	client, err := Connect(t.Context(), o, log.Logger())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := client.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	c.Stop()
	for len(log.Lines()[0]) == 0 {
		if err := client.Ping(ctx); err == nil {
			t.Fatal("a stopped broker answers")
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Fatal("no word of the broker that is gone")
		}
		<-time.After(50 * time.Millisecond)
	}
	c.Restart()
	if err := client.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines := log.Lines()
	if len(lines) != 2 || !strings.Contains(lines[0], "a Kafka broker doesn't answer; trying again until it does") ||
		!strings.Contains(lines[1], "the Kafka broker answers again") {
		t.Errorf("log %q", lines)
	}
}
