package cmd

import (
	"fmt"
	"io"
	"slices"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/reference"
	"github.com/spf13/cobra"
)

func newPlugins() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "plugins",
		Example: `pipeline plugins
pipeline plugins describe csv`,
		Short: "List the sources, transforms, sinks, handlers and codecs that there are",
		Args:  noSuchCommand,
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON {
				return printJSON(c.OutOrStdout(), pipeline.Plugins())
			}
			listPlugins(c.OutOrStdout(), pipeline.Plugins())
			return nil
		},
	}
	c.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	c.AddCommand(newDescribe(&asJSON))
	return c
}

func newDescribe(asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use: "describe NAME…",
		Example: `pipeline plugins describe csv
pipeline plugins describe kafka --json`,
		Short: "Show a plugin's options, with their types and defaults, and an example",
		Args: func(c *cobra.Command, names []string) error {
			if len(names) == 0 {
				return fmt.Errorf("%s wants a plugin's name, as in\n  pipeline plugins describe csv", c.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: completePlugins,
		RunE: func(c *cobra.Command, names []string) error {
			found, err := findPlugins(names)
			switch {
			case err != nil:
				return err
			case *asJSON:
				return printJSON(c.OutOrStdout(), found)
			}
			describePlugins(c.OutOrStdout(), found)
			return nil
		},
	}
}

// findPlugins returns all plugins with these names: one may be a source and a
// sink.
func findPlugins(names []string) ([]pipeline.Plugin, error) {
	var found []pipeline.Plugin
	for _, name := range names {
		before := len(found)
		for _, p := range pipeline.Plugins() {
			if p.Name == name {
				found = append(found, p)
			}
		}
		if len(found) == before {
			return nil, fmt.Errorf("unknown plugin %q; %s", name, advice(name, pluginNames(), "", "pipeline plugins"))
		}
	}
	return found, nil
}

func pluginNames() []string {
	var names []string
	for _, p := range pipeline.Plugins() {
		if !slices.Contains(names, p.Name) { // one may be a source and a sink
			names = append(names, p.Name)
		}
	}
	return names
}

func listPlugins(w io.Writer, plugins []pipeline.Plugin) {
	width := 0
	for _, p := range plugins {
		width = max(width, len(p.Name))
	}
	kind := ""
	for i, p := range plugins {
		if p.Kind != kind {
			if kind = p.Kind; i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%ss\n", kind)
		}
		fmt.Fprintf(w, "  %-*s  %s\n", width, p.Name, reference.Summary(p))
	}
}

// describePlugins prints the plugins' pages of the reference.
func describePlugins(w io.Writer, plugins []pipeline.Plugin) {
	for i, p := range plugins {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprint(w, reference.Page(p))
	}
}
