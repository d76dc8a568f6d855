package all

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

// Every plugin's folder is linked, and registers one plugin of its name.
func TestEveryPluginIsLinked(t *testing.T) {
	var folders, registered []string
	for _, kind := range []string{"codec", "sink", "source", "transform"} {
		files, err := filepath.Glob(filepath.Join("..", kind+"s", "*", "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			folders = append(folders, kind+" "+filepath.Base(filepath.Dir(file)))
		}
	}
	for _, p := range pipeline.Plugins() {
		kind := p.Kind
		if kind == "handler" { // it ends a pipeline as a sink does
			kind = "sink"
		}
		registered = append(registered, kind+" "+p.Name)
	}
	slices.Sort(registered)
	if len(folders) == 0 {
		t.Fatal("no folder is found")
	}
	if diff := cmp.Diff(slices.Compact(folders), slices.Compact(registered)); diff != "" {
		t.Errorf("plugins/all must import every plugin, and each folder must register the plugin of its name (-folders +registered):\n%s", diff)
	}
}

// Every plugin and every option says what it is for.
func TestEveryPluginIsDocumented(t *testing.T) {
	for _, p := range pipeline.Plugins() {
		if p.Doc == "" {
			t.Errorf("%s %s has no doc", p.Kind, p.Name)
		}
		checkDocs(t, p.Kind+" "+p.Name, p.Options)
	}
}

func checkDocs(t *testing.T, where string, options []pipeline.Option) {
	for _, o := range options {
		if o.Doc == "" {
			t.Errorf("%s: option %q has no doc", where, o.Name)
		}
		checkDocs(t, where+": "+o.Name, o.Options)
	}
}
