// Command generate writes the sample data, from the root of the project:
//
//	go run ./data/generate [DIRECTORY]
//
// Every run writes the same bytes on every machine: the random numbers are
// seeded, and all arithmetic is done with integers.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	directory := "data"
	if len(os.Args) > 1 {
		directory = os.Args[1]
	}
	for name, contents := range files() {
		if err := os.WriteFile(filepath.Join(directory, name), contents, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// files returns the contents of all files by their names.
func files() map[string][]byte {
	var readings, tutorial bytes.Buffer
	writeReadings(&readings)
	writeTutorial(&tutorial)
	return map[string][]byte{"readings.csv": readings.Bytes(), "tutorial.csv": tutorial.Bytes()}
}
