package cmd

import (
	"cmp"
	"fmt"
	"os"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/spf13/cobra"
)

func newBroker(g *globals) *cobra.Command {
	var config kafka.BrokerConfig
	c := &cobra.Command{
		Use: "broker",
		Example: `pipeline broker
pipeline broker --listen :9092 --data broker-data`,
		Short: "Run the embedded Kafka broker on its own, until Ctrl-C",
		Long: `Runs the embedded Kafka broker on its own, until Ctrl-C. Any Kafka client can
connect, without TLS or a login. Topics are made when they are first named.

Pipelines that name no brokers find it on localhost:9092, or where the variable
PIPELINE_DEFAULT_BROKER says, which is also where it listens then. Elsewhere,
the variable KAFKA_BROKERS or --brokers leads them to it.`,
		Args: noSuchCommand,
	}
	f := c.Flags()
	f.StringVar(&config.Listen, "listen", cmp.Or(os.Getenv(kafka.EnvDefaultBroker), "localhost:9092"), "listen on `HOST:PORT`; without a host on all interfaces, with port 0 on a free port")
	f.StringVar(&config.DataDir, "data", "", "keep topics in the folder `DIR`, from one run to the next; without it in memory")
	memory := addBrokerMemory(f)
	c.RunE = g.withConsole(func(_ *cobra.Command, _ []string, console *console) error {
		if err := kafka.CheckListen(config.Listen); err != nil {
			name := "--listen"
			if !c.Flags().Changed("listen") {
				name = kafka.EnvDefaultBroker
			}
			return fmt.Errorf("%s: %w", name, err)
		}
		config.MemoryLimit, config.Log = int64(*memory), console.log
		return runBroker(console, config)
	})
	return c
}

func runBroker(c *console, config kafka.BrokerConfig) error {
	ctx, end := untilSignal(c, func() {})
	defer end()
	broker, err := kafka.StartBroker(config)
	if err != nil {
		return failure{err}
	}
	where := fmt.Sprintf("in memory (at most %v)", pipeline.ByteSize(config.MemoryLimit))
	if config.DataDir != "" {
		where = "in " + config.DataDir
	}
	addr := broker.Addr()
	c.log.Info(fmt.Sprintf("a Kafka broker listens on %s, with its topics %s; Ctrl-C ends it", addr, where))
	c.log.Info(fmt.Sprintf("to use it:  KAFKA_BROKERS=%s pipeline run FILE", addr))
	<-ctx.Done()
	if err := broker.Close(); err != nil {
		return failure{err}
	}
	return nil
}
