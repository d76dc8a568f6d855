//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

// The options of a connection say how to log in and whom to trust. What is
// wrong about them ends a pipeline with one line that says what to do.
func TestIntegrationSecurity(t *testing.T) {
	t.Parallel()
	certs := kafkatest.NewCerts(t)
	c := startCluster(t, kafkatest.WithLogin("alice", "secret"), kafkatest.WithTLS(certs))
	const n = 100
	for _, tt := range []struct {
		name, broker, options string
		want                  string // "": it works
	}{
		{"SCRAM 256", c.SASLAddr(), "sasl: {mechanism: SCRAM-SHA-256, username: alice, password: secret}", ""},
		{"SCRAM 512", c.SASLAddr(), "sasl: {mechanism: SCRAM-SHA-512, username: alice, password: secret}", ""},
		{"PLAIN", c.SASLAddr(), "sasl: {mechanism: PLAIN, username: alice, password: secret}", ""},
		{"token", c.SASLAddr(), "sasl: {mechanism: OAUTHBEARER, token: " + kafkatest.UnsecuredToken() + "}", ""},
		{"CA", c.TLSAddr(), "tls: {ca: " + certs.CA + "}", ""},
		{"wrong password", c.SASLAddr(), "sasl: {mechanism: SCRAM-SHA-512, username: alice, password: wrong}",
			"the broker refuses the login: check sasl.username and sasl.password"},
		{"unknown CA", c.TLSAddr(), "tls: {}",
			"the broker's certificate comes from an authority that is not trusted: name its CA's certificate with tls.ca"},
		{"no TLS", c.TLSAddr(), "client_id: plain", "the broker wants TLS on this port: add tls, or name its plain port"},
	} {
		for plugin, form := range map[string]struct{ source, sink string }{
			"kafka":     {"kafka: {topics: %s, %s}", "kafka: {topic: %s, %s}"},
			"watermill": {"watermill: {topic: %s, pubsub: {kafka: {%s}}}", "watermill: {topic: %s, pubsub: {kafka: {%s}}}"},
		} {
			t.Run(plugin+" "+tt.name, func(t *testing.T) {
				topic := strings.ReplaceAll(plugin+"-"+tt.name, " ", "-")
				dir := folder(t, map[string]string{
					"rows.csv":     rows(n, time.Second),
					"produce.yaml": fmt.Sprintf("source: {csv: {path: rows.csv}}\nsink: {"+form.sink+"}\n", topic, tt.options),
					"consume.yaml": fmt.Sprintf("source: {"+form.source+"}\nsink: print\n", topic, tt.options)})
				p := start(t, dir, tt.broker, "produce.yaml", "consume.yaml", "--limit", fmt.Sprint(n))
				if tt.want == "" {
					p.exits(0, patience)
					allInOrder(t, numbers(t, lines(p.stdout.String())), n)
					return
				}
				p.exits(1, 10*time.Second)
				for name, end := range map[string]string{"produce": "sink", "consume": "source"} {
					p.failedWith(name, fmt.Sprintf("%s %s: can't connect to the Kafka broker %s: %s (", end, plugin, tt.broker, tt.want))
				}
			})
		}
	}
}
