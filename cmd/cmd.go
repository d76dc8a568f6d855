// Package cmd is the command line of pipeline.
package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/output"
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
func Main() {
	if guardAsked() {
		guardTerminal()
		return
	}
	survivePipes()
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}

func execute(args []string, stdout, stderr io.Writer) int {
	out := &printer{w: stdout}
	root := newRoot(out)
	root.SetArgs(keepWaysBack(root, args))
	root.SetErr(stderr)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		unquoteFlags(root)
	}
	err := noHelpFor(root, args)
	if err == nil {
		err = root.Execute()
	}
	if err == nil && out.err != nil && !output.ReaderGone(out.err) { // a reader that has seen enough is no failure
		err = failure{fmt.Errorf("printing: %w", out.err)}
	}
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

// printer is what a command prints to. It keeps the first error, for execute,
// and drops what comes after it, so that no command need look for one.
type printer struct {
	w   io.Writer
	err error
}

// Write implements io.Writer; it never fails.
func (p *printer) Write(text []byte) (int, error) {
	if p.err == nil {
		_, p.err = p.w.Write(text)
	}
	return len(text), nil
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

func newRoot(out io.Writer) *cobra.Command {
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
		Version:       versionLine(),

		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return noEmptyFlags(c) },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version")
	root.SetOut(out) // before cobra makes its commands, which keep it
	g := addGlobals(root)
	root.AddCommand(newRun(g), newRedrive(g), newReplay(g), newTail(g), newForecast(g), newValidate(), newSchema(g), newPlugins(), newNew(), newBuild(), newBroker(g), newVersion())
	root.AddCommand(append(newSteerings(), newStatus())...)
	root.SetHelpCommand(newHelp())
	describeCompletion(root)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(help)
	root.SetUsageFunc(func(c *cobra.Command) error { help(c, nil); return nil })
	return root
}
