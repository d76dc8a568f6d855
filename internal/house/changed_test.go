package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// followed are the documents whose blocks belong together: they are followed
// step by step, as a reader does.
var followed = []string{"docs/tutorial.md", "docs/plugins.md"}

func isFollowed(document string) bool {
	path, err := filepath.Rel(root, document)
	return err == nil && slices.Contains(followed, filepath.ToSlash(path))
}

// What people add to a checkout, by the documents or on their own, builds,
// passes its tests and runs.
func TestChangedCheckout(t *testing.T) {
	dir := copyOfCheckout(t)
	t.Setenv("GOFLAGS", "'-ldflags=-s -w'") // linked faster
	t.Run("new plugins", func(t *testing.T) { makeNewPlugins(t, dir) })
	for _, document := range followed {
		t.Run(filepath.Base(document), func(t *testing.T) { follow(t, dir, document) })
	}
	if unformatted := shell(t, dir, "gofmt -l .", time.Minute); unformatted != "" {
		t.Errorf("not formatted: %s", unformatted)
	}
}

// makeNewPlugins makes one of each kind, builds them all at once and runs them.
// That they pass their tests is seen where the documents make some.
func makeNewPlugins(t *testing.T, dir string) {
	for _, what := range []string{"transform capitals", "source numbers", "sink lines", "pipeline new"} {
		shell(t, dir, build(t)+" new "+what, time.Minute)
	}
	shell(t, dir, "go build -o bin/pipeline ./cmd/pipeline", 3*time.Minute)
	if got := shell(t, dir, "bin/pipeline run new.yaml --quiet", time.Minute); !strings.HasPrefix(got, `{"timestamp":`) {
		t.Errorf("the new pipeline prints %q", got)
	}
	got := shell(t, dir, "bin/pipeline run new.yaml --quiet --set 'source={numbers: {count: 2}}' --set 'sink={lines: {prefix: \"> \"}}' "+
		"--set 'transforms=[{set: {sensor: roof}}, capitals]'", time.Minute)
	if diff := cmp.Diff("> {\"n\":0,\"sensor\":\"ROOF\"}\n> {\"n\":1,\"sensor\":\"ROOF\"}\n", got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

var (
	anyBlock = regexp.MustCompile("(?ms)^```(sh|yaml|go)\n(.*?)^```$")
	// A block that is a file says in its first line which.
	fileLine = regexp.MustCompile(`^(?://|#) (\S+\.(?:go|yaml))\n`)
	// What has been done before the reader's first step.
	doneBefore = regexp.MustCompile(`^(git clone .*|cd pipeline)$`)
	commandsOf = regexp.MustCompile(`^(go|make|\S+/pipeline build) `)
)

// follow does what a document says: writes its files and runs its commands, in
// order, in the checkout or where cd leads.
func follow(t *testing.T, dir, document string) {
	text, err := os.ReadFile(filepath.Join(root, document))
	if err != nil {
		t.Fatal(err)
	}
	skipIfMade(t, string(text))
	for _, m := range anyBlock.FindAllStringSubmatch(string(text), -1) {
		language, block := m[1], m[2]
		file := fileLine.FindStringSubmatch(block)
		switch {
		case language == "sh":
			dir = followCommands(t, dir, block)
		case file != nil:
			block = strings.TrimPrefix(block[len(file[0]):], "\n")
			if err := os.WriteFile(filepath.Join(dir, file[1]), []byte(block), 0o644); err != nil {
				t.Fatal(err)
			}
		case language == "yaml":
			piece := filepath.Join(t.TempDir(), "block.yaml")
			if err := os.WriteFile(piece, []byte(completed(block)), 0o644); err != nil {
				t.Fatal(err)
			}
			shell(t, dir, "bin/pipeline validate "+piece, time.Minute)
		default:
			t.Errorf("a block of Go doesn't say which file it is:\n%s", block)
		}
	}
}

func followCommands(t *testing.T, dir, block string) string {
	for command := range strings.Lines(block) {
		command = strings.TrimSpace(command)
		to, isCd := strings.CutPrefix(command, "cd ")
		patience := 2 * time.Second
		switch {
		case doneBefore.MatchString(command):
			continue
		case isCd:
			dir = filepath.Join(dir, to)
			continue
		case commandsOf.MatchString(command):
			patience = 3 * time.Minute
		}
		shell(t, dir, command, patience)
	}
	return dir
}

// copyOfCheckout copies what builds of the checkout, and its data.
func copyOfCheckout(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pipeline")
	left := []string{".git", ".cache", ".ci", "bin", "bench", "docs", "testdata"}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(root, path)
		switch {
		case err != nil || relErr != nil:
			return err
		case entry.IsDir() && slices.Contains(left, entry.Name()):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(dir, rel), 0o777)
		case strings.HasSuffix(rel, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, rel), text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
