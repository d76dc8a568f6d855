package kafka

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Topics returns the names of the topics that there are, internal ones left
// aside, in order. Without brokers it asks those of KAFKA_BROKERS, or the
// default address; it starts none. It gives up when ctx is done.
func Topics(ctx context.Context, brokers []string) ([]string, error) {
	o := DefaultOptions()
	if o.Brokers = brokers; len(brokers) == 0 {
		o.Brokers = strings.Split(cmp.Or(os.Getenv(EnvBrokers), os.Getenv(EnvDefaultBroker), defaultBroker), ",")
	}
	opts, err := o.ClientOpts(slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(ctx)
	return topics.Names(), err
}
