// Package house holds the rules of the source tree that no compiler checks,
// for a test to check.
package house

import (
	"slices"
	"strings"
)

const module = "github.com/pipeline-daemon/pipeline"

// leaves are the packages under internal that plugins may use: helpers that
// know nothing of the engine.
var leaves = []string{"internal/capture", "internal/children", "internal/compress", "internal/fields", "internal/fieldtime", "internal/jsonvalue", "internal/kafka", "internal/output", "internal/textfile", "internal/timestamp", "internal/values"}

// inputOutput are the packages that the replay clock keeps away from.
var inputOutput = []string{"bufio", "io", "log", "net", "os", "syscall"}

// complaint says why a package must not import another one, and is empty if it
// may. Both are paths in the module, "." for its root, or paths of other
// modules as they are.
func complaint(from, to string) string {
	foreign := !strings.HasPrefix(to, "./") && to != "."
	from, to = strings.TrimPrefix(from, "./"), strings.TrimPrefix(to, "./")
	switch {
	case from == "." && (!foreign || !isStandard(to) && to != "gopkg.in/yaml.v3"):
		return "the root imports the standard library and yaml.v3 only"
	case within(from, "internal/playback") && within(to, inputOutput...):
		return "the clock does no input or output"
	case foreign || to == ".":
		return ""
	case to == "plugins/all" && from != "cmd/pipeline" && from != "internal/docgen":
		return "only the binary, and what documents it, links the plugins"
	case to == "plugins/all" || from == "cmd/pipeline" && to == "cmd":
		return ""
	case within(from, "cmd") && within(to, "internal"):
		return ""
	case within(from, "cmd"):
		return "cmd imports the root and internal only"
	case from == "plugins/all":
		return ""
	case within(from, "plugins") && !within(to, leaves...) && to != "plugins/watermill":
		return "a plugin imports the root and helpers only"
	case slices.Contains(leaves, from) && !within(to, leaves...):
		return "a helper imports the root and other helpers only"
	case within(from, "internal") && !within(to, "internal", "examples"):
		return "internal imports the root, internal and examples only"
	}
	return ""
}

// within reports whether a path is one of the folders or lies in one.
func within(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return path == f || strings.HasPrefix(path, f+"/") })
}

// isStandard tells the standard library, whose paths have no dot before the
// first slash.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
