package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// player notes what is asked of it.
type player struct {
	asked []string
	err   error
	acted bool
}

func (p *player) note(format string, args ...any) error {
	p.asked = append(p.asked, fmt.Sprintf(format, args...))
	return p.err
}

func (p *player) Pause() error                 { return p.note("pause") }
func (p *player) Resume() error                { return p.note("resume") }
func (p *player) Step(n int) error             { return p.note("step %d", n) }
func (p *player) SetSpeed(s float64) error     { return p.note("speed %v", s) }
func (p *player) Seek(t time.Time) error       { return p.note("seek %s", t.UTC().Format(time.DateTime)) }
func (p *player) SeekBy(d time.Duration) error { return p.note("seek by %v", d) }

func (p *player) Acted(context.Context) { p.acted = true }

func (p *player) pipeline(name string) Pipeline {
	return Pipeline{Name: name, Target: p, Status: func() any {
		return map[string]any{"name": name, "asked": len(p.asked), "acted": p.acted}
	}}
}

// stateFolder is a path short enough for a socket, on macOS too.
func stateFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "state")
}

func serve(t *testing.T, dir string, pipelines ...Pipeline) *Server {
	t.Helper()
	s, err := Serve(dir, pipelines)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestActions(t *testing.T) {
	for _, tc := range []struct {
		action, body string
		code         int
		want         string // what is asked of the pipeline, or of the error
	}{
		{"pause", "", 200, "pause"},
		{"resume", "{}", 200, "resume"},
		{"step", "", 200, "step 1"},
		{"step", `{"records": 5}`, 200, "step 5"},
		{"speed", `{"speed": 0.5}`, 200, "speed 0.5"},
		{"seek", `{"time": "2021-01-01T01:00:00+01:00"}`, 200, "seek 2021-01-01 00:00:00"},
		{"seek", `{"by": "-1m30s"}`, 200, "seek by -1m30s"},
		{"seek", "", 400, `seek wants {"time": TIME} or {"by": DURATION}`},
		{"seek", `{"time": "2021-01-01T00:00:00Z", "by": "1s"}`, 400, "seek wants"},
		{"seek", `{"by": "soon"}`, 400, `invalid duration "soon"`},
		{"seek", `{"time": "soon"}`, 400, "the request is not the JSON that is wanted"},
		{"speed", "", 400, `speed wants {"speed": NUMBER}`},
		{"speed", `{"sped": 3}`, 400, `unknown field "sped"`},
		{"fly", "", 400, `unknown action "fly"`},
	} {
		t.Run(tc.action+tc.body, func(t *testing.T) {
			p := new(player)
			code, answer := post(t, p, "replay/"+tc.action, tc.body)
			switch {
			case code != tc.code:
				t.Errorf("code %d, want %d: %s", code, tc.code, answer)
			case code == 200 && (len(p.asked) != 1 || p.asked[0] != tc.want || !strings.Contains(answer, `"asked": 1`) || !p.acted):
				t.Errorf("asked %v, want %s; answers %s", p.asked, tc.want, answer)
			case code != 200 && (len(p.asked) > 0 || !strings.Contains(strings.ReplaceAll(answer, `\"`, `"`), tc.want)):
				t.Errorf("asked %v; answers %s, want %s", p.asked, answer, tc.want)
			}
		})
	}
	if code, answer := post(t, &player{err: errors.New("has no pace")}, "replay/pause", ""); code != 409 || !strings.Contains(answer, "has no pace") {
		t.Errorf("what can't be done: %d %s", code, answer)
	}
	if code, answer := post(t, new(player), "other/pause", ""); code != 404 || !strings.Contains(answer, "no pipeline") {
		t.Errorf("an unknown pipeline: %d %s", code, answer)
	}
}

// post asks a process in which the pipeline replay runs.
func post(t *testing.T, p *player, path, body string) (int, string) {
	t.Helper()
	dir := stateFolder(t)
	serve(t, dir, p.pipeline("replay"))
	client := connect(sockets(dir)[0])
	defer client.CloseIdleConnections()
	r, err := client.Post("http://pipeline"+prefix+"/"+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	return r.StatusCode, string(text)
}

func TestFind(t *testing.T) {
	dir := stateFolder(t)
	if found := Find(t.Context(), dir); len(found) > 0 {
		t.Errorf("without a folder: %v", found)
	}
	p := new(player)
	s := serve(t, dir, p.pipeline("replay"), p.pipeline("average"))
	found := Find(t.Context(), dir)
	var names []string
	for _, r := range found {
		defer r.Close()
		names = append(names, r.Name+" "+r.PID)
	}
	pid := fmt.Sprint(os.Getpid())
	if diff := cmp.Diff([]string{"average " + pid, "replay " + pid}, names); diff != "" {
		t.Fatal(diff)
	}
	status, err := found[1].Do(t.Context(), "step", map[string]any{"records": 2})
	if err != nil || !strings.Contains(string(status), `"asked": 1`) || p.asked[0] != "step 2" {
		t.Errorf("asked %v; %s, %v", p.asked, status, err)
	}
	if _, err := found[1].Do(t.Context(), "speed", nil); err == nil || err.Error() != `speed wants {"speed": NUMBER}` {
		t.Errorf("a refusal: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder that was made for the socket is left: %v", err)
	}
}

func TestOnlyTheUserMayConnect(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode there")
	}
	dir := stateFolder(t)
	serve(t, dir)
	info, err := os.Stat(sockets(dir)[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// What a killed process left is removed, and what nobody answers is passed over.
func TestDeadSockets(t *testing.T) {
	dir := stateFolder(t)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	dead := filepath.Join(dir, "1"+suffix)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if found := Find(t.Context(), dir); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	past := time.Now().Add(-time.Minute)
	if err := os.Chtimes(dead, past, past); err != nil {
		t.Fatal(err)
	}
	s := serve(t, dir, new(player).pipeline("replay"))
	if _, err := os.Stat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is left: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("a folder that was there is removed: %v", err)
	}
}

func TestLongPath(t *testing.T) {
	_, err := Serve(filepath.Join(stateFolder(t), strings.Repeat("x", longestPath)), nil)
	if err == nil || !strings.Contains(err.Error(), "choose a shorter --state") {
		t.Errorf("%v", err)
	}
}

func TestOtherMethods(t *testing.T) {
	dir := stateFolder(t)
	serve(t, dir, new(player).pipeline("replay"))
	client := connect(sockets(dir)[0])
	defer client.CloseIdleConnections()
	r, err := client.Get("http://pipeline" + prefix + "/replay/pause")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET of an action: %s", r.Status)
	}
}
