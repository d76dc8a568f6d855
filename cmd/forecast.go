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
)

// forecastOptions are the flags of forecast.
type forecastOptions struct {
	speed     string
	timestamp string
	types     []string
	set       []string
	limit     int64
	limited   bool // limit is given
	json      bool
}

// outlook is a forecast and what it is of.
type outlook struct {
	*forecast.Forecast
	plan *config.Plan
	name string // the file that the user named
}

func newForecast(g *globals) *cobra.Command {
	var o forecastOptions
	c := &cobra.Command{
		Use: "forecast FILE.yaml|FILE.csv…",
		Example: `pipeline forecast pipelines/replay.yaml
pipeline forecast data/readings.csv --speed 10
pipeline forecast data/*.csv --json`,
		Short: "Tell what a replay will do, without sending",
		Long: `Reads the source of each pipeline, or each CSV, once and to its end, and tells
what a replay of it will do: how long it takes, where it pauses, and which rows
are bad or out of order. Nothing is sent, and no position is kept. - is a CSV on
standard input.

It goes by the event times that the source reads: transforms are not applied.
Ctrl-C ends the reading; what has been read is told.`,
		Args: func(c *cobra.Command, files []string) error {
			if len(files) == 0 {
				return fmt.Errorf("%s wants pipelines or CSVs, as in\n  pipeline forecast data/readings.csv", c.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"yaml", "yml", "csv", "gz", "zst"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(c *cobra.Command, files []string) error {
			o.limited = c.Flags().Changed("limit")
			console, err := g.newConsole()
			if err != nil {
				return err
			}
			defer console.close()
			plans, err := o.plans(files)
			if err != nil {
				return err
			}
			return o.tell(console, c.OutOrStdout(), files, plans)
		},
	}
	f := c.Flags()
	f.StringVar(&o.speed, "speed", "", "replay `N` times faster than recorded; max: as fast as possible (default the pipeline's, and 1 for a CSV)")
	f.StringVar(&o.timestamp, "timestamp", "", "take the event time of CSVs from `COLUMN` (default the only one that holds times)")
	f.StringArrayVar(&o.types, "type", nil, "`COLUMN=TYPE` in CSVs: int, float, bool or string; may be repeated (default found from the first rows)")
	f.StringArrayVar(&o.set, "set", nil, "override an option with `PATH=VALUE`, as in source.csv.delimiter=;; may be repeated")
	f.Int64Var(&o.limit, "limit", 0, "end after `N` rows (default no limit)")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return c
}

// plans returns a plan for each file. The error joins all mistakes.
func (o *forecastOptions) plans(files []string) ([]*config.Plan, error) {
	errs := []error{checkLimit("--limit", o.limit, o.limited)}
	if (o.timestamp != "" || len(o.types) > 0) && !slices.ContainsFunc(files, isCSV) {
		errs = append(errs, errors.New("--timestamp and --type are for CSVs; for a pipeline use --set, as in  --set source.csv.timestamp=COLUMN"))
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
		r := replayOptions{csv: file, topic: "none", timestamp: o.timestamp, types: o.types}
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
	env := pipeline.Env{Log: c.log, Pipeline: plan.Name, Paced: plan.Pace != nil, Stdin: os.Stdin, Stdout: io.Discard}
	source, err := plan.Source.Open(ctx, env)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	return forecast.Read(ctx, source, plan.Pace, o.limit)
}
