package kafka

import (
	"errors"
	"fmt"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fieldtime"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
)

func init() { pipeline.RegisterSource("kafka", defaults(), open) }

// Options are the options of the Kafka source.
type Options struct {
	_ struct{} `doc:"reads the messages of Kafka topics, now and as they arrive. With pace, those of all partitions come in the order of their times, which are the event times" example:"kafka: {topics: my-stream}"`

	Topics     Topics  `yaml:"topics" doc:"the topics to read; one that doesn't exist yet is waited for; /REGEX/ is every topic in whose name it matches, also those that are created later"`
	Partitions []int32 `yaml:"partitions" doc:"the partitions to read of each topic, with group: none; the default is all"`
	Group      string  `yaml:"group" doc:"the consumer group, which keeps the position and shares the partitions out among its members; the default is pipeline-NAME; none: no group, the pipeline keeps the position itself"`
	InstanceID string  `yaml:"instance_id" doc:"this member's lasting name in the group: one that is back within 45 seconds gets its partitions again, without a rebalance"`
	From       From    `yaml:"from" doc:"where to start: committed, which is where it was left and the beginning at first; beginning; end; or a time, from which on messages are read: that of their timestamps, which is when they were written unless the sink was told otherwise"`
	Until      Until   `yaml:"until" doc:"where to complete: end, when what was there at the start has been read; a time, at each partition's first message of it or later; or {records: N}; the default is to go on"`
	Isolation  string  `yaml:"isolation" doc:"read_committed, or read_uncommitted, which also reads what transactions have not committed"`
	OnDataLoss string  `yaml:"on_data_loss" doc:"what to do when messages are gone before they were read, or the topic was deleted and made anew: fail; or continue with what there is, after a warning"`
	Timestamp  string  `yaml:"timestamp" doc:"the field of the value with the event time, in the order of which a paced pipeline merges the partitions; a message without a value has the time of the one before it; the default is the message's timestamp, by which from and until go in any case"`
	Rack       string  `yaml:"rack" doc:"where this program runs, as the brokers' broker.rack says it: messages are then fetched from a replica in this rack"`

	kafka.Options        `yaml:",inline"`
	pipeline.CodecOption `yaml:",inline"`
	fieldtime.Notation   `yaml:",inline"`
}

var (
	_ pipeline.Validator = (*Options)(nil)
	_ pipeline.Endless   = (*Options)(nil)
)

// noGroup is the Group that is none.
const noGroup = "none"

const (
	readCommitted   = "read_committed"
	readUncommitted = "read_uncommitted"

	fail    = "fail"
	goingOn = "continue"
)

func defaults() Options {
	return Options{Options: kafka.DefaultOptions(), Notation: fieldtime.DefaultNotation(), From: From{text: fromCommitted}, Isolation: readCommitted, OnDataLoss: fail}
}

var _ pipeline.Resumer = (*Options)(nil)

// Resumes implements pipeline.Resumer.
func (o *Options) Resumes() bool { return o.Group != noGroup && o.From.text == fromCommitted }

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	wrong := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	if err := o.Topics.validate(); err != nil {
		wrong("topics", "%w", err)
	}
	if len(o.Partitions) > 0 && o.Group != noGroup {
		wrong("partitions", "are shared out by the group: add group: none to choose them")
	}
	seen := map[int32]bool{}
	for _, p := range o.Partitions {
		if p < 0 || seen[p] {
			wrong("partitions", "%d is negative or named twice", p)
		}
		seen[p] = true
	}
	if o.InstanceID != "" && o.Group == noGroup {
		wrong("instance_id", "names a member of a group, and there is group: none")
	}
	if from, until := o.From.at, o.Until.at; !from.IsZero() && !until.IsZero() && !from.Before(until) {
		wrong("until", "%s is not after from, which is %s: there would be nothing to read", o.Until.text, o.From.text)
	}
	if o.Isolation != readCommitted && o.Isolation != readUncommitted {
		wrong("isolation", "wants %s or %s, not %q", readCommitted, readUncommitted, o.Isolation)
	}
	if o.OnDataLoss != fail && o.OnDataLoss != goingOn {
		wrong("on_data_loss", "wants %s or %s, not %q", fail, goingOn, o.OnDataLoss)
	}
	return errors.Join(append(errs, o.Check(o.Timestamp)...)...)
}

// Endless implements pipeline.Endless.
func (o *Options) Endless() error {
	return errors.New("a topic goes on, and a group keeps where its reader is; write it to a file with the sink capture, and look at that")
}

// group returns the consumer group, or "" for none.
func (o *Options) group(pipelineName string) string {
	switch o.Group {
	case "":
		return "pipeline-" + pipelineName
	case noGroup:
		return ""
	}
	return o.Group
}

// From is the option that says where to start.
type From struct {
	text string
	at   time.Time // where text is none of the words
}

const (
	fromCommitted = "committed"
	fromBeginning = "beginning"
	fromEnd       = "end"
)

var _ pipeline.Typer = From{}

// OptionType implements pipeline.Typer.
func (From) OptionType() string { return "committed, beginning, end or a time" }

// String returns the option as it was written.
func (f From) String() string { return f.text }

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *From) UnmarshalText(text []byte) (err error) {
	f.text, f.at = string(text), time.Time{}
	switch f.text {
	case fromCommitted, fromBeginning, fromEnd:
		return nil
	}
	if f.at, err = pipeline.ParseTime(f.text, time.Now()); err != nil {
		return fmt.Errorf("wants committed, beginning, end, or %s, not %q", aTime, f.text)
	}
	return nil
}

const aTime = "a time such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00, 2021-01-01 or -10m"
