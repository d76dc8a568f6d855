package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The imports of all packages, tests left aside, follow the rules.
func TestArrows(t *testing.T) {
	command := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...")
	command.Dir = filepath.Join("..", "..")
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	packages := 0
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages++
		for _, to := range p.Imports {
			if c := complaint(local(p.ImportPath), local(to)); c != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, to, c)
			}
		}
	}
	if packages < 10 {
		t.Errorf("only %d packages are found", packages)
	}
}

// local turns a path of the module into ".", "./internal/engine" and so on.
func local(path string) string {
	if rest, ok := strings.CutPrefix(path, module); ok && (rest == "" || rest[0] == '/') {
		return "." + rest
	}
	return path
}

func TestComplaint(t *testing.T) {
	for _, c := range []struct {
		from, to string
		allowed  bool
	}{
		{".", "fmt", true},
		{".", "gopkg.in/yaml.v3", true},
		{".", "github.com/twmb/franz-go/pkg/kgo", false},
		{".", "./internal/kafka", false},
		{"./cmd", ".", true},
		{"./cmd", "github.com/spf13/cobra", true},
		{"./cmd", "./internal/engine", true},
		{"./cmd", "./plugins/sinks/print", false},
		{"./cmd", "./plugins/all", false},
		{"./cmd/pipeline", "./cmd", true},
		{"./cmd/pipeline", "./plugins/all", true},
		{"./cmd/pipeline", "./plugins/sinks/print", false},
		{"./plugins/all", "./plugins/sinks/print", true},
		{"./plugins/sinks/kafka", ".", true},
		{"./plugins/sinks/kafka", "./internal/kafka", true},
		{"./plugins/sinks/kafka", "github.com/twmb/franz-go/pkg/kgo", true},
		{"./plugins/sinks/kafka", "./plugins/sources/kafka", false},
		{"./plugins/sinks/kafka", "./internal/engine", false},
		{"./plugins/sinks/kafka", "./internal/config", false},
		{"./plugins/sinks/kafka", "./cmd", false},
		{"./plugins/sinks/kafka", "./plugins/all", false},
		{"./internal/engine", ".", true},
		{"./internal/engine", "./internal/playback", true},
		{"./internal/engine", "./plugins/all", false},
		{"./internal/docgen", "./plugins/all", true},
		{"./internal/engine", "./plugins/sinks/file", false},
		{"./internal/engine", "./cmd", false},
		{"./internal/kafka", "./internal/engine", false},
		{"./internal/jsonvalue", "./internal/timestamp", true},
		{"./internal/playback", "time", true},
		{"./internal/playback", "net/http", false},
		{"./internal/playback", "os", false},
		{"./internal/playback", "iter", true},
	} {
		if got := complaint(c.from, c.to); (got == "") != c.allowed {
			t.Errorf("%s imports %s: %q, allowed must be %t", c.from, c.to, got, c.allowed)
		}
	}
}
