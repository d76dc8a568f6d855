package assemble

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// goTool runs the go command in the folder of the temporary module.
type goTool struct {
	program, dir string
	from         string // the user's working directory
}

func newGoTool(dir string) (*goTool, error) {
	program, err := exec.LookPath("go")
	if err != nil {
		return nil, errors.New("building wants Go 1.26 or newer, and there is no program  go  on the PATH; it is found at https://go.dev/dl")
	}
	from, err := os.Getwd()
	return &goTool{program, dir, from}, err
}

// run runs one command and returns its standard output. The error is what the
// command says.
func (g *goTool) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, g.program, args...)
	cmd.Dir = g.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+g.dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, errors.New("interrupted; nothing was built")
	case errors.As(err, &exit):
		return nil, errors.New(g.said(stderr.String()))
	}
	return out, err
}

// chatter are lines of the go command that tell nothing, or nothing that the
// lines after them don't.
var chatter = regexp.MustCompile(`^(go: (downloading|finding|found|added|upgraded|errors parsing) .*|# .*|)$`)

// goFile is a place in a file that the compiler names, at the start of a line.
var goFile = regexp.MustCompile(`^(\s*)([^\s:]\S*?\.(?:go|mod))(:\d+)`)

// said returns what the go command has said, with the files named as the user
// would, and without the temporary module.
func (g *goTool) said(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if chatter.MatchString(line) {
			continue
		}
		line = goFile.ReplaceAllStringFunc(line, func(found string) string {
			m := goFile.FindStringSubmatch(found)
			return m[1] + g.asUser(m[2]) + m[3]
		})
		for _, prefix := range []string{"go: ", temporary + ": ", "go build " + temporary + ": "} {
			line = strings.TrimPrefix(line, prefix)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// asUser names a file, which the go command names from its own folder, from the
// user's, unless it is elsewhere altogether.
func (g *goTool) asUser(file string) string {
	if !filepath.IsAbs(file) {
		file = filepath.Join(g.dir, file)
	}
	if rel, err := filepath.Rel(g.from, file); err == nil && len(rel) < len(file) {
		return rel
	}
	return file
}
