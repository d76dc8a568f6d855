package cmd

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
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
		o := replayOptions{csv: text.Draw(t, "csv"), topic: "t", key: text.Draw(t, "key"), types: []string{text.Draw(t, "column") + "=float"}}
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
			column, _ := strings.CutSuffix(o.types[0], "=float")
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
