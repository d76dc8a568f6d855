package house

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

const root = "../.."

// documents are those with commands and YAML that people copy.
func documents(t *testing.T) []string {
	t.Helper()
	docs := []string{filepath.Join(root, "README.md")}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			docs = append(docs, path)
		}
		return err
	})
	if err != nil || len(docs) < 2 {
		t.Fatal(docs, err)
	}
	return docs
}

var fence = regexp.MustCompile("(?ms)^```(sh|yaml)\n(.*?)^```$")

// blocks returns the code blocks of a language.
func blocks(t *testing.T, document, language string) []string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			found = append(found, m[2])
		}
	}
	return found
}

// binary is pipeline, built once, in a folder that TestMain removes.
var binary struct {
	once sync.Once
	dir  string
	out  []byte
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(binary.dir)
	os.Exit(code)
}

func build(t *testing.T) string {
	t.Helper()
	binary.once.Do(func() {
		if binary.dir, binary.err = os.MkdirTemp("", "pipeline"); binary.err == nil {
			binary.out, binary.err = exec.Command("go", "build", "-o", binary.dir, filepath.Join(root, "cmd/pipeline")).CombinedOutput()
		}
	})
	if binary.err != nil {
		t.Fatalf("%v\n%s", binary.err, binary.out)
	}
	return filepath.Join(binary.dir, "pipeline")
}

// checkout returns a folder with the files that examples read, in which a
// command may write as it likes.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"pipelines", "data", "schemas", "examples"} {
		if _, err := os.Stat(filepath.Join(root, sub)); err != nil {
			continue
		}
		if err := os.CopyFS(filepath.Join(dir, sub), os.DirFS(filepath.Join(root, sub))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var newPlugin = regexp.MustCompile(`pipeline new (transform|source|sink|handler) ([a-z0-9-]+)`)

// skipIfMade skips the test if the checkout has a plugin already that the text
// makes, as it has where somebody followed the documents.
func skipIfMade(t *testing.T, text string) {
	t.Helper()
	for _, m := range newPlugin.FindAllStringSubmatch(text, -1) {
		folder := strings.ReplaceAll(m[1], "handler", "sink") + "s" // handlers lie among the sinks
		if _, err := os.Stat(filepath.Join(root, "plugins", folder, m[2])); err == nil {
			t.Skipf("this checkout has the %s %s already", m[1], m[2])
		}
	}
}

// What others run: .ci/clone clones and builds, and the tests are running.
var elsewhere = regexp.MustCompile(`^(git clone|cd|go test|go build) `)

// Every command of the documents does what it says: it ends well, or is still
// at it after a while and stops well when interrupted.
func TestCommandsOfTheDocuments(t *testing.T) {
	bin := build(t)
	for _, document := range documents(t) {
		if isFollowed(document) {
			continue
		}
		for _, block := range blocks(t, document, "sh") {
			var made []string // what the block's next commands need
			for command := range strings.Lines(block) {
				if command = strings.TrimSpace(command); elsewhere.MatchString(command) {
					continue
				}
				commands := append(made[:len(made):len(made)], strings.NewReplacer("go run ./cmd/pipeline", bin, "bin/pipeline", bin).Replace(command))
				if strings.Contains(command, "pipeline new python ") {
					made = commands
				}
				t.Run(filepath.Base(document)+" "+command, func(t *testing.T) {
					t.Parallel()
					skipIfMade(t, command)
					dir := checkout(t)
					for _, command := range commands {
						shell(t, dir, command, 2*time.Second)
					}
				})
			}
		}
	}
}

// silence is how long a command may print nothing and still be starting.
const silence = 30 * time.Second

// shell runs a command and returns its standard output. It interrupts one that
// is still at it a while after it first printed something, from when on it
// listens to signals. Either way it must end well.
func shell(t *testing.T, dir, command string, patience time.Duration, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", "exec "+command)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "KAFKA_BROKERS=", "PIPELINE_DEFAULT_BROKER="+freeport.Addr()), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 30 * time.Second
	interrupt := time.AfterFunc(max(silence, patience), cancel)
	defer interrupt.Stop()
	begun := sync.OnceFunc(func() { interrupt.Reset(patience) })
	stdout, stderr := &printed{begun: begun}, &printed{begun: begun}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) || err != nil && ctx.Err() == nil {
		t.Fatalf("%s: %v\n%s%s", command, err, &stdout.text, &stderr.text)
	}
	return stdout.text.String()
}

// printed is what a command prints.
type printed struct {
	text  bytes.Buffer
	begun func() // called at each write
}

func (p *printed) Write(text []byte) (int, error) {
	p.begun()
	return p.text.Write(text)
}

// Every plugin's example runs as it stands.
func TestExamplesOfThePlugins(t *testing.T) {
	bin := build(t)
	pages, err := filepath.Glob(filepath.Join(root, "docs/reference/plugins/*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, page := range pages {
		examples := blocks(t, page, "yaml")
		if len(examples) != 1 {
			t.Errorf("%s has %d examples; give the plugin's options the tag example", page, len(examples))
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			dir := checkout(t)
			if err := os.WriteFile(filepath.Join(dir, "example.yaml"), []byte(examples[0]), 0o644); err != nil {
				t.Fatal(err)
			}
			shell(t, dir, bin+" run example.yaml --limit 3", 2*time.Second)
		})
	}
}

// completed adds the source and the sink that a piece of a pipeline lacks.
func completed(block string) string {
	for _, end := range []string{"source: {csv: {path: data/readings.csv}}", "sink: print"} {
		if end == "sink: print" && (strings.HasPrefix(block, "handler:") || strings.Contains(block, "\nhandler:")) {
			continue // it stands in place of the sink
		}
		if key, _, _ := strings.Cut(end, ":"); !strings.HasPrefix(block, key+":") && !strings.Contains(block, "\n"+key+":") {
			block += end + "\n"
		}
	}
	return block
}

// Every piece of YAML in the documents is a valid pipeline, or makes one
// together with a source and a sink.
func TestYAMLOfTheDocuments(t *testing.T) {
	bin := build(t)
	for _, document := range documents(t) {
		if isFollowed(document) {
			continue
		}
		for i, block := range blocks(t, document, "yaml") {
			file := filepath.Join(t.TempDir(), "block.yaml")
			if err := os.WriteFile(file, []byte(completed(block)), 0o644); err != nil {
				t.Fatal(err)
			}
			validate := exec.Command(bin, "validate", file)
			validate.Dir = root
			if out, err := validate.CombinedOutput(); err != nil {
				t.Errorf("%s, block %d: %v\n%s\n%s", document, i+1, err, out, block)
			}
		}
	}
}

// The README shows the main example as it is.
func TestReadmeShowsTheExample(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "pipelines/replay.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAll(text, nil)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(readme, append([]byte("```yaml\n"), append(example, "```"...)...)) {
		t.Errorf("README.md does not show pipelines/replay.yaml as it is:\n%s", example)
	}
}
