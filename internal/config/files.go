package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline"
)

// end is a plugin of a plan that may read or write files.
type end struct {
	role string // source, sink, dead_letter or codec
	node pipeline.Node
	pipeline.Files
}

// ends returns the plugins of a plan that name files.
func (p *Plan) ends() []end {
	var ends []end
	add := func(role string, options any, node pipeline.Node) {
		if user, ok := options.(pipeline.FileUser); ok {
			ends = append(ends, end{role, node, user.Files()})
		}
	}
	add("source", p.Source.Options, p.Source.Node)
	add("sink", p.Sink.Options, p.Sink.Node)
	if p.DeadLetter != nil {
		add("dead_letter", p.DeadLetter.Options, p.DeadLetter.Node)
	}
	for _, codec := range []*pipeline.Bound[pipeline.Codec]{p.Decode, p.Encode} {
		if codec != nil {
			add("codec", codec.Options, codec.Node)
		}
	}
	return ends
}

// checkFiles returns the uses of files in one plan by which records would be
// lost.
func (p *Plan) checkFiles() error {
	ends := p.ends()
	var errs []error
	stdin := 0
	for _, e := range ends {
		if stdin += count(e.Reads, "-"); stdin > 1 {
			errs = append(errs, e.mistake("path", "standard input can be read only once"))
		}
		switch {
		case e.Writes == "":
			continue
		case p.Resume && e.Anew:
			errs = append(errs, e.mistake("mode", "resume adds to what earlier runs have stored: set mode: append"))
		case e.Empty && resumes(p.Source.Options):
			errs = append(errs, e.mistake("mode", "the source goes on where the run before has ended, whose records overwrite would remove: set mode: append, or group: none at the source"))
		case sameFile(p.File, e.Writes):
			errs = append(errs, e.mistake("path", "%s is the pipeline's own file: choose another path", e.Writes))
		}
		for _, other := range ends {
			if other.reads(e.Writes) {
				errs = append(errs, e.mistake("path", "%s is what the %s reads: choose another path", e.Writes, other.role))
			}
		}
	}
	return errors.Join(errs...)
}

// CheckTogether returns the uses of files by which plans that run side by side
// would lose each other's records. One may follow what another writes.
func CheckTogether(plans []*Plan) error {
	var errs []error
	stdin := "" // the pipeline that reads it
	for _, p := range plans {
		for _, e := range p.ends() {
			switch {
			case count(e.Reads, "-") == 0:
			case stdin != "" && stdin != p.Name:
				errs = append(errs, e.mistake("path", "standard input can be read only once, and pipeline %s reads it", stdin))
			default:
				stdin = p.Name
			}
			if e.Writes == "" || !e.Anew || isEmpty(e.Writes) {
				continue
			}
			for _, other := range plans {
				if other != p && slices.ContainsFunc(other.ends(), func(o end) bool { return o.reads(e.Writes) }) {
					errs = append(errs, e.mistake("path", "%s is what pipeline %s reads, and would be emptied first: choose another path", e.Writes, other.Name))
				}
			}
		}
	}
	return errors.Join(errs...)
}

func resumes(source any) bool {
	r, ok := source.(pipeline.Resumer)
	return ok && r.Resumes()
}

func (e end) mistake(option, format string, args ...any) error {
	return e.node.Locate(&pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
}

func count(list []string, wanted string) (n int) {
	for _, s := range list {
		if s == wanted {
			n++
		}
	}
	return n
}

// reads reports whether a file is among those that e reads.
func (e end) reads(file string) bool {
	for _, path := range e.Reads {
		if sameFile(path, file) {
			return true
		}
		if !strings.ContainsAny(path, `*?[`) {
			continue
		}
		if matches, err := filepath.Match(absolute(path), absolute(file)); matches && err == nil {
			return true
		}
		names, _ := filepath.Glob(path) // a bad pattern matches nothing; opening the source says so
		for _, name := range names {
			if sameFile(name, file) {
				return true
			}
		}
	}
	return false
}

// Uses tells what these plans use a file for, or nothing.
func Uses(plans []*Plan, file string) string {
	if file == "" {
		return ""
	}
	for _, p := range plans {
		if sameFile(p.File, file) {
			return "the file of pipeline " + p.Name
		}
		for _, e := range p.ends() {
			switch {
			case e.reads(file):
				return fmt.Sprintf("what the %s of pipeline %s reads", e.role, p.Name)
			case e.Writes != "" && sameFile(e.Writes, file):
				return fmt.Sprintf("what the %s of pipeline %s writes", e.role, p.Name)
			}
		}
	}
	return ""
}

// ReadsPipe reports whether the source reads standard input, or something else
// that can't be read a second time.
func (p *Plan) ReadsPipe() bool {
	user, ok := p.Source.Options.(pipeline.FileUser)
	return ok && slices.ContainsFunc(user.Files().Reads, func(path string) bool {
		info, err := os.Stat(path)
		return path == "-" || err == nil && !info.Mode().IsRegular()
	})
}

// sameFile reports whether two names are of one regular file, through links
// too, or would be if there were one.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return infoA.Mode().IsRegular() && os.SameFile(infoA, infoB)
	}
	return errA != nil && errB != nil && absolute(a) == absolute(b)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func isEmpty(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Size() == 0
}
