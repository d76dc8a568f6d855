package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// suggest ends a message about an unknown name: with the one that was
// probably meant, or with those there are.
func suggest(name string, known []string) string {
	switch meant := nearest(name, known); {
	case meant != "":
		return fmt.Sprintf("; did you mean %q?", meant)
	case len(known) == 0:
		return "; there is none to set"
	}
	return "; there are " + strings.Join(known, ", ")
}

// glued returns which of the known options was meant by one that has no value,
// as it is no more than a text: NAME:VALUE.
func glued(e Entry, known []string) string {
	name, value, _ := strings.Cut(e.Key.YAML.Value, ":")
	if value != "" && e.Value.YAML.Tag == "!!null" && slices.Contains(known, name) {
		return name
	}
	return ""
}

// nearest returns the known name that was probably meant, if there is one. A
// name may have a slip for every three letters, and at least one.
func nearest(name string, known []string) string {
	best, least := "", max(1, len(name)/3)+1
	for _, k := range known {
		if d := distance(name, k); d < least && d < len(name) {
			best, least = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two short names, with neighbours
// swapped counting as one.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
