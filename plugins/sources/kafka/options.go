package kafka

import (
	"errors"
	"fmt"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
)

func init() { pipeline.RegisterSource("kafka", defaults(), open) }

// Options are the options of the Kafka source.
type Options struct {
	_ struct{} `doc:"reads the messages of Kafka topics, now and as they arrive" example:"kafka: {topics: my-stream}"`

	Topics []string `yaml:"topics" doc:"the topics to read; one that doesn't exist yet is waited for"`
	Group  string   `yaml:"group" doc:"the consumer group, which keeps the position; the default is pipeline-NAME; none: no group, the pipeline keeps the position itself"`
	From   From     `yaml:"from" doc:"where to start: committed, which is where it was left and the beginning at first; beginning; end; or a time, from which on messages are read"`
	Until  Until    `yaml:"until" doc:"end: complete when what was there at the start has been read; the default is to go on"`

	kafka.Options        `yaml:",inline"`
	pipeline.CodecOption `yaml:",inline"`
}

var (
	_ pipeline.Validator = (*Options)(nil)
	_ pipeline.Endless   = (*Options)(nil)
)

// noGroup is the Group that is none.
const noGroup = "none"

func defaults() Options {
	return Options{Options: kafka.DefaultOptions(), From: From{text: fromCommitted}}
}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	if len(o.Topics) == 0 {
		errs = append(errs, &pipeline.FieldError{Option: "topics", Err: errors.New("are missing: name the topics to read")})
	}
	seen := map[string]bool{}
	for _, topic := range o.Topics {
		err := kafka.CheckTopic(topic)
		if seen[topic] {
			err = fmt.Errorf("%q is named twice", topic)
		}
		if err != nil {
			errs = append(errs, &pipeline.FieldError{Option: "topics", Err: err})
		}
		seen[topic] = true
	}
	return errors.Join(errs...)
}

// Endless implements pipeline.Endless.
func (o *Options) Endless() error {
	return errors.New("a topic goes on, and a group keeps where its reader is; forecast what was written into it")
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
		return fmt.Errorf("wants committed, beginning, end, or a time such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00, 2021-01-01 or -10m, not %q", f.text)
	}
	return nil
}

// Until is the option that says whether the source ends.
type Until bool

// OptionType implements pipeline.Typer.
func (Until) OptionType() string { return "end" }

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *Until) UnmarshalText(text []byte) error {
	if string(text) != fromEnd {
		return fmt.Errorf("wants end, not %q", text)
	}
	*u = true
	return nil
}
