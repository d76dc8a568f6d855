package assemble

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// temporary is the name of the temporary module.
const temporary = "pipeline-with-plugins"

// goMod collects the lines of the temporary module's go.mod and go.sum.
type goMod struct {
	version  string // of Go
	requires []string
	replaced map[string]string // what stands left of => and right of it
	sums     bytes.Buffer
}

// declared is what go.mod of a module in a folder says.
type declared struct {
	Module  struct{ Path string }
	Go      string
	Replace []struct{ Old, New modVersion }
}

type modVersion struct{ Path, Version string }

func (v modVersion) String() string {
	if v.Version == "" {
		return v.Path
	}
	return v.Path + " " + v.Version
}

func (m *goMod) require(path, version string) {
	m.requires = append(m.requires, path+" "+version)
}

var errNoModule = errors.New("there is no go.mod in that folder; go mod init makes one")

// add takes the module in a folder instead of a fetched one, with the sums that
// it knows and the replacements that it is built with on its own. What was
// added before is not replaced again: the core is first.
func (m *goMod) add(ctx context.Context, g *goTool, dir string) (path string, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", errors.New("there is no such folder")
	}
	file := filepath.Join(dir, "go.mod")
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return "", errNoModule
	}
	text, err := g.run(ctx, "mod", "edit", "-json", file)
	if err != nil {
		return "", err
	}
	var d declared
	if err := json.Unmarshal(text, &d); err != nil {
		return "", err
	}
	m.replaced[d.Module.Path] = dir
	if version.Compare("go"+d.Go, "go"+m.version) > 0 {
		m.version = d.Go
	}
	for _, r := range d.Replace {
		if r.New.Version == "" && !filepath.IsAbs(r.New.Path) {
			r.New.Path = filepath.Join(dir, r.New.Path)
		}
		if _, known := m.replaced[r.Old.String()]; !known {
			m.replaced[r.Old.String()] = r.New.String()
		}
	}
	sums, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	m.sums.Write(sums)
	return d.Module.Path, nil
}

func (m *goMod) text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n\ngo %s\n\n", temporary, m.version)
	for _, r := range m.requires {
		fmt.Fprintf(&b, "require %s\n", r)
	}
	for _, old := range slices.Sorted(maps.Keys(m.replaced)) {
		fmt.Fprintf(&b, "replace %s => %s\n", old, quoted(m.replaced[old]))
	}
	return []byte(b.String())
}

// quoted quotes a folder, which may hold spaces, but not a path with a version.
func quoted(to string) string {
	if filepath.IsAbs(to) {
		return fmt.Sprintf("%q", to)
	}
	return to
}
