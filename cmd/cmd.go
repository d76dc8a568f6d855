// Package cmd is the command line of pipeline.
package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pipeline-daemon/pipeline"
	"github.com/spf13/cobra"
)

// Exit codes. A second signal ends the process with exitForced.
const (
	exitDone   = 0
	exitFailed = 1 // a pipeline failed
	exitUsage  = 2 // a mistake in the command line or in a configuration; nothing was opened
	exitForced = 130
)

// failure is an error with exit code 1. Any other error of a command is a
// mistake in its use or in a configuration.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// errReported is the error of a command that has told the user before.
var errReported = errors.New("reported")

// Main runs the command that the process's arguments name, and exits.
func Main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

func execute(args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	printErrors(stderr, err)
	var f failure
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &f):
		return exitFailed
	}
	return exitUsage
}

// printErrors prints every error on a line of its own. Mistakes in a file
// begin with their place, so that editors find it.
func printErrors(w io.Writer, err error) {
	var f failure
	if errors.As(err, &f) {
		err = f.error
	}
	for _, err := range pipeline.Flatten(err) {
		var c *pipeline.ConfigError
		switch {
		case errors.Is(err, errReported):
		case errors.As(err, &c) && c.Line > 0:
			fmt.Fprintln(w, c)
		default:
			fmt.Fprintln(w, "pipeline:", err)
		}
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use: "pipeline",
		Example: `pipeline run pipelines/replay.yaml
pipeline replay data/readings.csv my-stream --speed 10
pipeline tail my-stream
pipeline forecast data/readings.csv
pipeline validate pipelines/*.yaml
pipeline plugins describe kafka`,
		Long:          "Runs pipelines, source → transforms → sink, that are written in YAML.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noSuchCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	g := addGlobals(root)
	root.AddCommand(newRun(g), newReplay(g), newTail(g), newForecast(g), newValidate(), newSchema(g), newPlugins(), newNew(), newBroker(g), newVersion())
	addExamples(root)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(help)
	root.SetUsageFunc(func(c *cobra.Command) error { help(c, nil); return nil })
	return root
}
