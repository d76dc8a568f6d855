//go:build bench

// Package bench measures pipeline against peers, on a real Apache Kafka on the
// same machine. README.md says how to run it; the results go to results.md.
//
// Runs that are compared alternate; figures are medians, and ratios are of
// runs side by side. Whoever is measured has a process of its own: the built
// binary, or, with code that no binary has, this one in a role (see programs).
package bench

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var resultsFile = flag.String("results", "", "write the table of the figures to this file")

// roleVariable names the program that this binary is, in a process of its own.
const roleVariable = "BENCH_ROLE"

var programs = map[string]func(){
	"pipeline": pipelineProgram,
	"producer": producerProgram,
	"consumer": consumerProgram,
}

func TestMain(m *testing.M) {
	if program, ok := programs[os.Getenv(roleVariable)]; ok {
		program()
		os.Exit(0)
	}
	flag.Parse()
	code := m.Run()
	if *resultsFile != "" && len(results) > 0 {
		if err := os.WriteFile(*resultsFile, []byte(table()), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

type result struct{ what, measured, aim string }

var results []result

// note notes a figure, and what it should be at least or at most; "" if it is
// only to be known.
func note(t *testing.T, what, aim string, format string, args ...any) {
	t.Helper()
	r := result{what, fmt.Sprintf(format, args...), aim}
	t.Logf("%s: %s (aim: %s)", r.what, r.measured, r.aim)
	results = append(results, r)
}

func table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Results\n\nMeasured %s on %d cores (%s), %s, Apache Kafka 4.1.0 on the same cores.\n",
		time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), processor(), runtime.Version())
	if testing.Short() {
		b.WriteString("With -short: small sizes and single runs, to see that the benchmarks work.\n")
	}
	b.WriteString("\n| what | measured | aim |\n|---|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.what, r.measured, r.aim)
	}
	return b.String()
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, "\t :\n")
		}
	}
	return runtime.GOARCH
}

// full returns a size, or with -short a small one.
func full[T any](size, small T) T {
	if testing.Short() {
		return small
	}
	return size
}

func median[T int64 | time.Duration | float64](all []T) T {
	all = slices.Clone(all)
	slices.Sort(all)
	return all[len(all)/2]
}

func mb(bytes int64) string { return fmt.Sprintf("%.0f MB", float64(bytes)/1e6) }

const million = 1_000_000
