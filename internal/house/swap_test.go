package house

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// From JSON to Avro it is one line in the producer and one in the consumer;
// what is printed stays the same.
func TestSwapCodec(t *testing.T) {
	t.Parallel()
	n := strconv.Itoa(rows(t, "data/readings.csv"))
	printed := func(dir string) string {
		r, out := runExamples(t, dir, "--speed", "max", "--limit", n, "pipelines/replay.yaml", "pipelines/average.yaml")
		for _, p := range r.Pipelines {
			if p.State != "completed" || strconv.Itoa(p.Records.Written) != n {
				t.Errorf("%+v, want %s records", p, n)
			}
		}
		return out
	}
	json, avro := checkout(t), checkout(t)
	for _, name := range []string{"replay", "average"} {
		swapLine(t, filepath.Join(avro, "pipelines", name+".yaml"), "codec: json", "codec: {avro: {schema: schemas/reading.avsc}}")
	}
	if diff := cmp.Diff(printed(json), printed(avro)); diff != "" {
		t.Errorf("printed with JSON and with Avro (-json +avro):\n%s", diff)
	}
}

// swapLine changes the one line of a file that says this.
func swapLine(t *testing.T, file, from, to string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(text, []byte("\n"))
	swapped := 0
	for i := range lines {
		if string(lines[i]) == from {
			lines[i] = []byte(to)
			swapped++
		}
	}
	if swapped != 1 {
		t.Fatalf("%s has %d lines  %s", file, swapped, from)
	}
	if err := os.WriteFile(file, bytes.Join(lines, []byte("\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}
