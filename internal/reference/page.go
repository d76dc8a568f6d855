// Package reference renders what the plugins and the pipeline's keys say of
// themselves, in the tags of their option structs: as pages in Markdown, and
// as the JSON Schema of a pipeline.
package reference

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pipeline-daemon/pipeline"
)

// width is how long the lines of a page are.
const width = 100

// Page returns a plugin's page. A plugin that is not stock has no notes on it.
func Page(p pipeline.Plugin) string { return page(p, notes[id(p)]) }

func id(p pipeline.Plugin) string { return p.Kind + " " + p.Name }

func page(p pipeline.Plugin, notes string) string {
	var w strings.Builder
	fmt.Fprintf(&w, "# %s (%s)\n\n", p.Name, p.Kind)
	if p.Doc != "" {
		writeWrapped(&w, "", sentence(p.Doc))
	}
	writeNotes(&w, notes)
	if len(p.Options) > 0 {
		w.WriteString("\n## Options\n\n")
		writeOptions(&w, "", p.Options)
	}
	if p.Example != "" {
		fmt.Fprintf(&w, "\n## Example\n\n```yaml\n%s```\n", Example(p))
	}
	return w.String()
}

// writeNotes writes paragraphs, and lists and examples, which are indented, as
// they stand.
func writeNotes(w *strings.Builder, notes string) {
	for paragraph := range strings.SplitSeq(strings.TrimSuffix(notes, "\n"), "\n\n") {
		switch {
		case paragraph == "":
		case strings.HasPrefix(paragraph, " "), strings.HasPrefix(paragraph, "\t"):
			w.WriteString("\n" + paragraph + "\n")
		default:
			w.WriteString("\n")
			writeWrapped(w, "", paragraph)
		}
	}
}

// Example returns a pipeline around a plugin's example. It runs on the data
// that comes with the project.
func Example(p pipeline.Plugin) string {
	source, transforms, sink, codec := "csv: {path: data/readings.csv, timestamp: timestamp}", "", "print", ""
	switch p.Kind {
	case "source":
		source = p.Example
	case "transform":
		transforms = "transforms:\n  - " + p.Example + "\n"
	case "sink":
		sink = p.Example
	case "handler":
		transforms = "transforms:\n  - handler:\n      " + p.Example + "\n"
	case "codec":
		source, sink, codec = "kafka: {topics: my-"+p.Name+"-stream}", "kafka: {topic: my-"+p.Name+"-copy}", "codec: "+inline(p.Example)+"\n"
	}
	return "source:" + below(source) + transforms + "sink:" + below(sink) + codec
}

// inline returns {name: options} as it stands on its key's line.
func inline(plugin string) string {
	if strings.Contains(plugin, ": ") {
		return "{" + plugin + "}"
	}
	return plugin
}

// below returns {name: options} on a line of its own, a name on its key's.
func below(plugin string) string {
	if strings.Contains(plugin, ": ") {
		return "\n  " + plugin + "\n"
	}
	return " " + plugin + "\n"
}

// sentence begins and ends a doc as one.
func sentence(doc string) string {
	first, size := utf8.DecodeRuneInString(doc)
	if word, _, _ := strings.Cut(doc, " "); !strings.ContainsAny(word, ":.") { // not the name of an option
		doc = string(unicode.ToUpper(first)) + doc[size:]
	}
	if !strings.HasSuffix(doc, ".") {
		doc += "."
	}
	return doc
}

// writeOptions writes a list of options, with a list in it for those of a
// mapping.
func writeOptions(w *strings.Builder, indent string, options []pipeline.Option) {
	for _, o := range options {
		writeWrapped(w, indent+"- ", optionHead(o)+": "+o.Doc)
		writeOptions(w, indent+"  ", o.Options)
	}
}

// optionHead names an option, with its type and default.
func optionHead(o pipeline.Option) string {
	switch {
	case o.Name == "": // the plugin's whole value
		return "`" + o.Type + "`"
	case o.Type == "": // one of a choice
		return "`" + o.Name + "`"
	case o.Default == "":
		return fmt.Sprintf("`%s` (%s)", o.Name, code(o.Type))
	}
	return fmt.Sprintf("`%s` (%s, default `%s`)", o.Name, code(o.Type), o.Default)
}

// code quotes what Markdown would take for its own.
func code(text string) string {
	if strings.ContainsAny(text, "{}|<>*_") {
		return "`" + text + "`"
	}
	return text
}

// writeWrapped writes a paragraph. The lines after the first are indented as
// far as the text of the first.
func writeWrapped(w *strings.Builder, lead, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(lead))
	line := lead
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == lead || line == indent:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			w.WriteString(line + "\n")
			line = indent + word
		default:
			line += " " + word
		}
	}
	w.WriteString(line + "\n")
}
