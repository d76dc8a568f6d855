// Docgen writes what is generated from the option structs: docs/reference and
// schemas/pipeline.schema.json. Run it in the root of the source tree.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pipeline-daemon/pipeline/internal/reference"
	_ "github.com/pipeline-daemon/pipeline/plugins/all"
)

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

// files returns what is generated, by path.
func files() map[string]string {
	files := map[string]string{"schemas/pipeline.schema.json": string(reference.Schema())}
	for path, text := range reference.Pages() {
		files["docs/reference/"+path] = text
	}
	return files
}

// write writes the files below root. Pages of plugins that are no more go.
func write(root string) error {
	plugins := filepath.Join(root, "docs/reference/plugins")
	if err := os.RemoveAll(plugins); err != nil {
		return err
	}
	for _, folder := range []string{plugins, filepath.Join(root, "schemas")} {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
	}
	for path, text := range files() {
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}
