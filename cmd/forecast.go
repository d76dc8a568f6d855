package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/forecast"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// forecastOptions are the flags of forecast.
type forecastOptions struct {
	speed   string
	format  csvFlags
	pace    paceFlags
	forCSVs []string // the flags that are given and are for CSVs only
	set     []string
	limit   int64
	limited bool // limit is given
	json    bool
}

// outlook is a forecast and what it is of.
type outlook struct {
	*forecast.Forecast
	plan *config.Plan
	name string // the file that the user named
}

func newForecast(g *globals) *cobra.Command {
	var o forecastOptions
	csvOnly := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.format.add(csvOnly)
	o.pace.add(csvOnly)
	c := &cobra.Command{
		Use: "forecast FILE.yaml|FILE.csv…",
		Example: `pipeline forecast pipelines/replay.yaml
pipeline forecast data/readings.csv --speed 10 --max-gap 5s
pipeline forecast data/*.csv --json`,
		Short: "Tell what a replay will do, without sending",
		Long: `Reads the source of each pipeline, or each CSV, once and to its end, and tells
what a replay of it will do: how long it takes, where it pauses, and which rows
are bad or out of order. Nothing is sent, and no position is kept. - is a CSV on
standard input.

It goes by the event times that the source reads: transforms are not applied.
Ctrl-C ends the reading; what has been read is told.

The flags of the pace and of how CSVs are written are those of  pipeline replay;
of a pipeline, set its options with --set.`,
		Args: func(c *cobra.Command, files []string) error {
			if len(files) == 0 {
				return fmt.Errorf("%s wants pipelines or CSVs, as in\n  pipeline forecast data/readings.csv", c.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"yaml", "yml", "csv", "gz", "zst"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: g.withConsole(func(c *cobra.Command, files []string, console *console) error {
			o.limited, o.forCSVs = c.Flags().Changed("limit"), nil
			csvOnly.VisitAll(func(f *pflag.Flag) {
				if f.Changed {
					o.forCSVs = append(o.forCSVs, "--"+f.Name)
				}
			})
			plans, err := o.plans(files)
			if err != nil {
				return err
			}
			return o.tell(console, c.OutOrStdout(), files, plans)
		}),
	}
	f := c.Flags()
	f.StringVar(&o.speed, "speed", "", "replay `N` times faster than recorded; max: as fast as possible (default the pipeline's, and 1 for a CSV)")
	f.AddFlagSet(csvOnly)
	f.StringArrayVar(&o.set, "set", nil, "override an option with `PATH=VALUE`, as in source.csv.infer_rows=50; may be repeated")
	f.Int64Var(&o.limit, "limit", 0, "end after `N` rows (default no limit)")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return c
}

// plans returns a plan for each file. The error joins all mistakes.
func (o *forecastOptions) plans(files []string) ([]*config.Plan, error) {
	errs := []error{checkLimit("--limit", o.limit, o.limited)}
	if len(o.forCSVs) > 0 && slices.IndexFunc(files, isCSV) < 0 {
		errs = append(errs, fmt.Errorf("%s: for CSVs only; of a pipeline, set the option with --set, as in  --set pace.max_gap=5s", strings.Join(o.forCSVs, ", ")))
	}
	var plans []*config.Plan
	for _, file := range files {
		plan, err := o.plan(file)
		if err == nil {
			err = endless(plan)
		}
		plans, errs = append(plans, plan), append(errs, err)
	}
	return plans, errors.Join(errs...)
}

func isCSV(file string) bool {
	ext := strings.ToLower(filepath.Ext(file))
	return ext != ".yaml" && ext != ".yml"
}

func (o *forecastOptions) plan(file string) (*config.Plan, error) {
	if isCSV(file) {
		r := replayOptions{csv: file, topic: "none", format: o.format, pace: o.pace}
		r.speed, r.set = o.speed, o.set
		if r.speed == "" {
			r.speed = "1"
		}
		plan, _, err := r.plan()
		return plan, err
	}
	plans, err := config.Load([]string{file}, o.set)
	if err == nil && o.speed != "" {
		var speed float64
		var max bool
		if speed, max, err = parseSpeed(o.speed); err == nil {
			err = setSpeed(plans, speed, max)
		}
	}
	if err != nil {
		return nil, err
	}
	return plans[0], nil
}

// endless refuses a source that can't be read beforehand.
func endless(p *config.Plan) error {
	e, ok := p.Source.Options.(pipeline.Endless)
	if !ok {
		return nil
	}
	err := e.Endless()
	if err == nil {
		return nil
	}
	return p.Source.Node.Locate(fmt.Errorf("forecast reads what ends and can be read again: %w", err))
}

// tell makes and prints the forecasts. A source that can't be read doesn't keep
// the others from being told.
func (o *forecastOptions) tell(c *console, w io.Writer, files []string, plans []*config.Plan) error {
	ctx, end := untilSignal(c, func() {})
	defer end()
	var all []outlook
	var errs []error
	for i, plan := range plans {
		f, err := o.read(ctx, c, plan)
		if err != nil {
			errs = append(errs, c.tell(fmt.Errorf("source %s: %w", plan.Source.Name, err)))
			continue
		}
		all = append(all, outlook{f, plan, files[i]})
		if !o.json {
			errs = append(errs, printOutlook(w, all[len(all)-1], len(all) > 1))
		}
	}
	if o.json {
		errs = append(errs, printJSON(w, outlooksJSON(all)))
	}
	if err := errors.Join(errs...); err != nil {
		return failure{err}
	}
	return nil
}

func (o *forecastOptions) read(ctx context.Context, c *console, plan *config.Plan) (f *forecast.Forecast, err error) {
	env := pipeline.Env{Log: c.log, Pipeline: plan.Name, Paced: plan.Pace != nil, Stdin: os.Stdin, Stdout: io.Discard,
		Say: plan.SaySetting}
	source, err := plan.Source.Open(ctx, env)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	return forecast.Read(ctx, source, plan.Pace, o.limit)
}
