package scaffold

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is made in a checkout is gofmt'd, builds, passes its tests and runs,
// with nothing else done to it.
func TestMadeInACheckout(t *testing.T) {
	root := copyOfCheckout(t)
	var folders []string
	for _, p := range []Plugin{{"transform", "to-capitals"}, {"source", "count"}, {"sink", "show"}} {
		if _, err := Add(root, p); err != nil {
			t.Fatal(err)
		}
		folders = append(folders, "./"+p.Folder())
	}
	text, err := Pipeline(root, "mine")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "mine.yaml"), text, 0o666); err != nil {
		t.Fatal(err)
	}

	if unformatted := run(t, root, "gofmt", "-l", "plugins"); unformatted != "" {
		t.Errorf("not formatted: %s", unformatted)
	}
	run(t, root, "go", append([]string{"test", "./plugins/all"}, folders...)...)
	run(t, root, "go", "build", "-o", "bin/pipeline", "./cmd/pipeline")
	if lines := strings.Count(run(t, root, "bin/pipeline", "run", "mine.yaml"), "\n"); lines == 0 {
		t.Error("the new pipeline prints nothing")
	}
	got := run(t, root, "bin/pipeline", "run", "mine.yaml", "--set", "source={count: {count: 2}}",
		"--set", "transforms=[{set: {sensor: roof}}, to-capitals]", "--set", "sink={show: {prefix: '> '}}")
	if diff := cmp.Diff("> {\"n\":0,\"sensor\":\"ROOF\"}\n> {\"n\":1,\"sensor\":\"ROOF\"}\n", got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if page := run(t, root, "bin/pipeline", "plugins", "describe", "to-capitals"); !strings.Contains(page, "- to-capitals: {field: sensor}") {
		t.Errorf("the page has no example:\n%s", page)
	}
}

// What is made elsewhere is a module that does the same.
func TestMadeElsewhere(t *testing.T) {
	dir := t.TempDir()
	if _, err := Module(dir, coreRoot, "", Plugin{"transform", "to-capitals"}); err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(dir, "to-capitals")
	if unformatted := run(t, made, "gofmt", "-l", "."); unformatted != "" {
		t.Errorf("not formatted: %s", unformatted)
	}
	run(t, made, "go", "test", "./...")
	if out := run(t, made, "go", "run", "./cmd/pipeline", "run", "to-capitals.yaml"); !strings.Contains(out, `"sensor":"ROOF"`) {
		t.Errorf("its pipeline prints\n%s", out)
	}
}

// run runs a command and returns its standard output.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	if strings.Contains(name, "/") {
		name = filepath.Join(dir, name)
	}
	command := exec.Command(name, args...)
	command.Dir = dir
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", command, err, out, stderr.String())
	}
	return string(out)
}

// copyOfCheckout copies what builds of the checkout, and its data.
func copyOfCheckout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	err := filepath.WalkDir(coreRoot, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != coreRoot && (strings.HasPrefix(name, ".") || name == "bin" || name == "docs" || name == "bench" || name == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || strings.HasSuffix(name, "_test.go") && filepath.Base(filepath.Dir(path)) != "all":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(coreRoot, path)
		if err != nil {
			return err
		}
		to := filepath.Join(root, rel)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
	return root
}
