package pipeline

import (
	"errors"
	"fmt"
)

// ErrFiltered is what a Transform returns for a record that leaves the
// pipeline on purpose.
var ErrFiltered = errors.New("filtered")

// ErrDone is what a sink reports, wrapped or not, when its reader has gone and
// nobody wants more, as when standard output is closed. The pipeline then
// stops. If some of the records are stored, the others are marked with
// Record.Fail(ErrDone), so that it is known how many.
var ErrDone = errors.New("the reader has gone")

// Permanent marks err as one that trying again won't mend. The text stays the
// same. The nil error stays nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether err, or an error that it wraps, is marked as
// permanent.
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Fatal marks err, of a transform or a handler, as one that has nothing to do
// with the record: it would concern every other one, too. The pipeline stops
// before the record, whatever its error policy says. Such an error is Permanent.
// The nil error stays nil.
func Fatal(err error) error {
	if err == nil {
		return nil
	}
	return &fatalError{Permanent(err)}
}

// IsFatal reports whether err, or an error that it wraps, is marked as fatal.
func IsFatal(err error) bool {
	var f *fatalError
	return errors.As(err, &f)
}

type fatalError struct{ err error }

func (e *fatalError) Error() string { return e.err.Error() }
func (e *fatalError) Unwrap() error { return e.err }

// The stages of a pipeline at which a record can fail.
const (
	StageSource    = "source"
	StageDecode    = "decode"
	StageTransform = "transform"
	StageHandler   = "handler"
	StageEncode    = "encode"
	StageSink      = "sink"
)

// Failure says why and where a record failed.
type Failure struct {
	Err      error
	Stage    string // one of the Stage constants
	Plugin   string
	Attempts int // how often it was tried; at least 1
}

// A ConfigError is a mistake in a pipeline's configuration and its place.
type ConfigError struct {
	File         string
	Line, Column int // from 1; 0 where there is none, as in a flag
	Err          error
}

func (e *ConfigError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
}

func (e *ConfigError) Unwrap() error { return e.Err }

// A FieldError is what an option struct's Validate returns of one option, so
// that the mistake is shown at that option's place. Several are joined with
// errors.Join.
type FieldError struct {
	Option string // dotted, such as "tls.ca"
	Err    error
}

func (e *FieldError) Error() string { return e.Option + ": " + e.Err.Error() }
func (e *FieldError) Unwrap() error { return e.Err }

// Flatten returns the errors that errors.Join has joined, at any depth, in
// order; an error that joins nothing is itself.
func Flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, Flatten(e)...)
	}
	return all
}
