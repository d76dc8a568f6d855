package watermill

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
)

// Validate checks the options that the source and the sink have alike. usable
// says whether the Pub/Sub has the end that is wanted.
func Validate(c Choice, topic string, usable bool) error {
	var errs []error
	switch {
	case c.Name == "":
		errs = append(errs, &pipeline.FieldError{Option: "pubsub", Err: errors.New("is missing: name the Pub/Sub, such as channel or kafka")})
	case !usable:
		errs = append(errs, &pipeline.FieldError{Option: "pubsub", Err: fmt.Errorf("%s can't be used at this end of a pipeline", c.Name)})
	}
	if topic == "" {
		errs = append(errs, &pipeline.FieldError{Option: "topic", Err: errors.New("is missing: name the topic")})
	}
	return errors.Join(errs...)
}

// Connection returns how the Pub/Sub connects to Kafka, nil where it isn't
// Kafka.
func (c *Choice) Connection() *kafka.Options {
	if o, ok := c.Options.(interface{ Connection() *kafka.Options }); ok {
		return o.Connection()
	}
	return nil
}

// ReadsFrom reports whether the topic of this Pub/Sub is what a sink with these
// options writes.
func (c *Choice) ReadsFrom(topic string, sinkOptions any) bool {
	sink, ok := sinkOptions.(interface {
		Connection() *kafka.Options
		Destination() string
	})
	if !ok || sink.Destination() != topic {
		return false
	}
	if from, to := c.Connection(), sink.Connection(); from != nil || to != nil {
		return from != nil && to != nil && slices.Equal(from.Brokers, to.Brokers)
	}
	to, ok := sinkOptions.(interface{ Chosen() *Choice })
	return ok && to.Chosen().Name == c.Name && reflect.DeepEqual(to.Chosen().Options, c.Options)
}
