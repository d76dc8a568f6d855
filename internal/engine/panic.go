package engine

import (
	"bytes"
	"reflect"
	"runtime/debug"

	"github.com/pipeline-daemon/pipeline"
)

// panicError is the error of a panic that was recovered, and logs where it was.
func (p *Pipeline) panicError(value any) error {
	err := &pipeline.PanicError{Value: value, Stack: debug.Stack()}
	p.logPanic(err)
	return pipeline.Permanent(err)
}

func (p *Pipeline) logPanic(err *pipeline.PanicError) {
	p.log.Error("a plugin panics", "panic", err.Value, "stack", pluginStack(err.Stack))
}

// panicked is the failure of a record at which a plugin has panicked. It is
// called where that was recovered.
func (w *worker) panicked(r *pipeline.Record, value any, stage, plugin string) *pipeline.Failure {
	err := &pipeline.PanicError{Value: value, Stack: debug.Stack()}
	w.tellPanic(r, err, stage, plugin)
	return &pipeline.Failure{Err: pipeline.Permanent(err), Stage: stage, Plugin: plugin, Attempts: 1}
}

func (w *worker) tellPanic(r *pipeline.Record, err *pipeline.PanicError, stage, plugin string) {
	if n := w.panics.Add(1); n <= loggedFailures {
		w.log.Error("a plugin panics", "at", r.Origin.String(), "stage", stage, "plugin", plugin, "panic", err.Value, "stack", pluginStack(err.Stack))
	}
}

// enginePath begins the names of this package's functions.
var enginePath = []byte("\n" + reflect.TypeFor[Pipeline]().PkgPath() + ".")

// pluginStack returns the part of a panic's stack that is the plugin's: without
// what recovers the panic, and without what calls the plugin.
func pluginStack(stack []byte) string {
	own := stack
	if i := bytes.Index(own, []byte("\npanic(")); i >= 0 {
		own = own[i+1:]
		for range 2 { // its own two lines
			_, own, _ = bytes.Cut(own, []byte("\n"))
		}
	}
	if i := bytes.Index(own, enginePath); i > 0 {
		own = own[:i]
	}
	return string(bytes.TrimSpace(own))
}
