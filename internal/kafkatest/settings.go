package kafkatest

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Option changes how Kafka is set up.
type Option func(*settings)

type settings struct {
	user, password string
	certs          *Certs
	clientCert     bool
	properties     map[string]string
}

// WithLogin adds a listener, see [Cluster.SASLAddr], on which this user logs
// in with PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, or any user with an unsecured
// OAUTHBEARER token.
func WithLogin(user, password string) Option {
	return func(s *settings) { s.user, s.password = user, password }
}

// WithTLS adds a listener, see [Cluster.TLSAddr], that has the server's
// certificate.
func WithTLS(c *Certs) Option { return func(s *settings) { s.certs = c } }

// WithClientCert lets the TLS listener take only clients that have a
// certificate.
func WithClientCert() Option { return func(s *settings) { s.clientCert = true } }

// WithProperty sets a property of the broker.
func WithProperty(name, value string) Option {
	return func(s *settings) { s.properties[name] = value }
}

var scramMechanisms = []string{"SCRAM-SHA-256", "SCRAM-SHA-512"}

const log4j = `appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1}: %m%n
rootLogger.level=info
rootLogger.appenderRef.console.ref=console
`

// serverProperties returns the text of the broker's configuration file.
func (s *settings) serverProperties(dir string, p ports) string {
	listeners := []string{"PLAIN://" + addr(p.plain)}
	all := map[string]string{
		"process.roles":                  "broker,controller",
		"node.id":                        "1",
		"controller.quorum.voters":       "1@" + addr(p.controller),
		"controller.listener.names":      "CONTROLLER",
		"inter.broker.listener.name":     "PLAIN",
		"listener.security.protocol.map": "PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL",
		"log.dirs":                       filepath.ToSlash(filepath.Join(dir, "data")),

		"offsets.topic.replication.factor":                 "1",
		"offsets.topic.num.partitions":                     "1",
		"transaction.state.log.replication.factor":         "1",
		"transaction.state.log.min.isr":                    "1",
		"transaction.state.log.num.partitions":             "1",
		"share.coordinator.state.topic.replication.factor": "1",
		"share.coordinator.state.topic.min.isr":            "1",
		"group.initial.rebalance.delay.ms":                 "0",

		// A killed broker can be started again once its session is over.
		"broker.session.timeout.ms":    "3000",
		"broker.heartbeat.interval.ms": "500",
	}
	if s.user != "" {
		listeners = append(listeners, "SASL://"+addr(p.sasl))
		s.addLogin(all)
	}
	if s.certs != nil {
		listeners = append(listeners, "TLS://"+addr(p.tls))
		s.addTLS(all)
	}
	all["advertised.listeners"] = strings.Join(listeners, ",")
	all["listeners"] = strings.Join(append(listeners, "CONTROLLER://"+addr(p.controller)), ",")
	maps.Copy(all, s.properties)

	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&text, "%s=%s\n", name, all[name])
	}
	return text.String()
}

func (s *settings) addLogin(to map[string]string) {
	const prefix = "listener.name.sasl."
	const module = "org.apache.kafka.common.security."
	to[prefix+"sasl.enabled.mechanisms"] = "PLAIN,OAUTHBEARER," + strings.Join(scramMechanisms, ",")
	to[prefix+"plain.sasl.jaas.config"] = fmt.Sprintf(`%splain.PlainLoginModule required user_%s="%s";`, module, s.user, s.password)
	to[prefix+"oauthbearer.sasl.jaas.config"] = module + `oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="any";`
	for _, mechanism := range scramMechanisms {
		to[prefix+strings.ToLower(mechanism)+".sasl.jaas.config"] = module + "scram.ScramLoginModule required;"
	}
}

func (s *settings) addTLS(to map[string]string) {
	const prefix = "listener.name.tls."
	to[prefix+"ssl.keystore.type"] = "PEM"
	to[prefix+"ssl.keystore.location"] = filepath.ToSlash(s.certs.ServerStore)
	to[prefix+"ssl.truststore.type"] = "PEM"
	to[prefix+"ssl.truststore.location"] = filepath.ToSlash(s.certs.CA)
	if s.clientCert {
		to[prefix+"ssl.client.auth"] = "required"
	}
}
