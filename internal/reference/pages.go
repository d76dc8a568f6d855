package reference

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

//go:embed pipeline.md
var pipelinePage string

// Pages returns all pages by their paths below docs/reference, with notes as
// Notes returns them.
func Pages(notes map[string]string) map[string]string {
	pages := map[string]string{"README.md": index(), "pipeline.md": keys()}
	for _, p := range pipeline.Plugins() {
		pages[path(p)] = page(p, notes[id(p)])
	}
	return pages
}

func path(p pipeline.Plugin) string { return fmt.Sprintf("plugins/%s-%s.md", p.Kind, p.Name) }

// keys is the page of a pipeline's keys.
func keys() string {
	var w strings.Builder
	writeOptions(&w, "", config.Options())
	return strings.Replace(pipelinePage, "{{keys}}\n", w.String(), 1)
}

// index lists the pages.
func index() string {
	var w strings.Builder
	w.WriteString("# Reference\n\nWhat a pipeline is made of: [its keys](pipeline.md), and the plugins that stand under them.\n")
	kind := ""
	for _, p := range pipeline.Plugins() {
		if p.Kind != kind {
			kind = p.Kind
			fmt.Fprintf(&w, "\n## %ss\n\n", sentenceCase(kind))
		}
		writeWrapped(&w, "- ", fmt.Sprintf("[%s](%s): %s", p.Name, path(p), Summary(p)))
	}
	return w.String()
}

func sentenceCase(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// Summary returns the first sentence of a plugin's doc.
func Summary(p pipeline.Plugin) string {
	first, _, _ := strings.Cut(p.Doc, ". ")
	return first
}
