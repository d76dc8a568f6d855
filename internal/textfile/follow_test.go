package textfile

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/compress/compresstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plain is a format of lines.
type plain struct{}

func (plain) Begin(ctx context.Context, h *Head) (Rows, error) {
	scan := func() State { return plain{}.Scan(h.Text) }
	st, err := h.Next(ctx, scan, 0)
	if st == Found {
		h.Identify()
	}
	return plain{}, err
}

func (plain) Header() int { return 0 }

func (plain) Scan(t *Text) State {
	_, size, st := t.Peek(100)
	if st == Found {
		t.Advance(size, 1)
	}
	return st
}

func (plain) Fill(t *Text, b *pipeline.Batch, at pipeline.Origin) State {
	for !b.Full() {
		line, size, st := t.Peek(100)
		if st != Found {
			return st
		}
		r := b.Add(len(line))
		r.Raw, r.Origin = line, at
		r.Origin.Offset, r.Origin.Line = t.Offset, t.Line
		t.Advance(size, 1)
	}
	return Found
}

// follower reads the lines of a file that is followed, one after another.
type follower struct {
	t    *testing.T
	s    *Source
	log  *logged
	b    pipeline.Batch
	next int
	last pipeline.Origin
}

// logged is what has been logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func follow(t *testing.T, path string, at pipeline.Position) *follower {
	t.Helper()
	log := &logged{}
	s, err := Open(t.Context(), pipeline.Env{Log: slog.New(slog.NewTextHandler(log, nil)), Position: at},
		Config{Groups: []Group{{[]string{path}, plain{}}}, Follow: true, MaxRow: 100})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &follower{t: t, s: s, log: log}
}

// read returns the next line. What doesn't come for half a minute never does.
func (f *follower) read() string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 30*time.Second)
	defer cancel()
	if f.next == len(f.b.Records) {
		f.b.Reset()
		f.next = 0
		if err := f.s.Read(ctx, &f.b); err != nil {
			f.t.Fatalf("after %v: %v; the log:\n%s", f.last, err, f.log.text.String())
		}
	}
	r := &f.b.Records[f.next]
	f.next++
	f.last = r.Origin
	return string(r.Raw)
}

func (f *follower) want(lines ...string) {
	f.t.Helper()
	for _, line := range lines {
		if got := f.read(); got != line {
			f.t.Fatalf("got %q, want %q; the log:\n%s", got, line, f.log.text.String())
		}
	}
}

func (f *follower) logs(text string) {
	f.t.Helper()
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	if !strings.Contains(f.log.text.String(), text) {
		f.t.Errorf("the log does not say %q:\n%s", text, f.log.text.String())
	}
}

// position is where the follower is.
func (f *follower) position() pipeline.Position { return pipeline.Position{f.last} }

func add(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func logFile(t *testing.T) string { return filepath.Join(t.TempDir(), "a.log") }

func TestFollowGrows(t *testing.T) {
	path := logFile(t)
	add(t, path, "a\nb\n")
	f := follow(t, path, nil)
	f.want("a", "b")
	add(t, path, "c\nincom")
	f.want("c")
	add(t, path, "plete\n")
	f.want("incomplete")
	if f.last.Line != 4 || f.last.Offset != 6 || f.last.Source != path || f.last.Partition <= 0 {
		t.Errorf("the origin is %+v", f.last)
	}
	if _, known := f.s.Progress(f.last); known {
		t.Error("the progress in a file without end is known")
	}
	if _, known := f.s.LastLines(); known {
		t.Error("the last line of a file without end is known")
	}
}

// The system tells of changes: they need not wait until they are looked for.
func TestFollowIsTold(t *testing.T) {
	path := logFile(t)
	add(t, path, "begin\n")
	f := follow(t, path, nil)
	f.want("begin")
	if f.s.watch.notify == nil {
		t.Skip("the system doesn't tell of changes")
	}
	began := time.Now()
	const lines = 20
	for i := range lines {
		add(t, path, fmt.Sprintln(i))
		f.want(fmt.Sprint(i))
	}
	if took := time.Since(began); took > lines*pollEvery/4 {
		t.Errorf("%d lines took %v", lines, took)
	}
}

// Where the system doesn't tell of changes, they are looked for.
func TestFollowLooks(t *testing.T) {
	path := logFile(t)
	synctest.Test(t, func(t *testing.T) {
		f := &follower{t: t, log: &logged{}}
		s := &Source{env: pipeline.Env{Log: slog.New(slog.NewTextHandler(f.log, nil))}, watch: &watch{path: path},
			config: Config{Groups: []Group{{[]string{path}, plain{}}}, Follow: true, MaxRow: 100}}
		s.files = files{{name: path, path: path, format: plain{}, follow: true, size: -1}}
		f.s = s
		defer s.Close()
		go func() {
			time.Sleep(10*time.Second + 1)
			add(t, path, "a\n")
			time.Sleep(10 * time.Second)
			add(t, path, "b\n")
		}()
		began := time.Now()
		f.want("a", "b")
		if took := time.Since(began); took < 20*time.Second || took > 22*time.Second {
			t.Errorf("took %v", took)
		}
		f.logs("the file is not there yet: waiting for it")
	})
}

func TestFollowStops(t *testing.T) {
	for _, text := range []string{"", "a\n"} { // the file isn't there; it is
		path := logFile(t)
		if text != "" {
			add(t, path, text)
		}
		s := follow(t, path, nil).s
		if text != "" {
			if err := s.Read(t.Context(), pipeline.NewBatch(1, 0)); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		if err := s.Read(ctx, &pipeline.Batch{}); err != context.Canceled {
			t.Errorf("got %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The file is renamed, and later one of its name is made. What is written to
// the old one in between is not missed, nor a last line without an end.
func TestFollowRenamed(t *testing.T) {
	path := logFile(t)
	add(t, path, "1 a\n")
	f := follow(t, path, nil)
	f.want("1 a")
	before := f.last
	rename(t, path, path+".1")
	add(t, path+".1", "1 b\n")
	f.want("1 b")
	add(t, path, "") // as logrotate makes it
	add(t, path+".1", "1 c\n1 d")
	f.want("1 c")
	add(t, path, "2 a\n")
	f.want("1 d", "2 a")
	if f.last.Source != path || f.last.Line != 1 || f.last.Partition == before.Partition {
		t.Errorf("the origin is %+v after %+v", f.last, before)
	}
	add(t, path, "2 b\n")
	f.want("2 b")
	f.logs("another file has the name now: reading that one")
}

func TestFollowRemoved(t *testing.T) {
	path := logFile(t)
	add(t, path, "1\n")
	f := follow(t, path, nil)
	f.want("1")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	add(t, path, "2\n")
	f.want("2")
}

// The file is cut and written anew, as logrotate's copytruncate does.
func TestFollowTruncated(t *testing.T) {
	path := logFile(t)
	add(t, path, "1 a\n1 b\n")
	f := follow(t, path, nil)
	f.want("1 a", "1 b")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	add(t, path, "2\n")
	f.want("2")
	f.logs("the file has become shorter: reading it from its start")
}

// The name is a symbolic link that is set to another file.
func TestFollowLink(t *testing.T) {
	path, other := logFile(t), logFile(t)
	add(t, other+".1", "1 a\n")
	add(t, other+".2", "2 a\n")
	if err := os.Symlink(other+".1", path); err != nil {
		t.Skip(err)
	}
	f := follow(t, path, nil)
	f.want("1 a")
	began := time.Now()
	for i := range 8 {
		add(t, other+".1", fmt.Sprintln(i))
		f.want(fmt.Sprint(i))
	}
	if took := time.Since(began); f.s.watch.notify != nil && took > 4*pollEvery {
		t.Errorf("8 lines took %v", took)
	}
	if err := os.Symlink(other+".2", path+".new"); err != nil {
		t.Fatal(err)
	}
	rename(t, path+".new", path)
	f.want("2 a")
	add(t, other+".2", "2 b\n")
	f.want("2 b")
}

// Nothing is lost or read twice while a file is written and rotated, as long
// as no file is rotated away before it has been opened.
func TestFollowUnderLoad(t *testing.T) {
	const generations, each = 20, 500
	path := logFile(t)
	seen := make(chan int, 1)
	var writing sync.WaitGroup
	defer writing.Wait()
	writing.Go(func() {
		for g := range generations {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range each {
				fmt.Fprintf(f, "%d ", g)
				fmt.Fprintf(f, "%d\n", i)
				if i == each/2 {
					<-seen
					if err := os.Rename(path, fmt.Sprint(path, ".", g)); err != nil {
						t.Error(err)
					}
				}
			}
			f.Close()
		}
	})
	f := follow(t, path, nil)
	for g := range generations {
		for i := range each {
			f.want(fmt.Sprintf("%d %d", g, i))
			if i == 0 {
				seen <- g
			}
		}
	}
}

func TestFollowResumes(t *testing.T) {
	path := logFile(t)
	add(t, path, "1 a\n1 b\n1 c\n")
	f := follow(t, path, nil)
	f.want("1 a", "1 b")
	at := f.position()
	f.s.Close()

	add(t, path, "1 d\n")
	follow(t, path, at).want("1 c", "1 d")

	// The file has been renamed since, and then another one has its name.
	rename(t, path, path+".1")
	again := follow(t, path, at)
	again.want("1 c", "1 d")
	again.logs("the file was renamed since it was last followed")
	again.s.Close()
	add(t, path, "2 a\n2 b\n2 c\n")
	again = follow(t, path, at)
	again.want("1 c", "1 d", "2 a", "2 b")
	if again.last.Source != path || again.last.Line != 2 {
		t.Errorf("the origin is %+v", again.last)
	}
	later := slices.Concat(at, again.position())
	again.s.Close()
	follow(t, path, later).want("2 c")

	// And compressed.
	packed := compresstest.Gzip(t, "1 a\n1 b\n1 c\n1 d\n")
	if err := os.Remove(path + ".1"); err != nil {
		t.Fatal(err)
	}
	add(t, path+".2.gz", string(packed))
	follow(t, path, at).want("1 c", "1 d", "2 a")

	// And it has gone.
	if err := os.Remove(path + ".2.gz"); err != nil {
		t.Fatal(err)
	}
	gone := follow(t, path, at)
	gone.want("2 a")
	gone.logs("what may have been added to it is missed")
}

// A file that has been cut can't be gone on with.
func TestFollowResumeFails(t *testing.T) {
	path := logFile(t)
	add(t, path, "a\nb\nc\n")
	f := follow(t, path, nil)
	f.want("a", "b", "c")
	f.s.Close()
	if err := os.Truncate(path, 4); err != nil {
		t.Fatal(err)
	}
	s := follow(t, path, f.position()).s
	err := s.Read(t.Context(), &pipeline.Batch{})
	if err == nil || !strings.Contains(err.Error(), "can't resume: "+path+":3, the last row done, is not there (byte 4)") {
		t.Errorf("got %v", err)
	}
}

func TestFollowFails(t *testing.T) {
	dir := t.TempDir()
	err := follow(t, dir, nil).s.Read(t.Context(), &pipeline.Batch{})
	if err == nil || !strings.Contains(err.Error(), dir+" is not a regular file, and only such a file can be followed") {
		t.Errorf("got %v", err)
	}
}

func TestCheckPaths(t *testing.T) {
	for path, says := range map[string]string{
		"a":         "",
		"dir/a.csv": "",
		"":          "path: names no file",
		"a b":       "follow: follows one file, and path names 2",
		"-":         "follow: standard input is read to its end anyway: leave follow out",
		"a.csv.gz":  "follow: a compressed file can't be followed, such as a.csv.gz",
		"a.csv.zst": "follow: a compressed file can't be followed",
		"*.csv":     "follow: follows one file: path must be its name, not the pattern *.csv",
	} {
		err := CheckPaths(strings.Fields(path), true)
		if (err == nil) != (says == "") || err != nil && !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%s: %v", path, err)
		}
		if err := CheckPaths(strings.Fields(path), false); err != nil && path != "" {
			t.Errorf("%s: %v", path, err)
		}
	}
}
