package scaffold

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/pipeline-daemon/pipeline/examples/handlers"
)

// starter is what a pipeline begins with.
type starter struct {
	Schema                  string // where the schema is; empty: not known
	Source, Transform, Sink string
	End                     string // sink or handler
}

const (
	starterSource = `generate:
    count: 5
    interval: 1s
    fields:
      timestamp: {time: {format: "%Y-%m-%d %H:%M:%S"}}
      sensor: {choice: [boiler, roof]}
      value: {float: {min: 20, max: 90}}
# source: {kafka: {topics: my-stream}}   # in its place: the messages of a topic`
	starterTransform = "- filter: value > 30"
)

// starterOf is a pipeline with a plugin in it.
func starterOf(p Plugin) starter {
	s := starter{Source: starterSource, Transform: starterTransform, Sink: "print", End: "sink"}
	switch {
	case p.Kind == "source":
		s.Source, s.Transform = p.Step(), "[]"
	case p.Kind == "transform", p.Watermill:
		s.Transform = "- " + p.Step()
	case p.Kind == "handler":
		s.End, s.Sink = "handler", "\n  "+p.Step()
	case p.Kind == "sink":
		s.Sink = "\n  " + p.Step()
	}
	return s
}

// Pipeline returns the YAML of a pipeline to be written in dir. In a checkout,
// it tells editors where the schema is.
func Pipeline(dir, name string) ([]byte, error) {
	return starterOf(Plugin{}).pipeline(dir, name)
}

func (s starter) pipeline(dir, name string) ([]byte, error) {
	if root, ok := Checkout(dir); ok {
		if path, err := filepath.Rel(dir, filepath.Join(root, "schemas", "pipeline.schema.json")); err == nil {
			s.Schema = filepath.ToSlash(path)
		}
	}
	return render("pipeline.yaml.tmpl", struct {
		Name string
		starter
	}{name, s})
}

// Python is a handler in Python: a pipeline with it, the program, and the
// helper that the program imports.
type Python struct{ Pipeline, Program, Helper []byte }

// PythonHelper is the file that the helper must be.
const PythonHelper = "pipeline_handler.py"

// NewPython returns a handler in Python, to be written in dir.
func NewPython(dir, name string) (Python, error) {
	s := starterOf(Plugin{})
	s.Transform = fmt.Sprintf("- handler:\n      exec: {command: [python3, %s.py]}", name)
	yaml, err := s.pipeline(dir, name)
	program, programErr := render("handler.py.tmpl", nil)
	return Python{yaml, program, handlers.Python}, errors.Join(err, programErr)
}
