package cmd

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// told is a pipeline that notes what it is told.
type told struct {
	status engine.Status
	calls  []string
	err    error
}

func (t *told) note(format string, args ...any) error {
	t.calls = append(t.calls, fmt.Sprintf(format, args...))
	return t.err
}

func (t *told) Status() engine.Status { return t.status }
func (t *told) Latest() engine.Sample {
	return engine.Sample{Time: t.status.EventTime, Key: "s3", Value: `{"value":1}` + "\n"}
}
func (t *told) Pause() error                 { return t.note("pause") }
func (t *told) Resume() error                { return t.note("resume") }
func (t *told) Step(n int) error             { return t.note("step %d", n) }
func (t *told) Next() error                  { return t.note("next") }
func (t *told) SetSpeed(speed float64) error { return t.note("speed %v", speed) }
func (t *told) Seek(to time.Time) error      { return t.note("seek %s", to.UTC().Format(time.DateTime)) }
func (t *told) SeekBy(d time.Duration) error { return t.note("by %v", d) }

// testPlayer is a player of what replayView shows, begun where the recording
// begins.
func testPlayer() (*player, *told) {
	v := replayView()
	v.End = time.Date(2021, 1, 1, 0, 30, 0, 0, time.UTC)
	v.Origin = pipeline.Origin{Source: "data.csv", Line: 1235}
	v.Pace.Position = v.EventTime
	t := &told{status: v.Status}
	p := &player{pipeline: t, speed: 10, stopping: func() bool { return false }, stop: func() { _ = t.note("stop") }}
	p.course.first = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	p.look(time.Unix(0, 0))
	return p, t
}

func pressed(keys ...any) (msgs []tea.KeyPressMsg) {
	for _, k := range keys {
		switch k := k.(type) {
		case rune:
			msgs = append(msgs, tea.KeyPressMsg{Code: k})
		case string:
			for _, r := range k {
				msgs = append(msgs, tea.KeyPressMsg{Code: r, Text: string(r)})
			}
		case tea.KeyPressMsg:
			msgs = append(msgs, k)
		}
	}
	return msgs
}

func TestPlayerKeys(t *testing.T) {
	shift := func(code rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: code, Mod: tea.ModShift} }
	for _, c := range []struct {
		name   string
		paused bool
		keys   []tea.KeyPressMsg
		want   []string
	}{
		{"pause", false, pressed(" "), []string{"pause"}},
		{"resume", true, pressed(" "), []string{"resume"}},
		{"back and forward", false, pressed(tea.KeyLeft, tea.KeyRight), []string{"by -10s", "by 10s"}},
		{"further", false, pressed(shift(tea.KeyLeft), shift(tea.KeyRight)), []string{"by -1m0s", "by 1m0s"}},
		{"faster and slower", false, pressed(tea.KeyUp, tea.KeyDown), []string{"speed 12.5", "speed 8"}},
		{"speeds", false, pressed("10"), []string{"speed 1", "speed 10"}},
		{"next record", true, pressed("."), []string{"step 1"}},
		{"past a pause", false, pressed("n"), []string{"next"}},
		{"go to a time", false, pressed("g2021-01-01 00:10:00", tea.KeyEnter), []string{"seek 2021-01-01 00:10:00"}},
		{"go some way", false, pressed("g+2x", tea.KeyBackspace, "m", tea.KeyEnter), []string{"by 2m0s"}},
		{"go nowhere", false, pressed("g+2m", tea.KeyEscape, "g", tea.KeyEnter, "n"), []string{"next"}},
		{"typed keys do nothing else", false, pressed("gq n.10", tea.KeyLeft, tea.KeyUp), nil},
		{"begun anew", false, pressed("gxyz", tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl}, "-1s", tea.KeyPressMsg{Code: 'j', Mod: tea.ModCtrl}), []string{"by -1s"}},
		{"no time", false, pressed("gsoon", tea.KeyEnter), nil},
		{"stop", false, pressed("q"), []string{"stop"}},
		{"other keys", false, pressed("xyzQ9", tea.KeyTab, tea.KeyEnter), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, told := testPlayer()
			told.status.Pace.Paused = c.paused
			for _, key := range c.keys {
				p.Update(key)
			}
			if diff := cmp.Diff(c.want, told.calls); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A second q does not end the process, as a second Ctrl-C does.
func TestPlayerStopsOnce(t *testing.T) {
	p, told := testPlayer()
	p.stopping = func() bool { return len(told.calls) > 0 }
	for _, key := range pressed("qq") {
		p.Update(key)
	}
	if diff := cmp.Diff([]string{"stop"}, told.calls); diff != "" {
		t.Error(diff)
	}
	if line := p.lines(80, 24)[0]; !strings.HasPrefix(line, "replay  stopping") {
		t.Error(line)
	}
}

// documented are the pictures in a section of a document.
func documented(t *testing.T, path, heading string) (pictures []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, block := range strings.Split(section, "```text\n")[1:] {
		picture, _, _ := strings.Cut(block, "```\n")
		pictures = append(pictures, picture)
	}
	return pictures
}

// drawn is what a player shows, without spaces at the lines' ends.
func drawn(p *player, width int) string {
	var b strings.Builder
	for _, line := range p.lines(width, 24) {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// picturePlayer is a player in a pause.
func picturePlayer() *player {
	p, told := testPlayer()
	at := &told.status
	for second := range 20 {
		at.Read += int64(second * 5 % 13)
		p.look(time.Unix(int64(second), 0))
	}
	from := at.Pace.Position.Add(-5 * time.Minute)
	at.Pace.From, at.Pace.Next = from, from.Add(3*time.Minute)
	p.look(p.now)
	at.Pace.From, at.Pace.Next, at.Pace.Wait = at.EventTime, at.EventTime.Add(2*time.Minute), 12*time.Second
	p.look(p.now)
	return p
}

// pausedPlayer is one that is paused in that pause, and asked for a time.
func pausedPlayer() *player {
	p := picturePlayer()
	at := &p.pipeline.(*told).status
	at.Pace.Paused, at.Pace.Wait = true, 0
	at.Pace.Position = at.Pace.Position.Add(time.Minute)
	for _, key := range pressed("g2021-01-01 00:20") {
		p.Update(key)
	}
	p.look(p.now.Add(time.Second))
	return p
}

// beginner is the player of the first example.
func beginner() *player {
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	status := engine.Status{Name: "replay", State: engine.Running, Share: 0.23, End: start.Add(time.Hour + 4*time.Minute + 45*time.Second),
		Origin: pipeline.Origin{Source: "data/readings.csv", Line: 698}, EventTime: start.Add(9*time.Minute + 43*time.Second)}
	status.Pace = &engine.PaceStatus{Speed: 10, Position: start.Add(9*time.Minute + 44*time.Second), Lateness: engine.Lateness{P99: 2300 * time.Microsecond}}
	s := &readings{told: told{status: status}}
	s.latest = engine.Sample{Time: status.EventTime, Value: `{"timestamp":"2026-03-02 08:09:43.000","sensor":"hall","value":21.16,"status":"ok"}`}
	p := &player{pipeline: s, speed: 10, stopping: func() bool { return false }}
	p.course.first = start
	for second, n := range []int64{0, 105, 160, 42, 9, 4, 7, 5, 3, 12, 9, 3, 1, 60, 144, 120, 4, 3, 2, 3, 1} {
		s.status.Read += n
		p.look(time.Unix(int64(second), 0))
	}
	return p
}

// readings is a pipeline with a latest record of its own.
type readings struct {
	told
	latest engine.Sample
}

func (s *readings) Latest() engine.Sample { return s.latest }

// The pictures of the documents are what the player shows.
func TestPlayerView(t *testing.T) {
	views := []string{drawn(picturePlayer(), 80), drawn(pausedPlayer(), 80), drawn(picturePlayer(), 40)}
	if diff := cmp.Diff(documented(t, "../docs/replay.md", "## On a terminal"), views); diff != "" {
		t.Errorf("-docs/replay.md +the player:\n%s", diff)
	}
	pictures := documented(t, "../README.md", "## What you see")
	_, picture, _ := strings.Cut(pictures[0], "it ends with this command\n")
	if diff := cmp.Diff(picture, drawn(beginner(), 80)); diff != "" {
		t.Errorf("-README.md +the player:\n%s", diff)
	}
}

// A mistake is shown for a while, also where there is no room for the keys.
func TestPlayerTellsMistakes(t *testing.T) {
	p, told := testPlayer()
	told.err = errors.New("the replay can't be moved")
	p.Update(pressed(tea.KeyLeft)[0])
	if got := p.lines(60, 3); len(got) != 2 || got[1] != told.err.Error() {
		t.Errorf("in three rows it shows a mistake as %q", got)
	}
	for range int(noticeTime / playerTick) {
		p.Update(tickMsg(p.now.Add(playerTick)))
	}
	if got := p.lines(60, 3); strings.Contains(got[1], "moved") {
		t.Errorf("it still shows %q", got)
	}
}

// Whatever the terminal's size, and whatever the data, no line is too long.
func TestPlayerFits(t *testing.T) {
	states := map[string]func(*player, *told){
		"playing": func(*player, *told) {},
		"opening": func(_ *player, s *told) {
			s.status = engine.Status{Name: "replay", State: engine.Opening, Share: -1, Pace: &engine.PaceStatus{Speed: 1}}
		},
		"no end":   func(_ *player, s *told) { s.status.End, s.status.Share = time.Time{}, -1 },
		"one time": func(p *player, s *told) { s.status.End = p.course.first },
		"typing":   func(p *player, _ *told) { p.typing, p.typed = true, strings.Repeat("2021 ", 30) },
		"asked":    func(p *player, _ *told) { p.typing = true },
		"mistake":  func(p *player, _ *told) { p.notice, p.noticedAt = strings.Repeat("没有 ", 50), p.now },
		"paused":   func(_ *player, s *told) { s.status.Pace.Paused = true },
		"stopped":  func(_ *player, s *told) { s.status.State = engine.Stopped },
		"long": func(_ *player, s *told) {
			s.status.Name, s.status.Origin.Source = strings.Repeat("名", 40), strings.Repeat("x", 200)
		},
	}
	for name, change := range states {
		for _, paint := range []palette{false, true} {
			p, told := testPlayer()
			p.paint = paint
			change(p, told)
			p.look(p.now)
			for width := 1; width < 140; width++ {
				for height := 1; height < 10; height++ {
					lines := p.lines(width, height)
					if len(lines) > max(height-1, 1) {
						t.Fatalf("%s: %d lines in %d rows", name, len(lines), height)
					}
					for _, line := range lines {
						if ansi.StringWidth(line) > max(width-1, 1) || strings.ContainsAny(line, "\r\n") {
							t.Fatalf("%s: in %d columns: %q", name, width, line)
						}
					}
				}
			}
		}
	}
}

// Before the first record there is nothing to tell but what is waited for.
func TestPlayerWaits(t *testing.T) {
	p, told := testPlayer()
	told.status.Pace.Position = time.Time{}
	told.status.End = time.Time{}
	p.look(p.now)
	if got, want := strings.TrimRight(p.stateLine(79), " "), "replay  waiting  speed 10"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Of a long path the end is shown, with the line, and the sparkline stays.
func TestPlayerNamesThePlace(t *testing.T) {
	p, told := testPlayer()
	told.status.Origin.Source = "/a/folder/that/is/far/down/below/others/data.csv"
	p.look(p.now)
	for width, want := range map[int]string{100: "%  …der/that/is/far/down/below/others/data.csv:1235", 80: "%  …/below/others/data.csv:1235", 60: "42%"} {
		if line := p.flowLine(width - 1); !strings.HasSuffix(line, want) {
			t.Errorf("in %d columns: %q", width, line)
		}
	}
}

func TestCourseBar(t *testing.T) {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	status := func(position, from, next int64) *engine.Status {
		p := &engine.PaceStatus{Position: at(position)}
		if next > 0 {
			p.From, p.Next = at(from), at(next)
		}
		return &engine.Status{End: at(1000), EventTime: at(position), Pace: p}
	}
	moved := status(-5000, 0, 0) // to before all records
	moved.EventTime = at(700)
	var c course
	for _, step := range []struct {
		status *engine.Status
		want   string
	}{
		{status(100, 100, 101), "●─────────"}, // at the first record that was seen
		{status(0, 0, 1), "●─────────"},
		{status(200, 200, 500), "━━●╌╌─────"},
		{status(450, 200, 500), "━━╌╌●─────"},
		{status(700, 0, 0), "━━╌╌╌━━●──"},
		{moved, "●─╌╌╌─────"},
		{status(1000, 0, 0), "━━╌╌╌━━━━●"},
		{status(50, 50, 149), "●─╌╌╌─────"}, // a pause of less than two cells
	} {
		c.add(step.status)
		if got := c.bar(10, -1, false); got != step.want {
			t.Errorf("at %v: %s, want %s", step.status.Pace.Position.Unix(), got, step.want)
		}
	}
	if got := (&course{}).bar(10, 0.5, false); got != "━━━━━●────" {
		t.Errorf("without an end: %s", got)
	}
	if got := (&course{}).bar(10, -1, false); got != "" {
		t.Errorf("without anything: %s", got)
	}
}

func TestSparkline(t *testing.T) {
	var r rates
	read := int64(0)
	for second := range 30 {
		for tenth := range 10 {
			r.add(time.Unix(int64(second), int64(tenth)*1e8), read)
			read += int64(second % 8)
		}
	}
	if got, want := r.sparkline(), "▂▃▄▅▆▇█▁▂▃▄▅▆▇█▁▂▃▄▅"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	r.add(time.Unix(29+5, 0), r.read+5*70) // nothing was drawn for five seconds
	if got, want := r.sparkline(), "▇█▁▂▃▄▅▆▇█▁▂▃▄▅█████"; got != want {
		t.Errorf("after a while %s, want %s", got, want)
	}
}
