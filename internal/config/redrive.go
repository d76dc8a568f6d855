package config

import (
	"errors"

	"github.com/pipeline-daemon/pipeline"
)

// Redrive makes the plan one that reads a source of dead letters in place of
// its own, as fast as possible, under a name of its own. File is the file that
// they are in, if they are in one. The error joins all mistakes.
func (p *Plan) Redrive(name string, letters *pipeline.Bound[pipeline.Source], file string) error {
	p.Name, p.Source, p.Pace = name, letters, nil
	var errs []error
	for _, e := range p.ends() {
		switch {
		case e.Writes == "" || e.role == "source":
		case file != "" && sameFile(e.Writes, file) && e.role == "sink":
			errs = append(errs, e.mistake("path", "%s is what is redriven: choose another path", e.Writes))
		case e.Anew && !isEmpty(e.Writes):
			errs = append(errs, e.mistake("mode", "a redrive adds to what is there: set mode: append, as with  --set %s.%s.mode=append", e.role, p.pluginOf(e.role)))
		}
	}
	return errors.Join(errs...)
}

// pluginOf returns the name of the plugin that is the sink, or that of dead
// letters.
func (p *Plan) pluginOf(role string) string {
	if role == "dead_letter" {
		return p.DeadLetter.Name
	}
	return p.Sink.Name
}
