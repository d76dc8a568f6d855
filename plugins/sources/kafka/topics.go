package kafka

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
)

// Topics is the option that names topics, or regular expressions for their
// names between slashes, which no topic's name has.
type Topics struct {
	names    []string
	patterns []*regexp.Regexp
	text     []string
}

var (
	_ pipeline.OptionDecoder = (*Topics)(nil)
	_ pipeline.Typer         = Topics{}
)

// OptionType implements pipeline.Typer.
func (Topics) OptionType() string { return "NAME, /REGEX/ or a list of them" }

// String returns the option as it was written.
func (t Topics) String() string { return strings.Join(t.text, ", ") }

// DecodeOption implements pipeline.OptionDecoder.
func (t *Topics) DecodeOption(n pipeline.Node) error {
	*t = Topics{}
	if err := n.Decode(&t.text); err != nil {
		return err
	}
	for _, text := range t.text {
		if len(text) < 2 || text[0] != '/' || text[len(text)-1] != '/' {
			t.names = append(t.names, text)
			continue
		}
		pattern, err := regexp.Compile(text[1 : len(text)-1])
		if err != nil {
			return n.Errorf("%s is not a regular expression: %w", text, err)
		}
		t.patterns = append(t.patterns, pattern)
	}
	return nil
}

func (t *Topics) validate() error {
	if len(t.text) == 0 {
		return errors.New("are missing: name the topics to read")
	}
	for i, text := range t.text {
		if text == "//" {
			return errors.New("// matches every topic: name some, or write /./ if all are meant")
		}
		if slices.Contains(t.text[:i], text) {
			return fmt.Errorf("%q is named twice", text)
		}
	}
	for _, name := range t.names {
		if err := kafka.CheckTopic(name); err != nil {
			return err
		}
	}
	return nil
}

// matches reports whether a topic that is there is one of those that the
// regular expressions mean, which leave internal topics out.
func (t *Topics) matches(name string, internal bool) bool {
	return !internal && slices.ContainsFunc(t.patterns, func(p *regexp.Regexp) bool { return p.MatchString(name) })
}
