// Package scaffold writes what a new plugin or pipeline begins with: code that
// builds, passes its test and runs, to be changed.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// CoreModule is the module that plugins are for.
const CoreModule = "github.com/pipeline-daemon/pipeline"

// Plugin is a plugin that is to be made.
type Plugin struct {
	Kind      string // source, transform, sink or handler
	Name      string
	Watermill bool // a handler in Watermill's signature
}

// longestName keeps a plugin's files short of what systems allow.
const longestName = 64

// A name with an underscore could be taken for one of Go's files for a system
// or for tests.
var validName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// reserved names mean something else to Go, as a package or as its folder.
var reserved = []string{"main", "init", "internal", "vendor", "testdata"}

// Check reports what is wrong with the name. taken are those of the plugins of
// the same kind.
func (p Plugin) Check(taken []string) error {
	switch {
	case !validName.MatchString(p.Name):
		return fmt.Errorf("%q can't be a %s's name: it wants small letters and digits, and dashes between them, such as to-celsius", p.Name, p.Kind)
	case len(p.Name) > longestName:
		return fmt.Errorf("%.20s… can't be a %s's name: it wants at most %d letters", p.Name, p.Kind, longestName)
	case token.IsKeyword(p.Package()) || slices.Contains(reserved, p.Name):
		return fmt.Errorf("%q can't be a %s's name: the word has a meaning in Go; choose another", p.Name, p.Kind)
	case slices.Contains(taken, p.Name):
		return fmt.Errorf("there is a %s %s already; see  pipeline plugins describe %s  or choose another name", p.Kind, p.Name, p.Name)
	}
	return nil
}

// Package is the name of the plugin's package.
func (p Plugin) Package() string { return strings.ReplaceAll(p.Name, "-", "") }

// Folder is where the plugin is in a checkout. Handlers lie among the sinks.
func (p Plugin) Folder() string {
	kind := p.Kind
	if kind == "handler" {
		kind = "sink"
	}
	return "plugins/" + kind + "s/" + p.Name
}

// Step is the plugin as it stands in a pipeline, as its template's example has
// it: a handler in Watermill's signature among the transforms, others by their kind.
func (p Plugin) Step() string {
	switch {
	case p.Watermill:
		return "handler: {" + p.Name + ": {above: 45}}"
	case p.Kind == "source":
		return p.Name + ": {count: 5}"
	case p.Kind == "sink":
		return p.Name + ": {prefix: '> '}"
	case p.Kind == "handler":
		return p.Name + ": {field: value, above: 55}"
	}
	return p.Name + ": {field: sensor}"
}

// Checkout returns the root of the core's source tree that dir is in, and
// whether it is in one.
func Checkout(dir string) (root string, ok bool) {
	for {
		if isCore(dir) {
			return dir, true
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", false
		}
		dir = above
	}
}

func isCore(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	first, _, _ := strings.Cut(string(text), "\n")
	return err == nil && strings.TrimSpace(first) == "module "+CoreModule
}

// Add writes the plugin's folder into a checkout and links it. It returns the
// paths of what it wrote, from the root.
func Add(root string, p Plugin) ([]string, error) {
	files, err := p.code(p.Folder())
	if err != nil {
		return nil, err
	}
	if err := write(root, p.Folder(), files); err != nil {
		return nil, err
	}
	imports, err := Imports(root)
	if err != nil {
		return nil, err
	}
	all := file{"plugins/all/all.go", imports}
	return append(paths(files), all.path), os.WriteFile(filepath.Join(root, all.path), all.text, 0o666)
}

// Imports returns the code of plugins/all, which imports every plugin's folder.
func Imports(root string) ([]byte, error) {
	var folders []string
	for _, kind := range []string{"codecs", "sinks", "sources", "transforms"} {
		files, err := filepath.Glob(filepath.Join(root, "plugins", kind, "*", "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				folders = append(folders, "plugins/"+kind+"/"+filepath.Base(filepath.Dir(file)))
			}
		}
	}
	return render("all.go.tmpl", slices.Compact(folders))
}

//go:embed templates
var templates embed.FS

var parsed = template.Must(template.ParseFS(templates, "templates/*.tmpl"))

func render(name string, data any) ([]byte, error) {
	var text bytes.Buffer
	err := parsed.ExecuteTemplate(&text, name, data)
	return text.Bytes(), err
}

// file is a file that is to be written, by its path with slashes.
type file struct {
	path string
	text []byte
}

func paths(files []file) (paths []string) {
	for _, f := range files {
		paths = append(paths, f.path)
	}
	return paths
}

// code is the plugin and its test.
func (p Plugin) code(folder string) ([]file, error) {
	template := p.Kind
	if p.Watermill {
		template = "watermill"
	}
	code, err := render(template+".go.tmpl", p)
	test, testErr := render(template+"_test.go.tmpl", p)
	return []file{{folder + "/" + p.Name + ".go", code}, {folder + "/" + p.Name + "_test.go", test}}, errors.Join(err, testErr)
}

// write writes files below root, in a folder that must not be there yet.
func write(root, folder string, files []file) error {
	if _, err := os.Lstat(filepath.Join(root, folder)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists already; remove it, or choose another name", folder)
	}
	for _, f := range files {
		path := filepath.Join(root, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.text, 0o666); err != nil {
			return err
		}
	}
	return nil
}
