package cmd

import (
	"fmt"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"gopkg.in/yaml.v3"
)

// outline is a pipeline on one line: "csv data.csv → cast → kafka my-stream".
func outline(p *config.Plan) string {
	steps := []string{end(p.Source.Name, p.Source.Node)}
	for _, t := range p.Transforms {
		steps = append(steps, t.Name)
	}
	return strings.Join(append(steps, end(p.Sink.Name, p.Sink.Node)), " → ")
}

// end names a plugin and, by the options that the stock plugins have for it,
// what it reads or writes.
func end(plugin string, options pipeline.Node) string {
	if options.YAML == nil {
		return plugin
	}
	what := options.YAML
	if entries, err := options.Entries(); err == nil {
		what = nil
		for _, e := range entries {
			switch e.Key.YAML.Value {
			case "path", "topic", "topics":
				what = e.Value.YAML
			}
		}
	}
	switch {
	case what == nil:
		return plugin
	case what.Kind == yaml.ScalarNode && what.Tag != "!!null":
		return plugin + " " + what.Value
	case what.Kind == yaml.SequenceNode && len(what.Content) > 0:
		text := plugin + " " + what.Content[0].Value
		if more := len(what.Content) - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		return text
	}
	return plugin
}
