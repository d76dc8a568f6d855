package scaffold

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// module is a plugin in a module of its own.
type module struct {
	Plugin
	Module string // its path
	starter
}

// Module writes a module of its own for a plugin, into a new folder in dir:
// the plugin, its test, a pipeline with it, and a binary that has it beside
// the stock plugins. core is a checkout of the core that it is built with; or,
// if that is empty, coreVersion is required. It returns the paths of what it
// wrote, from dir.
func Module(dir, core, coreVersion string, p Plugin) ([]string, error) {
	m := module{Plugin: p, Module: "example.com/" + p.Name, starter: starterOf(p)}
	files, err := p.code(p.Name)
	if err != nil {
		return nil, err
	}
	goMod, goSum, err := m.goMod(core, coreVersion)
	if err != nil {
		return nil, err
	}
	files = append(files, file{p.Name + "/go.mod", goMod})
	if goSum != nil {
		files = append(files, file{p.Name + "/go.sum", goSum})
	}
	for _, t := range []struct{ path, template string }{
		{"cmd/pipeline/main.go", "main.go.tmpl"},
		{p.Name + ".yaml", "pipeline.yaml.tmpl"},
		{"README.md", "README.md.tmpl"},
	} {
		text, err := render(t.template, m)
		if err != nil {
			return nil, err
		}
		files = append(files, file{p.Name + "/" + t.path, text})
	}
	return paths(files), write(dir, p.Name, files)
}

// goMod returns go.mod and, where it is known, go.sum. A checkout's own say
// which versions of everything else fit it.
func (m module) goMod(core, coreVersion string) (mod, sum []byte, err error) {
	head := fmt.Sprintf("module %s\n\n", m.Module)
	if core == "" {
		return fmt.Appendf(nil, "%sgo 1.26.0\n\nrequire %s %s\n", head, CoreModule, coreVersion), nil, nil
	}
	if core, err = filepath.Abs(core); err != nil {
		return nil, nil, err
	}
	if !isCore(core) {
		return nil, nil, fmt.Errorf("--core %s is not a checkout of %s: there is no go.mod that says so", core, CoreModule)
	}
	text, err := os.ReadFile(filepath.Join(core, "go.mod"))
	sum, sumErr := os.ReadFile(filepath.Join(core, "go.sum"))
	if err := errors.Join(err, sumErr); err != nil {
		return nil, nil, err
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	return fmt.Appendf(nil, "%srequire %s v0.0.0\n\nreplace %s => %s\n%s", head, CoreModule, CoreModule, core, rest), sum, nil
}
