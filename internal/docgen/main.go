// Docgen writes what is generated from the option structs and the plugins'
// package comments: docs/reference, schemas/pipeline.schema.json, and the
// comments as the binary has them. Run it in the root of the source tree.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pipeline-daemon/pipeline/internal/reference"
	_ "github.com/pipeline-daemon/pipeline/plugins/all"
)

func main() {
	files, err := generate(".")
	if err == nil {
		err = write(".", files)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

// generate returns what is generated from the source tree, by path.
func generate(root string) (map[string]string, error) {
	notes, err := readNotes(root)
	if err != nil {
		return nil, err
	}
	code, err := notesCode(notes)
	files := map[string]string{"schemas/pipeline.schema.json": string(reference.Schema()), "internal/reference/notes.go": code}
	for path, text := range reference.Pages(notes) {
		files["docs/reference/"+path] = text
	}
	return files, err
}

// write writes the files below root. Pages of plugins that are no more go.
func write(root string, files map[string]string) error {
	if err := os.RemoveAll(filepath.Join(root, "docs/reference/plugins")); err != nil {
		return err
	}
	for path, text := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}
