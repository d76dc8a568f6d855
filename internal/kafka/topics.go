package kafka

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
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

var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// CheckTopic returns an error if no topic can have this name.
func CheckTopic(name string) error {
	if !topicName.MatchString(name) || name == "." || name == ".." {
		return fmt.Errorf("%q can't be a topic's name, which is up to 249 letters, digits, dots, underscores and hyphens", name)
	}
	return nil
}
