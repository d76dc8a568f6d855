package redrive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/compress"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"gopkg.in/yaml.v3"
)

// Options are where dead letters are read, and of which pipeline.
type Options struct {
	Pipeline string                           // whose letters they are
	Source   *pipeline.Bound[pipeline.Source] // its own source
	Bytes    bool                             // whose values are bytes

	From string // the file or the topic, as the user named it
	File string // where the file is; empty: it is a topic

	letters    *pipeline.Bound[pipeline.Source]
	connection *kafka.Options // of a topic; nil: none
	id         int32          // of a file: its name may be another one's later
}

var _ pipeline.FileUser = (*Options)(nil)

// Files implements pipeline.FileUser.
func (o *Options) Files() pipeline.Files {
	if o.File == "" {
		return pipeline.Files{}
	}
	return pipeline.Files{Reads: []string{o.File}}
}

// Connection returns the connection to the topic, nil for a file.
func (o *Options) Connection() *kafka.Options { return o.connection }

func newOptions(plan *config.Plan, from string) *Options {
	return &Options{Pipeline: plan.Name, Source: plan.Source, Bytes: plan.Decode != nil || plan.PassThrough, From: from}
}

// File makes a plan one that redrives the letters of a file.
func File(plan *config.Plan, path string) error {
	o := newOptions(plan, path)
	var err error
	if o.File, err = filepath.Abs(path); err == nil {
		o.File, err = filepath.EvalSymlinks(o.File)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--from %s: there is no such file", path)
	case err != nil:
		return fmt.Errorf("--from %s: %w", path, err)
	}
	if o.id, err = identify(o.File); err != nil {
		return fmt.Errorf("--from %s: %w", path, err)
	}
	// A line is as long as it is: the source of the record has bounded it.
	if o.letters, err = bind("file", node("path", o.File), node("format", "lines"), node("max_line", "1GiB")); err != nil {
		return err
	}
	if err := plan.Redrive(Name(plan.Name), pipeline.NewBound("redrive", o, o.open), o.File); err != nil {
		return err
	}
	plan.Resume = true
	return nil
}

// Topic makes a plan one that redrives the letters of a topic, to which it
// connects as to the pipeline's other topics.
func Topic(plan *config.Plan, topic string, connection *kafka.Options) error {
	if err := kafka.CheckTopic(topic); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	o := newOptions(plan, topic)
	var err error
	if o.letters, err = bind("kafka", node("topics", topic), node("until", "end")); err != nil {
		return err
	}
	to, ok := o.letters.Options.(interface{ Connection() *kafka.Options })
	if !ok {
		return errors.New("this program's source kafka has no connection")
	}
	o.connection = to.Connection()
	if connection != nil {
		*o.connection = *connection
	}
	if err := plan.Redrive(Name(plan.Name), pipeline.NewBound("redrive", o, o.open), ""); err != nil {
		return err
	}
	plan.Resume = false // the group keeps the position
	return nil
}

func (o *Options) open(ctx context.Context, env pipeline.Env) (pipeline.Source, error) {
	s := &source{options: o, env: env, left: map[string]int{}}
	if o.File == "" {
		env.Position = nil // the group keeps it
	} else if at, ok := env.Position.Last(o.File, o.id); ok {
		at.Partition = 0
		env.Position = pipeline.Position{at}
	} else {
		env.Position = nil
	}
	var err error
	s.Source, err = o.letters.Open(ctx, env)
	switch {
	case err != nil && env.Position != nil:
		return nil, fmt.Errorf("%w (to redrive the whole file once more, remove %s.position.json from the state folder)", err, env.Pipeline)
	case err != nil:
		return nil, err
	}
	if _, ok := s.Source.(pipeline.Committer); ok {
		return groupSource{s}, nil
	}
	return s, nil
}

// place returns where a letter is, of which positions are made.
func (o *Options) place(at pipeline.Origin) pipeline.Origin {
	if o.File != "" {
		at.Partition = o.id
	}
	return at
}

// identify returns a number that tells a file of letters from others of its
// name, by its first letter.
func identify(path string) (int32, error) {
	f, err := compress.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // it was only read
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return 0, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 && err == io.EOF {
			return 0, errors.New("the file is empty: it holds no dead letters")
		} else if len(line) == 0 {
			continue
		}
		if _, err := parse(line); err != nil {
			return 0, fmt.Errorf("line %d: %w; the sink file writes dead letters as lines of JSON", n, err)
		}
		return int32(crc32.ChecksumIEEE(line)), nil
	}
}

// bind returns a source with options.
func bind(name string, options ...*yaml.Node) (*pipeline.Bound[pipeline.Source], error) {
	all := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, option := range options {
		all.Content = append(all.Content, option.Content...)
	}
	source := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{scalar(name), all}}
	return pipeline.BindSource(pipeline.Node{File: "--from", YAML: source})
}

func node(option, value string) *yaml.Node {
	return &yaml.Node{Content: []*yaml.Node{scalar(option), scalar(value)}}
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}
