//go:build bench

package bench

import (
	"fmt"
	"testing"
	"time"
)

// Many files on one time line, whose rows take turns, beside one file of as
// many rows.
func TestMerge(t *testing.T) {
	files, each := full(100, 10), full(100_000, 20_000)
	bin, paths := binary(t), ""
	for i := range files {
		paths += fmt.Sprintf("%q, ", series{n: each, columns: 4, start: time.Duration(i) * time.Millisecond, every: time.Duration(files) * time.Millisecond}.write(t))
	}
	const sink = "sink: drop\ncodec: json\n"
	many := yamlFile(t, fmt.Sprintf("source: {csv: {path: [%s], timestamp: timestamp, merge: true}}\n%s", paths, sink))
	one := yamlFile(t, fmt.Sprintf("source: {csv: {path: %q, timestamp: timestamp}}\n%s", rows(t, files*each), sink))
	all := float64(files * each)
	var merged, single, ratios []float64
	var memory []int64
	for range full(3, 1) {
		a, b := run(t, bin, "run", "--quiet", many), run(t, bin, "run", "--quiet", one)
		merged, single, ratios = append(merged, all/a.wall.Seconds()), append(single, all/b.wall.Seconds()), append(ratios, b.wall.Seconds()/a.wall.Seconds())
		memory = append(memory, a.memory)
	}
	note(t, fmt.Sprintf("merge of %d files of %d rows beside one file of all, CSV → drop", files, each), "≥ 0.5 ×, < 150 MB",
		"%.2f M rows/s beside %.2f M: %.2f ×; memory %s", median(merged)/1e6, median(single)/1e6, median(ratios), mb(median(memory)))
}
