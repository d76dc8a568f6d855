package kafka

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/twmb/franz-go/pkg/kgo"
)

func init() { pipeline.RegisterSink("kafka", defaults(), open) }

// Options are the options of the Kafka sink.
type Options struct {
	_ struct{} `doc:"writes records to a Kafka topic, each of them once and in order" example:"kafka: {topic: my-stream, key: sensor}"`

	Topic       string                      `yaml:"topic" doc:"the topic to write to; records whose source names a topic for them go to that one"`
	Key         fields.Text                 `yaml:"key" doc:"the messages' key; the default is the record's own"`
	Headers     pipeline.Pairs[fields.Text] `yaml:"headers" doc:"headers to add to the record's own"`
	Partition   string                      `yaml:"partition" doc:"the column with the partition's number; or original: the partition that the record comes from, as out of a topic or a capture; the default is to go by the key, as Java's clients do"`
	Timestamp   string                      `yaml:"timestamp" doc:"the messages' time: now, or event, which is the record's own; a topic's retention goes by it"`
	Compression string                      `yaml:"compression" doc:"none, gzip, snappy, lz4 or zstd"`
	Linger      *time.Duration              `yaml:"linger" doc:"how long to wait for more records to send together; the default is 0 with pace, else 5ms"`
	Create      Create                      `yaml:"create" doc:"how to create the topic where there is none; with false it must be there"`

	kafka.Options        `yaml:",inline"`
	pipeline.CodecOption `yaml:",inline"`

	named []string // the topics that records name
}

var (
	_ pipeline.Validator  = (*Options)(nil)
	_ pipeline.ValueUser  = (*Options)(nil)
	_ pipeline.TopicTaker = (*Options)(nil)
)

// Destination returns the topic that is written to, for the source that must
// not read it.
func (o *Options) Destination() string { return o.Topic }

// Create says how a missing topic is created.
type Create struct {
	Partitions        int32                  `yaml:"partitions" doc:"the number of partitions"`
	ReplicationFactor int16                  `yaml:"replication_factor" doc:"the number of replicas; -1 is the cluster's default"`
	Config            pipeline.Pairs[string] `yaml:"config" doc:"the topic's settings, such as retention.ms"`

	off bool
}

var (
	_ pipeline.OptionDecoder = (*Create)(nil)
	_ pipeline.Typer         = Create{}
)

// OptionType implements pipeline.Typer.
func (Create) OptionType() string { return "mapping or false" }

// DecodeOption implements pipeline.OptionDecoder.
func (c *Create) DecodeOption(n pipeline.Node) error {
	if n.YAML.Tag == "!!bool" {
		var on bool
		err := n.Decode(&on)
		c.off = !on
		return err
	}
	type mapping Create
	return n.Decode((*mapping)(c))
}

const (
	now   = "now"
	event = "event"

	original = "original" // for Partition

	defaultLinger = 5 * time.Millisecond
)

func defaults() Options {
	return Options{
		Options:     kafka.DefaultOptions(),
		Timestamp:   now,
		Compression: "none",
		Create:      Create{Partitions: 1, ReplicationFactor: -1},
	}
}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	wrong := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	if o.Topic != "" {
		if err := kafka.CheckTopic(o.Topic); err != nil {
			wrong("topic", "%w", err)
		}
	}
	if o.Timestamp != now && o.Timestamp != event {
		wrong("timestamp", "wants now or event, not %q", o.Timestamp)
	}
	if _, ok := codecs[o.Compression]; !ok {
		wrong("compression", "wants none, gzip, snappy, lz4 or zstd, not %q", o.Compression)
	}
	if o.Linger != nil && (*o.Linger < 0 || *o.Linger > time.Minute) {
		wrong("linger", "wants a duration from 0s to 1m, not %v", *o.Linger)
	}
	if o.Create.Partitions < 1 {
		wrong("create.partitions", "wants at least 1, not %d", o.Create.Partitions)
	}
	if f := o.Create.ReplicationFactor; f != -1 && f < 1 {
		wrong("create.replication_factor", "wants at least 1, or -1 for the cluster's default, not %d", f)
	}
	return errors.Join(errs...)
}

// TakeTopics implements pipeline.TopicTaker.
func (o *Options) TakeTopics(names []string, always bool) error {
	o.named = names
	errs := []error{}
	if o.Topic == "" && !always {
		errs = append(errs, &pipeline.FieldError{Option: "topic", Err: errNoTopic})
	}
	for _, name := range names {
		if err := kafka.CheckTopic(name); err != nil {
			errs = append(errs, fmt.Errorf("the source names a topic: %w", err))
		}
	}
	return errors.Join(errs...)
}

var errNoTopic = errors.New("is missing: name the topic to write to")

// topics are the names of all topics that are written to.
func (o *Options) topics() []string {
	names := slices.Clone(o.named)
	if o.Topic != "" {
		names = append(names, o.Topic)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// UsesValue implements pipeline.ValueUser.
func (o *Options) UsesValue() bool {
	return o.Partition != "" && o.Partition != original || isColumn(o.Key) ||
		slices.ContainsFunc(o.Headers, func(h pipeline.Pair[fields.Text]) bool { return isColumn(h.Value) })
}

func isColumn(t fields.Text) bool {
	_, ok := t.Column()
	return ok
}

func (o *Options) linger(paced bool) time.Duration {
	switch {
	case o.Linger != nil:
		return *o.Linger
	case paced:
		return 0
	}
	return defaultLinger
}

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

// neverFull is more records than the engine has under way: what bounds them is
// the number of its batches.
const neverFull = math.MaxInt32
