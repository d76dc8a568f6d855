package config

import (
	"testing"

	"github.com/pipeline-daemon/pipeline"
)

// A program without the json codec asks for one where it is needed.
func TestNoDefaultCodec(t *testing.T) {
	bytes, values := new(topicOptions), new(fileOptions)
	for _, tc := range []struct {
		source, sink any
		fails        bool
	}{
		{values, values, false},
		{bytes, values, true},
		{values, bytes, true},
		{bytes, bytes, true},
	} {
		p := &Plan{Source: &pipeline.Bound[pipeline.Source]{Options: tc.source}, Sink: &pipeline.Bound[pipeline.Sink]{Options: tc.sink}}
		if err := p.bindCodecs(nil); (err != nil) != tc.fails {
			t.Errorf("%T to %T: %v", tc.source, tc.sink, err)
		}
	}
}
