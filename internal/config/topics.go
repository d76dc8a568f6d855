package config

import (
	"errors"

	"github.com/pipeline-daemon/pipeline"
)

// tellTopics tells the sinks which topics records may name. Dead letters name
// none.
func (p *Plan) tellTopics() error {
	var names []string
	always := false
	if namer, ok := p.Source.Options.(pipeline.TopicNamer); ok {
		names, always = namer.Topics()
	}
	errs := []error{takeTopics(p.Sink, names, always)}
	if p.DeadLetter != nil {
		errs = append(errs, takeTopics(p.DeadLetter, nil, false))
	}
	return errors.Join(errs...)
}

func takeTopics(sink *pipeline.Bound[pipeline.Sink], names []string, always bool) error {
	taker, ok := sink.Options.(pipeline.TopicTaker)
	if !ok {
		return nil
	}
	if err := taker.TakeTopics(names, always); err != nil {
		return sink.Node.Locate(err)
	}
	return nil
}
