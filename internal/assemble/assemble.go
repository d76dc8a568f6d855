// Package assemble builds a binary of pipeline that has plugins of other
// modules beside the stock ones.
package assemble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline/internal/scaffold"
)

// Plugin is a package that registers plugins when it is imported.
type Plugin struct {
	Package string // its import path
	Version string // of its module; empty: the latest
	Dir     string // a folder with its module; empty: it is fetched
}

// ParsePlugin reads MODULE, MODULE@VERSION or MODULE=PATH.
func ParsePlugin(s string) (Plugin, error) {
	pkg, dir, local := strings.Cut(s, "=")
	pkg, version, versioned := strings.Cut(pkg, "@")
	switch {
	case pkg == "" || strings.ContainsAny(pkg, " \t\\") || local && dir == "" || versioned && version == "":
		return Plugin{}, fmt.Errorf("wants MODULE, MODULE@VERSION or MODULE=PATH, not %q", s)
	case strings.HasPrefix(pkg, ".") || strings.HasPrefix(pkg, "/"):
		return Plugin{}, fmt.Errorf("wants the module's name before its folder, as in example.com/mine=%s, not %q", s, s)
	case local && versioned:
		return Plugin{}, fmt.Errorf("%q has both a version and a folder; a folder is taken as it is", s)
	}
	return Plugin{Package: pkg, Version: version, Dir: dir}, nil
}

// Binary is what is to be built.
type Binary struct {
	Core        string // a checkout of the core; empty: CoreVersion is fetched
	CoreVersion string
	Plugins     []Plugin
	Output      string // the file to write
}

// Build builds the binary in a temporary module. Its errors are for the user:
// they name the files as the user would, from the working directory.
func Build(ctx context.Context, b Binary) error {
	dir, err := os.MkdirTemp("", "pipeline-build")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	output, err := filepath.Abs(b.Output)
	if err != nil {
		return err
	}
	g, err := newGoTool(dir)
	if err != nil {
		return err
	}
	if err := b.write(ctx, g); err != nil {
		return err
	}
	for _, p := range b.Plugins {
		if err := p.fetch(ctx, g); err != nil {
			return fmt.Errorf("--with %s: %w", p.Package, err)
		}
	}
	if _, err = g.run(ctx, "build", "-mod=mod", "-buildvcs=false", "-o", output, "."); err != nil && ctx.Err() == nil {
		return fmt.Errorf("this does not build:\n%w", err)
	}
	return err
}

// write writes the temporary module: main.go and, where they are known, the
// lines of go.mod and go.sum.
func (b Binary) write(ctx context.Context, g *goTool) error {
	mod := &goMod{version: "1.26.0", replaced: map[string]string{}}
	if b.Core != "" {
		core, err := mod.add(ctx, g, b.Core)
		switch {
		case errors.Is(err, errNoModule):
			return fmt.Errorf("--core %s is not a checkout of %s: there is no go.mod", b.Core, scaffold.CoreModule)
		case err != nil:
			return fmt.Errorf("--core %s: %w", b.Core, err)
		}
		if core != scaffold.CoreModule {
			return fmt.Errorf("--core %s is not a checkout of %s, but of %s", b.Core, scaffold.CoreModule, core)
		}
		mod.require(scaffold.CoreModule, "v0.0.0")
	} else {
		mod.require(scaffold.CoreModule, b.CoreVersion)
	}
	for _, p := range b.Plugins {
		if p.Dir == "" {
			continue
		}
		path, err := mod.add(ctx, g, p.Dir)
		if err != nil {
			return fmt.Errorf("--with %s=%s: %w", p.Package, p.Dir, err)
		}
		if err := p.check(path); err != nil {
			return fmt.Errorf("--with %s=%s: %w", p.Package, p.Dir, err)
		}
	}
	return errors.Join(
		os.WriteFile(filepath.Join(g.dir, "main.go"), mainFile(b.Plugins), 0o666),
		os.WriteFile(filepath.Join(g.dir, "go.mod"), mod.text(), 0o666),
		os.WriteFile(filepath.Join(g.dir, "go.sum"), mod.sums.Bytes(), 0o666))
}

// check reports if the module in the plugin's folder does not have its package.
func (p Plugin) check(module string) error {
	sub, within := strings.CutPrefix(p.Package+"/", module+"/")
	if !within {
		return fmt.Errorf("the module in that folder is %s; write  --with %s=%s", module, module, p.Dir)
	}
	folder := filepath.Join(p.Dir, filepath.FromSlash(sub))
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("there is no package %s: %s has no Go files", p.Package, folder)
	}
	return err
}

func mainFile(plugins []Plugin) []byte {
	var imports []string
	for _, p := range plugins {
		imports = append(imports, fmt.Sprintf("\t_ %q\n", p.Package))
	}
	slices.Sort(imports)
	return fmt.Appendf(nil, `package main

import (
%s
	%q
	_ %q
)

func main() { cmd.Main() }
`, strings.Join(slices.Compact(imports), ""), scaffold.CoreModule+"/cmd", scaffold.CoreModule+"/plugins/all")
}

// fetch brings a plugin's module, and reports if there is no package in it
// that can be imported.
func (p Plugin) fetch(ctx context.Context, g *goTool) error {
	if p.Dir == "" {
		version := p.Version
		if version == "" {
			version = "latest"
		}
		if _, err := g.run(ctx, "get", p.Package+"@"+version); err != nil {
			return p.suggestFolder(ctx, g, err)
		}
	}
	out, err := g.run(ctx, "list", "-mod=mod", "-find", "-f", "{{.Name}}", p.Package)
	switch {
	case err != nil:
		return err
	case bytes.Equal(bytes.TrimSpace(out), []byte("main")):
		return errors.New("this package is a program of its own; name one that registers plugins")
	}
	return nil
}

// suggestFolder adds to the error of a module that can't be fetched how to take
// one that lies in a folder, which may have been meant.
func (p Plugin) suggestFolder(ctx context.Context, g *goTool, err error) error {
	if ctx.Err() != nil || p.Version != "" {
		return err
	}
	folder := path.Base(p.Package)
	if _, missing := os.Stat(filepath.Join(g.from, folder, "go.mod")); missing != nil {
		folder = "PATH"
	}
	return fmt.Errorf("%w\nif it lies in a folder of yours, write  --with %s=%s", err, p.Package, folder)
}
