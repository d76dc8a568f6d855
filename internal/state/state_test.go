package state

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
)

func at(offset int64) pipeline.Position {
	return pipeline.Position{{Source: "a.csv", Offset: offset, Line: 2}, {Source: "t", Partition: 3, Offset: 7}}
}

func TestSavedPositionIsLoaded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "when-needed")
	s := New(dir)
	if p, err := s.Load("x"); p != nil || err != nil {
		t.Fatalf("without a file: %v, %v", p, err)
	}
	if err := s.Save("x", at(5), true); err != nil {
		t.Fatal(err)
	}
	if err := s.Release("x"); err != nil {
		t.Fatal(err)
	}
	got, err := New(dir).Load("x")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(at(5), got); diff != "" {
		t.Error(diff)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestSaveOnceASecond(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := New(dir)
		want := func(offset int64) {
			t.Helper()
			if p, err := s.read("x"); err != nil || p[0].Offset != offset {
				t.Errorf("kept %v, %v; want %d", p, err, offset)
			}
		}
		save := func(offset int64, flush bool) {
			t.Helper()
			if err := s.Save("x", at(offset), flush); err != nil {
				t.Error(err)
			}
		}
		save(1, false)
		want(1)
		save(2, false)
		want(1)
		<-time.After(interval)
		save(3, false)
		want(3)
		save(4, true)
		want(4)
	})
}

func TestBrokenFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.position.json")
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := New(dir).Load("x"); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want one that names %s", err, path)
	}
}

func TestOneRunAtATime(t *testing.T) {
	dir := t.TempDir()
	first, second := New(dir), New(dir)
	if _, err := first.Load("x"); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Load("x"); err == nil || !strings.Contains(err.Error(), "another run of pipeline x") {
		t.Errorf("a second run loads the position: %v", err)
	}
	if _, err := second.Load("y"); err != nil {
		t.Error(err)
	}
	if err := first.Release("x"); err != nil {
		t.Error(err)
	}
	if _, err := second.Load("x"); err != nil {
		t.Errorf("after Release: %v", err)
	}
}

func TestAPositionThatCannotBeReadIsReleased(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.position.json")
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := New(dir).Load("x"); err == nil {
		t.Fatal("loaded")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := New(dir).Load("x"); err != nil {
		t.Error(err)
	}
}

// A run that is killed leaves a trace, until a later one has kept a position.
func TestStale(t *testing.T) {
	dir := t.TempDir()
	load := func(want bool) *Store {
		t.Helper()
		s := New(dir)
		if _, err := s.Load("x"); err != nil {
			t.Fatal(err)
		}
		if got := s.Stale("x"); got != want {
			t.Errorf("stale: %v", got)
		}
		return s
	}
	end := func(s *Store) {
		t.Helper()
		if err := s.Release("x"); err != nil {
			t.Fatal(err)
		}
	}
	end(load(false))
	killed := load(false)
	if err := killed.Save("x", at(1), false); err != nil {
		t.Fatal(err)
	}
	_ = killed.locks["x"].Close() // as the system does
	end(load(true))               // it keeps nothing
	s := load(true)
	if err := s.Save("x", at(2), true); err != nil {
		t.Fatal(err)
	}
	end(s)
	end(load(false))
}
