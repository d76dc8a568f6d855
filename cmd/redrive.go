package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/pipeline-daemon/pipeline/internal/redrive"
	"github.com/spf13/cobra"
)

// redriveOptions are the arguments and the flags of redrive.
type redriveOptions struct {
	runOptions
	from string
}

func newRedrive(g *globals) *cobra.Command {
	var o redriveOptions
	c := &cobra.Command{
		Use: "redrive PIPELINE.yaml --from TOPIC|FILE",
		Example: `pipeline redrive orders.yaml --from rejected.jsonl
pipeline redrive orders.yaml --from orders-rejected --brokers kafka-1:9092
pipeline redrive orders.yaml --from rejected.jsonl --set errors.on_failure=skip --strict`,
		Short: "Send dead letters through a pipeline again",
		Long: `Sends dead letters through a pipeline again, once what made them fail is mended.
Each enters at the pipeline's start with its original bytes, key, headers and
time, and goes as fast as possible: there is no pace.

What is in the file or the topic when it begins is redriven, and not twice: the
next redrive goes on after it. For a file the state folder (--state) keeps the
position, for a topic the consumer group pipeline-NAME-redrive does; the run is
called NAME-redrive. What fails again is dealt with as the pipeline's errors say,
and may become a dead letter in the same place. Letters of other pipelines are
counted, and stay where they are.

A name with a slash, one that ends in .jsonl and the name of a file that exists
mean a file, any other one a topic.`,
		Args:              onePipelineFile,
		ValidArgsFunction: completeFiles,
		RunE: g.withConsole(func(c *cobra.Command, files []string, console *console) error {
			o.limited = c.Flags().Changed("limit")
			if o.from == "" {
				return fmt.Errorf("--from wants the file or the topic with the dead letters, as in\n  pipeline redrive %s --from rejected.jsonl", files[0])
			}
			plan, err := o.plan(files[0])
			if err != nil {
				return err
			}
			return run(console, &o.runOptions, []*config.Plan{plan})
		}),
	}
	f := c.Flags()
	f.StringVar(&o.from, "from", "", "read dead letters from `TOPIC|FILE`")
	f.StringVar(&o.brokers, "brokers", "", "connect every Kafka end to `HOST:PORT,..`, whatever the file says")
	o.add(f)
	return c
}

// onePipelineFile is the argument check of redrive.
func onePipelineFile(c *cobra.Command, files []string) error {
	if len(files) != 1 {
		return fmt.Errorf("%s wants one pipeline, as in\n  pipeline redrive orders.yaml --from rejected.jsonl", c.CommandPath())
	}
	return nil
}

// plan returns the plan of the redrive. The error joins all mistakes.
func (o *redriveOptions) plan(file string) (*config.Plan, error) {
	plans, err := o.plans([]string{file})
	if err != nil {
		return nil, err
	}
	plan := plans[0]
	if isFile(o.from) {
		return plan, redrive.File(plan, o.from)
	}
	connection, err := o.connection(plan)
	return plan, errors.Join(err, redrive.Topic(plan, o.from, connection))
}

// connection returns how to connect to the topic: as the dead letters' sink
// does that writes it, or else as any other end.
func (o *redriveOptions) connection(plan *config.Plan) (*kafka.Options, error) {
	ends := plan.Ends()
	slices.Reverse(ends) // the dead letters first
	for _, options := range ends {
		if end, ok := options.(interface{ Connection() *kafka.Options }); ok && end.Connection() != nil {
			return end.Connection(), nil
		}
	}
	connection := kafka.DefaultOptions()
	if o.brokers != "" {
		var err error
		if connection.Brokers, err = parseBrokers(o.brokers); err != nil {
			return nil, err
		}
	}
	return &connection, nil
}

// isFile tells the name of a file from that of a topic.
func isFile(name string) bool {
	if strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) || filepath.Ext(name) == ".jsonl" {
		return true
	}
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}
