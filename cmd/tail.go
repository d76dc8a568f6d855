package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/engine"
	"github.com/pipeline-daemon/pipeline/internal/output"
	"github.com/spf13/cobra"
)

// tailGrace is how long Ctrl-C waits for a reader of standard output.
const tailGrace = time.Second

// tailOptions are the arguments and the flags of tail.
type tailOptions struct {
	topics   []string
	from     string
	limit    int64
	limited  bool // limit is given
	untilEnd bool
	codec    string
	brokers  string
	kafka    []string
	verbose  bool
	memory   *sizeFlag
}

func newTail(g *globals) *cobra.Command {
	var o tailOptions
	c := &cobra.Command{
		Use: "tail TOPIC…",
		Example: `pipeline tail my-stream
pipeline tail my-stream -n 1 --verbose
pipeline tail my-stream other --from -10m
pipeline tail my-avro-stream --until-end --codec avro=schemas/reading.avsc > readings.jsonl`,
		Short: "Print the records of Kafka topics as they arrive",
		Long: `Prints the records of topics as they arrive, one a line: the value as JSON, null
for a tombstone. A topic that doesn't exist yet is waited for. No consumer group
sees it.

Without --codec a value that is not JSON is shown as text, and as base64 if it is
no text either. Ctrl-C ends it, as does a reader that has seen enough.`,
		Args: func(c *cobra.Command, topics []string) error {
			if len(topics) == 0 {
				return fmt.Errorf("%s wants one or more topics, as in\n  pipeline tail my-stream", c.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: completeTopics,
		RunE: g.withConsole(func(c *cobra.Command, topics []string, console *console) error {
			o.topics, o.limited = topics, c.Flags().Changed("limit")
			plan, err := o.plan(console)
			if err != nil {
				return err
			}
			return tail(console, &o, plan)
		}),
	}
	f := c.Flags()
	f.StringVar(&o.from, "from", "", "start at `PLACE`: beginning, end, or a time such as 2021-01-01T00:00:00Z, 2021-01-01 or -10m (default end; with --until-end beginning)")
	f.Int64VarP(&o.limit, "limit", "n", 0, "end after `N` records (default no limit)")
	f.BoolVar(&o.untilEnd, "until-end", false, "end after what there was at the start")
	f.BoolVar(&o.verbose, "verbose", false, "print topic, partition, offset, timestamp, key and headers, too")
	addConnection(c, &o.brokers, &o.kafka, &o.codec)
	o.memory = addBrokerMemory(f)
	_ = c.RegisterFlagCompletionFunc("from", completeFrom) // it fails where there is no such flag
	return c
}

// plan returns the plan of a pipeline that prints. The error joins all
// mistakes.
func (o *tailOptions) plan(c *console) (*config.Plan, error) {
	from, fromErr := o.start()
	d := newDraft("tail")
	d.set("TOPIC", textNodes(o.topics), "source", "kafka", "topics")
	d.set("", textNode("none"), "source", "kafka", "group")
	d.set("", textNode(from), "source", "kafka", "from")
	d.set("", textNode("continue"), "source", "kafka", "on_data_loss") // nobody counts on what it prints
	if o.untilEnd {
		d.set("--until-end", textNode("end"), "source", "kafka", "until")
	}
	d.setKafka("source", o.brokers, o.kafka)
	d.set("", textNode("print"), "sink")
	d.setCodec(o.codec)
	d.set("", textNode(config.Skip), "errors", "on_failure")
	plan, _, err := d.plan()
	if err = errors.Join(fromErr, checkLimit("-n", o.limit, o.limited), err); err != nil {
		return nil, err
	}
	if o.codec == "" && plan.Decode == plan.Codec { // none is named
		plan.Decode = pipeline.NewBound("json", nil, openGuess)
	}
	format := &tailFormat{verbose: o.verbose, paint: c.paintOutput()}
	plan.Sink = pipeline.NewBound("print", nil, func(_ context.Context, env pipeline.Env) (pipeline.Sink, error) {
		return output.Lines(env.Stdout, format.appendLine), nil
	})
	return plan, nil
}

// start returns --from as the source takes it.
func (o *tailOptions) start() (string, error) {
	switch o.from {
	case "":
		if o.untilEnd {
			return "beginning", nil
		}
		return "end", nil
	case "beginning", "end":
		return o.from, nil
	}
	if _, err := pipeline.ParseTime(o.from, time.Now()); err != nil {
		return "end", fmt.Errorf("--from wants beginning, end, or a time such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00, 2021-01-01 or -10m, not %q", o.from)
	}
	return o.from, nil
}

// tail runs the pipeline that prints. Its end is worth a word only if
// something is not printed.
func tail(c *console, o *tailOptions, plan *config.Plan) error {
	return withBrokers(c, []*config.Plan{plan}, *o.memory, func() {}, func(ctx context.Context) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		if isPipe(os.Stdout) {
			go watchReader(ctx, os.Stdout, stop)
		}
		p := engine.New(plan, engine.Options{Log: c.log, Grace: tailGrace, Limit: o.limit, Stdout: c.stdout})
		err := p.Run(ctx)
		s := p.Status()
		switch {
		case err != nil && ctx.Err() == nil: // else nobody waits for what is not printed
			return failure{c.tell(err)}
		case s.Skipped > 0:
			return failure{c.tell(fmt.Errorf("%s could not be shown", count(s.Skipped, "record")))}
		}
		return nil
	})
}

// paintOutput says whether what goes to standard output is in colours.
func (c *console) paintOutput() palette {
	return palette(isTerminal(os.Stdout) && enableEscapes(os.Stdout) && os.Getenv("NO_COLOR") == "")
}
