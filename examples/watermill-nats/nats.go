// Package nats adds NATS JetStream to the Pub/Subs of the source and the sink
// watermill.
package nats

import (
	"context"

	"github.com/ThreeDotsLabs/watermill-nats/v2/pkg/nats"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/watermill"
)

// Options are the options of the Pub/Sub.
type Options struct {
	URL string `yaml:"url" doc:"the server; empty: one inside this process, which forgets all at its end"`
}

func init() {
	watermill.Register("nats", Options{}, watermill.PubSub[Options]{
		Publisher: func(_ context.Context, env pipeline.Env, o Options) (message.Publisher, error) {
			url, release, err := o.server()
			if err != nil {
				return nil, err
			}
			p, err := nats.NewPublisher(nats.PublisherConfig{URL: url, JetStream: jetStream}, watermill.Logger(env.Log))
			return publisher{p, release}, err
		},
		Subscriber: func(_ context.Context, env pipeline.Env, o Options) (message.Subscriber, error) {
			url, release, err := o.server()
			if err != nil {
				return nil, err
			}
			s, err := nats.NewSubscriber(nats.SubscriberConfig{URL: url, JetStream: jetStream}, watermill.Logger(env.Log))
			return subscriber{s, release}, err
		},
	})
}

var jetStream = nats.JetStreamConfig{AutoProvision: true}
