package textfile

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// pollEvery is how often a file is looked at even if nothing tells of a
// change: file systems of the network don't.
const pollEvery = time.Second

// watch waits for changes of a file and of what has its name. It watches the
// folder, for files that come and go, and the file itself, which may lie
// elsewhere if its name is a symbolic link.
type watch struct {
	path    string
	notify  *fsnotify.Watcher // nil: the system doesn't tell of changes
	folders bool              // the folder is watched
}

func newWatch(path string, log *slog.Logger) *watch {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("the system won't tell of changes: the file is looked at every second", "file", path, "error", err)
		return &watch{path: path}
	}
	return &watch{path: path, notify: notify}
}

// add watches the file, once it is there. What can't be watched is looked at
// now and then all the same.
func (w *watch) add(path string) {
	if w.notify != nil {
		_ = w.notify.Add(path)
	}
}

// wait returns when the file may have changed. It returns ErrPatience when
// late comes first.
func (w *watch) wait(ctx context.Context, late <-chan time.Time) error {
	var events chan fsnotify.Event
	var errors chan error
	if w.notify != nil {
		if !w.folders {
			w.folders = w.notify.Add(filepath.Dir(w.path)) == nil
			if w.folders {
				return nil // what came before it was watched may go unseen
			}
		}
		events, errors = w.notify.Events, w.notify.Errors
	}
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	for {
		select {
		case e := <-events:
			if filepath.Base(e.Name) == filepath.Base(w.path) {
				return nil
			}
		case <-errors: // events may have been lost
			return nil
		case <-timer.C:
			return nil
		case <-late:
			return ErrPatience
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *watch) close() {
	if w.notify != nil {
		_ = w.notify.Close() // nothing is lost by it
	}
}
