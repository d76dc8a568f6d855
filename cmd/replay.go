package cmd

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/spf13/cobra"
)

// replayOptions are the arguments and the flags of replay.
type replayOptions struct {
	runOptions
	csv, topic string
	format     csvFlags
	key        string
	codec      string
	pace       paceFlags
	kafka      []string
	printYAML  bool
}

func newReplay(g *globals) *cobra.Command {
	var o replayOptions
	c := &cobra.Command{
		Use: "replay CSV TOPIC",
		Example: `pipeline replay data/readings.csv my-stream
pipeline replay data/readings.csv my-stream --speed 10 --key sensor --type value=float
pipeline replay data/readings.csv my-avro-stream --speed max --codec avro=schemas/reading.avsc
pipeline replay data/readings.csv my-stream --brokers kafka-1:9093 --kafka tls={} \
  --kafka sasl.mechanism=PLAIN --kafka sasl.username=me --kafka 'sasl.password=${PASSWORD}'
pipeline replay power.csv power --delimiter ';' --decimal , --timestamp Date --timestamp Time \
  --format '%d/%m/%Y %H:%M:%S' --timezone Europe/Paris --null-values '?'
pipeline replay data/readings.csv my-stream --disorder late.fraction=0.05 --disorder late.delay.max=1m --disorder drop.fraction=0.01
pipeline replay data/readings.csv my-stream --print-yaml > replay.yaml`,
		Short: "Replay a CSV into a Kafka topic, without a file for it",
		Long: `Replays a CSV into a Kafka topic, with the pauses that the timestamps tell. - is
standard input. The rows' event time, its format and the columns' types are found
from the first rows, unless flags say them.

It runs a pipeline, as  pipeline run  does, and --print-yaml prints it. Any other
option of it is set by its path:  --set source.csv.infer_rows=50

The pipeline is named replay-TOPIC; replays into other topics run beside it.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("%s wants a CSV and a topic, as in\n  pipeline replay data/readings.csv my-stream", c.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: completeReplay,
		RunE: g.withConsole(func(c *cobra.Command, args []string, console *console) error {
			o.csv, o.topic, o.limited = args[0], args[1], c.Flags().Changed("limit")
			plan, text, err := o.plan()
			switch {
			case err != nil:
				return err
			case o.printYAML:
				_, err := c.OutOrStdout().Write(text)
				return err
			}
			return run(console, &o.runOptions, []*config.Plan{plan})
		}),
	}
	f := c.Flags()
	f.StringVar(&o.speed, "speed", "1", "replay `N` times faster than recorded; max: as fast as possible")
	o.pace.add(f)
	o.format.add(f)
	f.StringVar(&o.key, "key", "", "take the messages' keys from `COLUMN` (default no keys)")
	f.BoolVar(&o.printYAML, "print-yaml", false, "print the pipeline as a file for  pipeline run, and open nothing")
	addConnection(c, &o.brokers, &o.kafka, &o.codec)
	o.add(f)
	return c
}

// completeReplay completes the CSV, and then the topic.
func completeReplay(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return completeCSV(c, args, typed)
	case 1:
		return completeTopics(c, nil, typed)
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// nameCut is the most bytes of a topic that a name takes: names are files, too.
const nameCut = 200

// replayName returns the name of a replay into a topic, by which replays side
// by side are told apart.
func replayName(topic string) string {
	name := strings.Map(func(c rune) rune {
		if strings.ContainsRune("._-", c) || c < 0x80 && (unicode.IsLetter(c) || unicode.IsDigit(c)) {
			return c
		}
		return '-'
	}, topic)
	return "replay-" + name[:min(len(name), nameCut)]
}

// plan returns the plan of the replay, and the YAML that it was made of. The
// error joins all mistakes.
func (o *replayOptions) plan() (*config.Plan, []byte, error) {
	d := newDraft(replayName(o.topic))
	d.root.HeadComment = "# Written by  pipeline replay --print-yaml; run it with  pipeline run FILE."
	d.setCSV(o.csv, o.format)
	d.setPace(o.speed, o.pace)
	d.set("TOPIC", textNode(o.topic), "sink", "kafka", "topic")
	if o.key != "" {
		d.set("--key "+o.key, textNode(o.key), "sink", "kafka", "key")
	}
	d.setKafka("sink", o.brokers, o.kafka)
	d.setCodec(o.codec)
	d.override("--set", "PATH=VALUE, such as source.csv.path=data.csv", o.set)
	plan, text, err := d.plan()
	return plan, text, errors.Join(o.check(), err)
}
