package cmd

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"
)

// csvFlags are the flags that say how a CSV is written.
type csvFlags struct {
	timestamp, types, null []string
	texts                  []textFlag
}

// textFlag is a flag whose name is that of an option, with dashes for
// underscores, and what it holds.
type textFlag struct{ name, usage, value string }

func addTexts(f *pflag.FlagSet, flags []textFlag) {
	for i := range flags {
		f.StringVar(&flags[i].value, flags[i].name, "", flags[i].usage)
	}
}

// add adds a flag for what the first rows of a CSV may not tell.
func (c *csvFlags) add(f *pflag.FlagSet) {
	c.texts = []textFlag{
		{name: "format", usage: "read event times as `FORMAT`: rfc3339, unix, unix_ms, unix_us, unix_ns or a pattern such as '%d/%m/%Y %H:%M:%S' (default found from the first rows)"},
		{name: "timezone", usage: "take times that are written without a zone as those of `ZONE`, such as Europe/Paris (default UTC)"},
		{name: "dst", usage: "take local times that the clocks show twice, or skip, as `WHICH` of the two: earlier, later, or reject them"},
		{name: "delimiter", usage: "read fields that are separated by `CHARACTER`, such as ';' or tab (default ,)"},
		{name: "decimal", usage: "read numbers with `CHARACTER` before the fraction, . or , (default .)"},
	}
	f.StringArrayVar(&c.timestamp, "timestamp", nil, "take the rows' event time from `COLUMN` (default the only one that holds times); twice for a date and a time of day")
	f.StringArrayVar(&c.types, "type", nil, "read a column as `COLUMN=TYPE`: int, float, bool or string; may be repeated (default found from the first rows)")
	f.StringArrayVar(&c.null, "null-values", nil, "read the cell `TEXT` as no value, as an empty one is; may be repeated")
	addTexts(f, c.texts)
}

// setCSV sets the source.
func (d *draft) setCSV(path string, flags csvFlags) {
	d.say = flags.say
	set := func(flag string, value *yaml.Node, option ...string) {
		d.set(flag, value, append([]string{"source", "csv"}, option...)...)
	}
	set("CSV", textNode(path), "path")
	if len(flags.timestamp) > 0 {
		set(repeated("--timestamp", flags.timestamp), textNodes(flags.timestamp), "timestamp")
	}
	for _, t := range flags.texts {
		if t.value != "" {
			set("--"+t.name+" "+t.value, textNode(t.value), t.name)
		}
	}
	if len(flags.null) > 0 {
		set(repeated("--null-values", flags.null), textNodes(flags.null), "null_values")
	}
	for _, columnType := range flags.types {
		flag := "--type " + columnType
		if i := strings.LastIndexByte(columnType, '='); i > 0 {
			set(flag, textNode(columnType[i+1:]), "types", literal(columnType[:i]))
		} else {
			d.fail(flag, errors.New("wants COLUMN=TYPE, such as value=float"))
		}
	}
}

// say returns the flag that sets an option of the source, as Env.Setting does.
func (c *csvFlags) say(option, value string) string {
	name, key, _ := strings.Cut(option, ".")
	switch {
	case name == "types" && key != "":
		value = key + "=" + value
		name = "type"
	case name == "timestamp", name == "null_values", slices.ContainsFunc(c.texts, func(t textFlag) bool { return t.name == name }):
		name = strings.ReplaceAll(name, "_", "-")
	default:
		return saySet(option, value)
	}
	return strings.TrimSpace("--" + name + " " + inShell(value))
}

// saySet returns the flag --set that sets an option of the csv source.
func saySet(option, value string) string {
	if value == "" {
		return "--set source.csv." + option + "=…"
	}
	return "--set " + inShell("source.csv."+option+"="+value)
}

var plainInShell = regexp.MustCompile(`^[A-Za-z0-9_.=,:/+-]*$`)

// inShell returns a text as it is written in a shell, in quotes if need be.
func inShell(text string) string {
	if plainInShell.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// repeated is a flag that was given for each of the values.
func repeated(flag string, values []string) string {
	return flag + " " + strings.Join(values, " "+flag+" ")
}
