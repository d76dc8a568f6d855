package house

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafka"
)

// What reads or writes topics, among the documents' commands.
var usesTopics = regexp.MustCompile(`^bin/pipeline (run pipelines/(replay|average|tutorial|capture)|replay |tail )`)

// The documents' commands don't get in each other's way on a broker that
// outlives them, in whatever order: a topic holds values of one kind.
func TestCommandsOnOneBroker(t *testing.T) {
	t.Parallel()
	bin := build(t)
	broker, err := kafka.StartBroker(kafka.BrokerConfig{Listen: "localhost:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	var commands []string
	for _, document := range []string{"README.md", "docs/tutorial.md"} {
		for _, block := range blocks(t, filepath.Join(root, document), "sh") {
			for command := range strings.Lines(block) {
				command = strings.TrimSpace(command)
				if usesTopics.MatchString(command) && !strings.Contains(command, "sink=print") && !slices.Contains(commands, command) {
					commands = append(commands, command)
				}
			}
		}
	}
	if len(commands) < 10 {
		t.Fatalf("only %d commands are found", len(commands))
	}
	back := slices.Clone(commands)
	slices.Reverse(back)
	dir := checkout(t)
	for _, command := range slices.Concat(commands, back) {
		shell(t, dir, strings.ReplaceAll(command, "bin/pipeline", bin), time.Second/2, "KAFKA_BROKERS="+broker.Addr())
	}
}
