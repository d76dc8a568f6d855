package cmd

import (
	"errors"
	"fmt"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// runOptions are the flags of commands that run pipelines.
type runOptions struct {
	brokers  string
	speed    string
	limit    int64
	limited  bool // limit is given
	set      []string
	state    string
	report   string
	grace    time.Duration
	failFast bool
	noTUI    bool
	strict   bool
	lateness time.Duration // 0: any will do
	memory   *sizeFlag
}

// add adds the flags that are the same for all of these commands.
func (o *runOptions) add(f *pflag.FlagSet) {
	f.Int64Var(&o.limit, "limit", 0, "end each pipeline after `N` records (default no limit)")
	f.StringArrayVar(&o.set, "set", nil, "override an option with `PATH=VALUE`, as in source.csv.path=data.csv; may be repeated")
	f.StringVar(&o.state, "state", defaultState, "keep positions, and the socket by which other commands steer the run, in the folder `DIR`, made when first needed")
	f.StringVar(&o.report, "report", "", "write a report in JSON to `FILE` at the end")
	f.DurationVar(&o.grace, "grace", 10*time.Second, "how long Ctrl-C lets what has been released be stored")
	f.BoolVar(&o.strict, "strict", false, "exit with 1 if records were skipped, became dead letters, or were gone before they could be read")
	f.DurationVar(&o.lateness, "fail-lateness", 0, "exit with 1 if one record in a hundred was later than `DURATION` (default no limit)")
	f.BoolVar(&o.noTUI, "no-tui", false, "show a status line instead of the player, which one paced pipeline has on a terminal")
	o.memory = addBrokerMemory(f)
}

// check returns the mistakes in these flags.
func (o *runOptions) check() error {
	var errs []error
	errs = append(errs, checkLimit("--limit", o.limit, o.limited))
	if o.lateness < 0 {
		errs = append(errs, fmt.Errorf("--fail-lateness wants 0 or more, not %v", o.lateness))
	}
	if o.grace < 0 {
		errs = append(errs, fmt.Errorf("--grace wants 0 or more, not %v", o.grace))
	}
	return errors.Join(append(errs, checkReport(o.report))...)
}

func checkLimit(flag string, limit int64, given bool) error {
	if given && limit < 1 {
		return fmt.Errorf("%s wants 1 or more, not %d; without it there is no limit", flag, limit)
	}
	return nil
}

// defaultState is the state folder where none is named.
const defaultState = ".pipeline"

func newRun(g *globals) *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use: "run FILE…",
		Example: `pipeline run pipelines/replay.yaml
pipeline run replay.yaml average.yaml              # side by side
pipeline run replay.yaml --speed 60 --limit 1000
pipeline run replay.yaml --set source.csv.path=other.csv --brokers kafka-1:9092,kafka-2:9092
pipeline run replay.yaml average.yaml --set replay:source.csv.path=other.csv   # in one of them`,
		Short: "Run pipelines to completion, or until Ctrl-C",
		Long: `Runs one or more pipelines side by side, to completion or until Ctrl-C (or SIGTERM).

Ctrl-C stops reading; what has been released is still stored, for as long as
--grace. A second Ctrl-C quits at once.

--set sets any option by its path, typed as in YAML; what is no YAML is a text. The
elements of a list are counted from 0: --set 'transforms.0.filter=value > 10'
An option is set in all pipelines, or in one: --set replay:source.csv.path=other.csv

Kafka ends that name no brokers use those of the variable KAFKA_BROKERS, or else
localhost:9092 (PIPELINE_DEFAULT_BROKER names another address), where a broker in
memory is started if nothing listens.

Exit codes: 0 done · 1 a pipeline failed · 2 a mistake in the command line or in
a configuration, and nothing was opened · 130 ended by a second Ctrl-C. But for
mistakes, --report is written whichever it is, and says why a pipeline failed.`,
		Args:              someFiles,
		ValidArgsFunction: completeFiles,
		RunE: g.withConsole(func(c *cobra.Command, files []string, console *console) error {
			o.limited = c.Flags().Changed("limit")
			plans, err := o.plans(files)
			if err != nil {
				return err
			}
			return run(console, &o, plans)
		}),
	}
	f := c.Flags()
	f.StringVar(&o.brokers, "brokers", "", "connect every Kafka end to `HOST:PORT,..`, whatever the files say")
	f.StringVar(&o.speed, "speed", "", "replay `N` times faster than recorded, for every pipeline with a pace; max: as fast as possible")
	f.BoolVar(&o.failFast, "fail-fast", false, "stop all pipelines when one fails")
	o.add(f)
	return c
}

// someFiles is the argument check of commands that take pipelines.
func someFiles(c *cobra.Command, files []string) error {
	if len(files) == 0 {
		return fmt.Errorf("%s wants one or more pipelines, as in\n  pipeline %s pipelines/replay.yaml", c.CommandPath(), c.Name())
	}
	return nil
}

func completeFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// plans loads the pipelines and applies the flags to them. The error joins all
// mistakes.
func (o *runOptions) plans(files []string) ([]*config.Plan, error) {
	plans, loadErr := config.Load(files, o.set)
	errs := []error{o.check(), loadErr}
	if o.speed != "" {
		speed, max, err := parseSpeed(o.speed)
		if errs = append(errs, err); err == nil && loadErr == nil {
			errs = append(errs, setSpeed(plans, speed, max))
		}
	}
	if o.brokers != "" {
		brokers, err := parseBrokers(o.brokers)
		if errs = append(errs, err); err == nil && loadErr == nil {
			for _, end := range kafkaEnds(plans) {
				end.Brokers = brokers
			}
		}
	}
	return plans, errors.Join(errs...)
}
