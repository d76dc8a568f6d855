package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Connect returns a client once one of o.Brokers has answered it. Until then it
// tries again, for ever, and tells log which brokers don't answer. It ends
// early with ctx's error, or with a permanent one where trying again won't
// help, such as a wrong password or an unknown certificate authority. opts are
// further options of the client.
func Connect(ctx context.Context, o *Options, log *slog.Logger, opts ...kgo.Opt) (*Client, error) {
	if len(o.Brokers) == 0 {
		return nil, pipeline.Permanent(fieldError("brokers", errors.New("none are named")))
	}
	base, err := o.ClientOpts(log)
	if err != nil {
		return nil, err
	}
	watch := newBrokerWatch(o, log)
	base = append(append(base, patience()...), kgo.WithHooks(watch))
	client, err := kgo.NewClient(append(base, opts...)...)
	if err != nil {
		return nil, pipeline.Permanent(err)
	}
	if err := o.await(ctx, client, log); err != nil {
		client.Close()
		return nil, err
	}
	watch.start()
	return &Client{client, watch}, nil
}

const (
	// A topic that is created, and a broker that is back, is found within
	// these times.
	metadataInterval = 500 * time.Millisecond
	longestPause     = time.Second
)

// patience are the options of a client that outlives outages.
func patience() []kgo.Opt {
	return []kgo.Opt{
		kgo.MetadataMinAge(metadataInterval),
		kgo.RetryBackoffFn(func(failures int) time.Duration {
			return min(longestPause/8<<min(failures, 3), longestPause)
		}),
		// Once connected, a connection that is closed at once is a broker that
		// comes or goes, not a wrong setting.
		kgo.AlwaysRetryEOF(),
		kgo.DisableClientMetrics(),
	}
}

// await returns nil once a broker has answered.
func (o *Options) await(ctx context.Context, client *kgo.Client, log *slog.Logger) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 50*time.Millisecond, 3*time.Second
	out := outage{since: time.Now()}
	for {
		errs := ping(ctx, client)
		if errs == nil {
			if !out.told.IsZero() {
				log.Info("a Kafka broker answers", "after", time.Since(out.since).Round(time.Second))
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := o.hopeless(errs, time.Since(out.since)); err != nil {
			return err
		}
		if out.due(time.Now()) {
			log.Warn("no Kafka broker answers; trying again until one does", "brokers", o.reasons(errs))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause.NextBackOff()):
		}
	}
}

// pingTimeout is short enough for the user to hear within five seconds, and
// long enough to open a TLS connection at a round trip of a second. Logging in
// may take longer: the next ping finds it done.
const pingTimeout = 3 * time.Second

// ping asks all brokers at once. It returns nil as soon as one has answered,
// or why none did, in the order in which they were named.
func ping(ctx context.Context, client *kgo.Client) []error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	brokers := client.SeedBrokers()
	errs := make([]error, len(brokers))
	answered := false
	var asked sync.WaitGroup
	var mu sync.Mutex
	for i, b := range brokers {
		asked.Go(func() {
			_, err := b.Request(ctx, noTopics())
			mu.Lock()
			defer mu.Unlock()
			errs[i] = err
			if err == nil {
				answered = true
				cancel()
			}
		})
	}
	asked.Wait()
	if answered {
		return nil
	}
	return errs
}

// noTopics is a request that any broker can answer at once.
func noTopics() kmsg.Request {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{}
	return req
}

// hopeless returns a permanent error if one of the brokers has a reason that
// has lasted long enough.
func (o *Options) hopeless(errs []error, lasted time.Duration) error {
	for i, err := range errs {
		text, patience := o.explain(err)
		if text != "" && lasted >= patience {
			return pipeline.Permanent(fmt.Errorf("can't connect to the Kafka broker %s: %w", o.Brokers[i], explained(text, err)))
		}
	}
	return nil
}

func (o *Options) reasons(errs []error) string {
	var all []string
	for i, err := range errs {
		all = append(all, fmt.Sprintf("%s (%s)", o.Brokers[i], o.reason(err)))
	}
	return strings.Join(all, ", ")
}
