package kafka

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

func decode(t *testing.T, text string) (Options, error) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	end := struct {
		Options `yaml:",inline"`
		Topic   string `yaml:"topic"`
	}{Options: DefaultOptions()}
	err := pipeline.Node{File: "p.yaml", YAML: doc.Content[0]}.Decode(&end)
	return end.Options, err
}

func TestOptions(t *testing.T) {
	for _, test := range []struct {
		yaml string
		want Options
	}{
		{`topic: t`, Options{ClientID: "pipeline"}},
		{`{brokers: [a:1, "[::1]:2"], client_id: me}`, Options{Brokers: []string{"a:1", "[::1]:2"}, ClientID: "me"}},
		{`{brokers: a:1}`, Options{Brokers: []string{"a:1"}, ClientID: "pipeline"}},
		{`tls: {}`, Options{ClientID: "pipeline", TLS: &TLS{}}},
		{`tls: {ca: ca.pem, cert: c.pem, key: c.key, server_name: s}`, Options{ClientID: "pipeline", TLS: &TLS{"ca.pem", "c.pem", "c.key", "s"}}},
		{`sasl: {mechanism: SCRAM-SHA-512, username: u, password: p}`, Options{ClientID: "pipeline", SASL: &SASL{Mechanism: "SCRAM-SHA-512", Username: "u", Password: "p"}}},
		{`sasl: {mechanism: OAUTHBEARER, token: t}`, Options{ClientID: "pipeline", SASL: &SASL{Mechanism: "OAUTHBEARER", Token: "t"}}},
	} {
		got, err := decode(t, test.yaml)
		if err != nil {
			t.Errorf("%s: %v", test.yaml, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.yaml, diff)
		}
	}
}

func TestOptionsErrors(t *testing.T) {
	for _, test := range []struct {
		yaml string
		want []string
	}{
		{`{brokers: [a, "a:0", ":1", "a:b"]}`, []string{
			`p.yaml:1:2: brokers: "a" is not a broker's address: want HOST:PORT, such as localhost:9092`,
			`p.yaml:1:2: brokers: "a:0" is not a broker's address: want HOST:PORT, such as localhost:9092`,
			`p.yaml:1:2: brokers: ":1" is not a broker's address: want HOST:PORT, such as localhost:9092`,
			`p.yaml:1:2: brokers: "a:b" is not a broker's address: want HOST:PORT, such as localhost:9092`,
		}},
		{`client_id: ""`, []string{`p.yaml:1:1: client_id: must not be empty`}},
		{`tls: {cert: c.pem}`, []string{`p.yaml:1:7: tls.cert: needs tls.key, the certificate's private key`}},
		{`tls: {key: c.key}`, []string{`p.yaml:1:7: tls.key: needs tls.cert, the certificate that it is of`}},
		{`sasl: {}`, []string{`p.yaml:1:1: sasl.mechanism: wants PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, not ""`}},
		{`sasl: {mechanism: GSSAPI}`, []string{`p.yaml:1:8: sasl.mechanism: wants PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, not "GSSAPI"`}},
		{`sasl: {mechanism: PLAIN, token: t}`, []string{
			`p.yaml:1:1: sasl.username: is missing; PLAIN needs it`,
			`p.yaml:1:1: sasl.password: is missing; PLAIN needs it`,
			`p.yaml:1:26: sasl.token: is not used by PLAIN`,
		}},
		{`sasl: {mechanism: OAUTHBEARER, password: p}`, []string{
			`p.yaml:1:1: sasl.token: is missing; OAUTHBEARER needs it`,
			`p.yaml:1:32: sasl.password: is not used by OAUTHBEARER`,
		}},
	} {
		_, err := decode(t, test.yaml)
		var got []string
		for _, e := range pipeline.Flatten(err) {
			got = append(got, e.Error())
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.yaml, diff)
		}
	}
}

// Every option says what it is for.
func TestOptionsDoc(t *testing.T) {
	var check func(os []pipeline.Option)
	check = func(os []pipeline.Option) {
		for _, o := range os {
			if o.Doc == "" {
				t.Errorf("option %s has no doc", o.Name)
			}
			check(o.Options)
		}
	}
	check(pipeline.DescribeOptions(DefaultOptions()))
}

func TestClientOptsErrors(t *testing.T) {
	for _, test := range []struct {
		tls  TLS
		want string
	}{
		{TLS{CA: "none.pem"}, "tls.ca: open none.pem: no such file or directory"},
		{TLS{CA: "options_test.go"}, "tls.ca: options_test.go holds no certificate in PEM form"},
		{TLS{Cert: "none.pem", Key: "none.key"}, "tls.cert: can't use none.pem with the key none.key: open none.pem: no such file or directory"},
	} {
		o := Options{TLS: &test.tls}
		_, err := o.ClientOpts(nil)
		var field *pipeline.FieldError
		if err == nil || err.Error() != test.want || !pipeline.IsPermanent(err) || !errors.As(err, &field) {
			t.Errorf("%+v: %v, want a permanent FieldError %q", test.tls, err, test.want)
		}
	}
}
