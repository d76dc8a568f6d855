package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// kafkaEnds returns the connections of all ends that are Kafka, those of dead
// letters included.
func kafkaEnds(plans []*config.Plan) []*kafka.Options {
	var ends []*kafka.Options
	for _, p := range plans {
		for _, options := range p.Ends() {
			if o, ok := options.(interface{ Connection() *kafka.Options }); ok && o.Connection() != nil {
				ends = append(ends, o.Connection())
			}
		}
	}
	return ends
}

// nameBrokers names the brokers of all ends that name none. It is then that a
// broker may be started, which it returns.
func nameBrokers(ctx context.Context, c *console, plans []*config.Plan, memory sizeFlag) (*kafka.Broker, error) {
	var unnamed []*kafka.Options
	for _, o := range kafkaEnds(plans) {
		if len(o.Brokers) == 0 {
			unnamed = append(unnamed, o)
		}
	}
	if len(unnamed) == 0 {
		return nil, nil
	}
	brokers, started, err := kafka.ResolveBrokers(ctx, kafka.BrokerConfig{MemoryLimit: int64(memory), Log: c.log})
	if err != nil {
		return nil, err
	}
	for _, o := range unnamed {
		o.Brokers = brokers
	}
	if started == nil {
		c.log.Info("using the Kafka broker on " + strings.Join(brokers, ", "))
		return nil, nil
	}
	c.log.Info(fmt.Sprintf("started a Kafka broker on %s, in memory (at most %v), as none is named and none listens there; it ends with this command",
		started.Addr(), &memory))
	return started, nil
}

// parseBrokers reads --brokers.
func parseBrokers(list string) ([]string, error) {
	brokers, err := kafka.ParseBrokers(list)
	if err != nil {
		return nil, fmt.Errorf("--brokers: %w", err)
	}
	return brokers, nil
}

// withBrokers names the brokers of the plans, does the work, which is to end
// once its context is done, and hosts a broker that it has started until other
// programs don't need it any more. announce tells of the signal that ends it
// all.
func withBrokers(c *console, plans []*config.Plan, memory sizeFlag, announce func(), work func(context.Context) error) error {
	ctx, end := untilSignal(c, announce)
	defer end()
	broker, err := nameBrokers(ctx, c, plans, memory)
	if broker != nil {
		defer func() { _ = broker.Close() }() // it is in memory: nothing is lost
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	err = work(ctx)
	if broker != nil {
		host(ctx, c, broker)
	}
	return err
}

// host keeps a broker up while other programs are connected, until ctx is done.
func host(ctx context.Context, c *console, broker *kafka.Broker) {
	n := broker.Clients()
	switch {
	case n == 0:
		return
	case ctx.Err() != nil:
		c.log.Warn(fmt.Sprintf("the broker on %s ends, though other programs have %s to it", broker.Addr(), count(int64(n), "connection")))
		return
	}
	c.log.Info(fmt.Sprintf("keeping the broker on %s up: other programs have %s to it; it ends with the last one, or with Ctrl-C",
		broker.Addr(), count(int64(n), "connection")))
	_ = broker.Wait(ctx) // an error is ctx's
}

// sizeFlag is a flag that is a number of bytes.
type sizeFlag pipeline.ByteSize

var _ pflag.Value = (*sizeFlag)(nil)

// Set implements pflag.Value.
func (s *sizeFlag) Set(text string) error { return (*pipeline.ByteSize)(s).UnmarshalText([]byte(text)) }

// String implements pflag.Value.
func (s *sizeFlag) String() string { return pipeline.ByteSize(*s).String() }

// Type implements pflag.Value.
func (s *sizeFlag) Type() string { return "size" }

func addBrokerMemory(f *pflag.FlagSet) *sizeFlag {
	s := sizeFlag(kafka.DefaultMemoryLimit)
	f.Var(&s, "broker-memory", "let the topics of an embedded broker in memory hold `SIZE` in all; the oldest records go first")
	return &s
}

// addConnection adds the flags of a command that has one Kafka end.
func addConnection(c *cobra.Command, brokers *string, options *[]string, codec *string) {
	f := c.Flags()
	f.StringVar(brokers, "brokers", "", "connect to `HOST:PORT,..` (default KAFKA_BROKERS, else localhost:9092, where a broker is started if nothing listens)")
	f.StringArrayVar(options, "kafka", nil, "set any other option of the Kafka plugin with `KEY=VALUE`, as in tls.ca=ca.pem; may be repeated")
	f.StringVar(codec, "codec", "", "`CODEC` of the values: json, or avro=FILE with the file of a schema")
	_ = c.RegisterFlagCompletionFunc("codec", completeCodecs) // it fails where there is no such flag
}
