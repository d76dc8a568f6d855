package cmd

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/spf13/pflag"
	"pgregory.net/rapid"
)

// option returns the text of an option of a plugin.
func option(t interface{ Fatalf(string, ...any) }, options pipeline.Node, path ...string) string {
	for _, name := range path {
		entries, err := options.Entries()
		if err != nil {
			t.Fatalf("%v", err)
		}
		for _, e := range entries {
			if e.Key.YAML.Value == name {
				options = e.Value
			}
		}
	}
	return options.YAML.Value
}

// Whatever is in the arguments comes to the plugins as it is, be it read from
// the flags or from the YAML that they print.
func TestReplayKeepsTexts(t *testing.T) {
	text := rapid.OneOf(
		rapid.StringN(1, -1, 50),
		rapid.StringMatching(`[-${}#&*!|>'"%@,:\[\]? \n\t~a0.]{1,12}`),
		rapid.SampledFrom([]string{"-", "null", "1", "true", "${HOME}", "$${HOME}", "<<", "a: b", "# a", strings.Repeat("long ", 60)}),
	).Filter(utf8.ValidString)
	rapid.Check(t, func(t *rapid.T) {
		o := replayOptions{csv: text.Draw(t, "csv"), topic: "t", key: text.Draw(t, "key"), format: csvFlags{types: []string{text.Draw(t, "column") + "=float"}}}
		o.speed = "2.5"
		plan, written, err := o.plan()
		if err != nil {
			t.Fatal(err)
		}
		saved, err := config.Parse("replay.yaml", written, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		for _, p := range []*config.Plan{plan, saved} {
			column, _ := strings.CutSuffix(o.format.types[0], "=float")
			for _, c := range []struct{ got, want string }{
				{option(t, p.Source.Node, "path"), o.csv},
				{option(t, p.Source.Node, "types", column), "float"},
				{option(t, p.Sink.Node, "key"), o.key},
			} {
				if c.got != c.want {
					t.Fatalf("%q becomes %q:\n%s", c.want, c.got, written)
				}
			}
			if p.Pace.Speed != 2.5 {
				t.Fatal(p.Pace)
			}
		}
	})
}

// A login and TLS come to the connection of the one Kafka end.
func TestKafkaFlags(t *testing.T) {
	t.Setenv("SECRET", "5")
	const brokers = "a:1, b:2"
	flags := []string{"tls.ca=ca.pem", "tls.server_name=kafka", "sasl={mechanism: PLAIN, username: me}", "sasl.password=${SECRET}"}
	want := kafka.DefaultOptions()
	want.Brokers = []string{"a:1", "b:2"}
	want.TLS = &kafka.TLS{CA: "ca.pem", ServerName: "kafka"}
	want.SASL = &kafka.SASL{Mechanism: "PLAIN", Username: "me", Password: "5"}
	replay := replayOptions{csv: "-", topic: "t", kafka: flags}
	replay.speed, replay.brokers = "max", brokers
	one, _, err := replay.plan()
	if err != nil {
		t.Fatal(err)
	}
	tail := tailOptions{topics: []string{"t", "u"}, kafka: flags, brokers: brokers}
	other, err := tail.plan(&console{})
	if err != nil {
		t.Fatal(err)
	}
	for _, plan := range []*config.Plan{one, other} {
		if diff := cmp.Diff([]*kafka.Options{&want}, kafkaEnds([]*config.Plan{plan})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSettingsInFlags(t *testing.T) {
	var c csvFlags
	c.add(pflag.NewFlagSet("", pflag.ContinueOnError))
	for _, tc := range []struct{ option, value, want string }{
		{"delimiter", ";", "--delimiter ';'"},
		{"format", "", "--format"},
		{"timestamp", "it's", `--timestamp 'it'\''s'`},
		{"null_values", "n/a", "--null-values n/a"},
		{"types.a b", "float", "--type 'a b=float'"},
		{"header", "false", "--set source.csv.header=false"},
		{"columns", "", "--set source.csv.columns=…"},
	} {
		if got := c.say(tc.option, tc.value); got != tc.want {
			t.Errorf("%s %q is %s, want %s", tc.option, tc.value, got, tc.want)
		}
	}
}

func TestReplayName(t *testing.T) {
	for topic, want := range map[string]string{
		"my-stream": "replay-my-stream", "a.b_C9": "replay-a.b_C9", "t t/é": "replay-t-t--", "": "replay-",
		strings.Repeat("x", 249): "replay-" + strings.Repeat("x", nameCut),
	} {
		if got := replayName(topic); got != want {
			t.Errorf("%q is replayed by %q, want %q", topic, got, want)
		}
	}
}
