// Package state keeps the positions of pipelines between runs, as files in a
// folder.
package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/pipeline-daemon/pipeline"
)

// interval is how far a kept position may lag behind what is stored, should
// the process be killed: that much is then read and written once more.
const interval = time.Second

// Store is a folder with three files for every pipeline: DIR/NAME.position.json,
// and while a run uses it DIR/NAME.lock and DIR/NAME.running, which stays where
// the run is killed. The folder is made when first needed.
type Store struct {
	dir   string
	mu    sync.Mutex
	next  map[string]time.Time // when a pipeline's position is due to be kept
	locks map[string]*flock.Flock
	stale map[string]bool // the position is that of a run that was killed
}

// New returns the store in a folder.
func New(dir string) *Store {
	return &Store{dir: dir, next: map[string]time.Time{}, locks: map[string]*flock.Flock{}, stale: map[string]bool{}}
}

func (s *Store) path(name string) string { return filepath.Join(s.dir, name+".position.json") }

func (s *Store) running(name string) string { return filepath.Join(s.dir, name+".running") }

// Load returns a pipeline's position; without one it is empty. Until Release it
// is an error to load it again, here or in another process: two runs would move
// one position.
func (s *Store) Load(name string) (pipeline.Position, error) {
	if err := s.acquire(name); err != nil {
		return nil, err
	}
	p, err := s.read(name)
	if err != nil {
		_ = s.Release(name) // the error that matters is the first
	}
	return p, err
}

// Stale reports whether the position that Load has returned is of a run that
// did not end in order, and that may have stored more than it has kept.
func (s *Store) Stale(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stale[name]
}

func (s *Store) read(name string) (pipeline.Position, error) {
	text, err := os.ReadFile(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var p pipeline.Position
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; to start anew, remove this file", s.path(name), err)
	}
	return p, nil
}

func (s *Store) acquire(name string) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(s.dir, name+".lock"))
	switch locked, err := lock.TryLock(); {
	case errors.Is(err, errors.ErrUnsupported): // as on some file systems of the network
		return nil
	case err != nil:
		return fmt.Errorf("locking %s: %w", lock.Path(), err)
	case !locked:
		return fmt.Errorf("another run of pipeline %s is using it (%s is locked): end that one, or give this one its own --state", name, lock.Path())
	}
	_, err := os.Lstat(s.running(name))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locks[name], s.stale[name] = lock, err == nil
	_ = os.WriteFile(s.running(name), nil, 0o644) // without it, a crash goes unnoticed
	return nil
}

// Release ends the use of a position. The lock's file stays: removing it could
// take it from under a run that is just starting.
func (s *Store) Release(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	lock := s.locks[name]
	if lock == nil {
		return nil
	}
	delete(s.locks, name)
	if !s.stale[name] {
		_ = os.Remove(s.running(name)) // as above
	}
	return lock.Close()
}

// Save keeps a pipeline's position: at most once a second, or now with flush.
// A crash leaves the old file or the new one, never half of one.
func (s *Store) Save(name string, p pipeline.Position, flush bool) error {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !flush && now.Before(s.next[name]) {
		return nil
	}
	s.next[name] = now.Add(interval)
	if err := s.write(name, p); err != nil {
		return fmt.Errorf("keeping the position: %w", err)
	}
	s.stale[name] = false
	return nil
}

func (s *Store) write(name string, p pipeline.Position) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.dir, name+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.path(name))
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the error that matters is the first
	}
	return err
}
