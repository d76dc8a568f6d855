package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/control"
	"github.com/spf13/cobra"
)

// steering is a command that steers a running pipeline.
type steering struct {
	use, short, example string
	value               string // what it wants before NAME; empty: nothing
	optional            bool   // the value may be left out
	action              string
	body                func(value string) (map[string]any, error)
}

var steerings = []steering{
	{use: "pause [NAME]", short: "Hold a running replay: no record leaves until it is resumed or stepped",
		example: "pipeline pause\npipeline pause replay-my-stream", action: "pause"},
	{use: "resume [NAME]", short: "Go on with a paused replay", example: "pipeline resume", action: "resume"},
	{use: "step [N] [NAME]", short: "Pause a replay, and have its next record, or the next N, leave at once",
		example: "pipeline step\npipeline step 10", action: "step", value: "N", optional: true, body: stepBody},
	{use: "seek TIME [NAME]", short: "Move a running replay to another event time, back or forward",
		example: "pipeline seek '2021-01-01 00:30:00'\npipeline seek +10m\npipeline seek -10s replay", action: "seek", value: "TIME", body: seekBody},
	{use: "speed X [NAME]", short: "Change the speed of a running replay",
		example: "pipeline speed 60\npipeline speed 0.5 replay", action: "speed", value: "X", body: speedBody},
}

func stepBody(value string) (map[string]any, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("wants a number of records above 0, not %q", value)
	}
	return map[string]any{"records": n}, nil
}

func seekBody(value string) (map[string]any, error) {
	at, by, err := parseSeek(value)
	switch {
	case err != nil:
		return nil, err
	case at.IsZero():
		return map[string]any{"by": by.String()}, nil
	}
	return map[string]any{"time": at}, nil
}

// parseSeek reads where to seek to: a time, or a way, for which the time is
// zero.
func parseSeek(value string) (at time.Time, by time.Duration, err error) {
	if strings.HasPrefix(value, "+") || strings.HasPrefix(value, "-") {
		if by, err = time.ParseDuration(value); err != nil {
			return at, 0, fmt.Errorf("wants a way such as +10m or -90s, not %q", value)
		}
		return at, by, nil
	}
	if at, err = pipeline.ParseTime(value, time.Now()); err != nil {
		return at, 0, fmt.Errorf("wants a time such as 2021-01-01 00:30:00 or 2021-01-01T00:30:00Z, or a way such as +10m or -10s, not %q", value)
	}
	return at, 0, nil
}

func speedBody(value string) (map[string]any, error) {
	speed, err := strconv.ParseFloat(value, 64)
	if err != nil || !(speed > 0) || math.IsInf(speed, 0) {
		return nil, fmt.Errorf("wants a number above 0, not %q", value)
	}
	return map[string]any{"speed": speed}, nil
}

// newSteerings returns the commands that steer running pipelines.
func newSteerings() []*cobra.Command {
	var all []*cobra.Command
	for _, s := range steerings {
		var state string
		c := &cobra.Command{Use: s.use, Short: s.short, Example: s.example, ValidArgsFunction: completeRunning, Annotations: map[string]string{takes: s.value}}
		c.Long = s.short + ".\n\nIt finds a pipeline that `pipeline run` or `pipeline replay` runs on this machine by\nthe state folder, so say --state here as there. NAME may be left out where only\none runs."
		c.RunE = func(c *cobra.Command, args []string) error {
			body, name, err := s.arguments(c, args)
			if err != nil {
				return err
			}
			return steer(c, state, name, s.action, body)
		}
		addStateFolder(c, &state)
		all = append(all, c)
	}
	return all
}

const (
	takes = "takes" // the annotation that names a command's value
	// minus stands for the hyphen of a way back, which would be a flag.
	minus = "\u2212"
)

var belowZero = regexp.MustCompile(`^-\.?[0-9]`)

// keepWaysBack has the arguments of commands that take a value parsed as they
// are meant: in  pipeline seek -10s  is no flag.
func keepWaysBack(root *cobra.Command, args []string) []string {
	if c, _, err := root.Find(args); err != nil || c.Annotations[takes] == "" {
		return args
	}
	args = slices.Clone(args)
	for i, arg := range args {
		if belowZero.MatchString(arg) {
			args[i] = minus + arg[1:]
		}
	}
	return args
}

// arguments splits the arguments into the body of the request and a name.
func (s *steering) arguments(c *cobra.Command, args []string) (body map[string]any, name string, err error) {
	if len(args) > 0 && strings.HasPrefix(args[0], minus) {
		args = append([]string{"-" + strings.TrimPrefix(args[0], minus)}, args[1:]...)
	}
	switch {
	case s.value == "" || s.optional && (len(args) == 0 || !startsNumber(args[0])):
	case len(args) == 0:
		return nil, "", fmt.Errorf("%s wants %s, as in\n  %s", c.CommandPath(), s.value, strings.ReplaceAll(s.example, "\n", "\n  "))
	default:
		if body, err = s.body(args[0]); err != nil {
			return nil, "", fmt.Errorf("%s: %w", s.value, err)
		}
		args = args[1:]
	}
	name, err = onePipeline(c, args)
	return body, name, err
}

// onePipeline returns the only argument, or nothing.
func onePipeline(c *cobra.Command, args []string) (string, error) {
	if len(args) > 1 {
		return "", fmt.Errorf("%s takes one pipeline, and finds %q", c.CommandPath(), args)
	}
	return strings.Join(args, ""), nil
}

func startsNumber(s string) bool { return s != "" && strings.ContainsAny(s[:1], "-+0123456789") }

func addStateFolder(c *cobra.Command, state *string) {
	c.Flags().StringVar(state, "state", defaultState, "find the pipelines that run with the state folder `DIR`")
}

// steer asks a running pipeline for an action and shows its status after it.
func steer(c *cobra.Command, state, name, action string, body map[string]any) error {
	running := control.Find(c.Context(), state)
	defer closeAll(running)
	p, err := choose(running, state, name)
	if err != nil {
		return failure{err}
	}
	status, err := p.Do(c.Context(), action, body)
	if err != nil {
		return failure{fmt.Errorf("%s: %w", p.Name, err)}
	}
	return printStatuses(c.OutOrStdout(), []json.RawMessage{status})
}

func closeAll(running []*control.Running) {
	for _, r := range running {
		r.Close()
	}
}

// choose returns the pipeline of a name, or the only one that runs.
func choose(running []*control.Running, state, name string) (*control.Running, error) {
	var names []string
	for _, r := range running {
		names = append(names, r.Name)
	}
	if name != "" {
		running = slices.DeleteFunc(slices.Clone(running), func(r *control.Running) bool { return r.Name != name })
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("no pipeline runs with the state folder %s; if one runs with another, name that with --state", state)
	case len(running) == 0:
		return nil, fmt.Errorf("no pipeline %s runs with the state folder %s; there runs %s", name, state, strings.Join(names, ", "))
	case len(running) > 1 && name != "":
		return nil, fmt.Errorf("%d runs of %s use the state folder %s; to steer one of them, run each with its own --state", len(running), name, state)
	case len(running) > 1:
		return nil, fmt.Errorf("%d pipelines run: name one of %s", len(running), strings.Join(names, ", "))
	}
	return running[0], nil
}

func newStatus() *cobra.Command {
	var state string
	var asJSON bool
	c := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show the running pipelines",
		Example: `pipeline status
pipeline status replay --json`,
		ValidArgsFunction: completeRunning,
		RunE: func(c *cobra.Command, args []string) error {
			name, err := onePipeline(c, args)
			if err != nil {
				return err
			}
			running := control.Find(c.Context(), state)
			defer closeAll(running)
			if name != "" {
				p, err := choose(running, state, name)
				if err != nil {
					return failure{err}
				}
				running = []*control.Running{p}
			}
			statuses := []json.RawMessage{}
			for _, r := range running {
				statuses = append(statuses, r.Status)
			}
			switch {
			case asJSON:
				return printJSON(c.OutOrStdout(), map[string]any{"pipelines": statuses})
			case len(statuses) == 0:
				fmt.Fprintf(c.ErrOrStderr(), "no pipeline runs with the state folder %s\n", state)
			}
			return printStatuses(c.OutOrStdout(), statuses)
		},
	}
	addStateFolder(c, &state)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// printStatuses prints a line for each status.
func printStatuses(w io.Writer, statuses []json.RawMessage) error {
	for _, text := range statuses {
		var s liveReport
		if err := json.Unmarshal(text, &s); err != nil {
			return failure{fmt.Errorf("the status that the process answers is not JSON: %w", err)}
		}
		if _, err := fmt.Fprintln(w, s.line()); err != nil {
			return failure{err}
		}
	}
	return nil
}

func completeRunning(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	running := control.Find(ctx, c.Flag("state").Value.String())
	defer closeAll(running)
	var names []string
	for _, r := range running {
		names = append(names, r.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
