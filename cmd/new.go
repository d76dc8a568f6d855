package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/scaffold"
	"github.com/spf13/cobra"
)

func newNew() *cobra.Command {
	c := &cobra.Command{
		Use: "new",
		Example: `pipeline new transform to-celsius
pipeline new pipeline cellar`,
		Short: "Make a plugin of your own, or a pipeline, to begin with",
		Args:  noSuchCommand,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newNewPlugin("transform", "to-celsius"), newNewPlugin("source", "weather"), newNewPlugin("sink", "alarm"), newNewPlugin("handler", "limits"), newNewPython(), newNewPipeline())
	return c
}

func newNewPlugin(kind, example string) *cobra.Command {
	var core string
	var watermill bool
	c := &cobra.Command{
		Use:     kind + " NAME",
		Example: fmt.Sprintf("pipeline new %s %s\npipeline new %s %s --core ../pipeline   # outside a checkout", kind, example, kind, example),
		Short:   fmt.Sprintf("Make a %s of your own: code, test and options", kind),
		Long: fmt.Sprintf(`Makes a %s that builds, passes its test and runs, to be changed.

In a checkout of pipeline, it is the folder %s, and the binary has
it at once. Elsewhere it is a module of its own in the folder NAME, with a binary
that has it beside the stock plugins.`, kind, scaffold.Plugin{Kind: kind, Name: "NAME"}.Folder()),
		Args:              oneName("pipeline new " + kind + " " + example),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			dir, err := os.Getwd()
			if err != nil {
				return failure{err}
			}
			p := scaffold.Plugin{Kind: kind, Name: args[0], Watermill: watermill}
			if err := p.Check(namesOf(kind)); err != nil {
				return err
			}
			if root, ok := scaffold.Checkout(dir); ok && core == "" {
				return addPlugin(c.OutOrStdout(), dir, root, p)
			}
			return makeModule(c.OutOrStdout(), dir, core, p)
		},
	}
	c.Flags().StringVar(&core, "core", "", "make a module of its own, which is built with the checkout of pipeline in the folder `DIR`")
	if kind == "handler" {
		c.Example += fmt.Sprintf("\npipeline new %s %s --watermill         # a function in Watermill's signature", kind, example)
		c.Flags().BoolVar(&watermill, "watermill", false, "as a function in Watermill's signature")
	}
	return c
}

// oneName is the argument check of a command that makes something.
func oneName(example string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%s wants a name, as in\n  %s", c.CommandPath(), example)
		}
		return nil
	}
}

func namesOf(kind string) []string {
	var names []string
	for _, p := range pipeline.Plugins() {
		if p.Kind == kind {
			names = append(names, p.Name)
		}
	}
	return names
}

func addPlugin(w io.Writer, dir, root string, p scaffold.Plugin) error {
	paths, err := scaffold.Add(root, p)
	if err != nil {
		return err
	}
	for i := range paths {
		if path, err := filepath.Rel(dir, filepath.Join(root, paths[i])); err == nil {
			paths[i] = path
		}
	}
	printWritten(w, paths)
	kind := p.Kind
	if p.Watermill {
		kind = "transform" // stands among them
	}
	set := map[string]string{
		"source":    fmt.Sprintf(`--set sink=print --set "source={%s}"`, p.Step()),
		"transform": fmt.Sprintf(`--set sink=print --set "transforms=[{%s}]"`, p.Step()),
		"handler":   fmt.Sprintf(`--set sink= --set "handler={%s}"`, p.Step()),
		"sink":      fmt.Sprintf(`--set "sink={%s}"`, p.Step()),
	}
	fmt.Fprintf(w, `
Its test, a pipeline with it, and its page in the reference, which  go test ./...  asks for:

  go test ./%s
  go run ./cmd/pipeline run pipelines/replay.yaml --speed max --limit 3 %s
  make docs
`, p.Folder(), set[kind])
	return nil
}

func makeModule(w io.Writer, dir, core string, p scaffold.Plugin) error {
	paths, err := scaffold.Module(dir, core, coreVersion(), p)
	if err != nil {
		return err
	}
	printWritten(w, paths)
	fmt.Fprintf(w, "\nIts test, and a pipeline with it:\n\n  cd %s\n", p.Name)
	if core == "" {
		if coreVersion() == noVersion {
			fmt.Fprintf(w, "  go mod edit -replace %s=DIR   # DIR: a checkout of pipeline, as this binary is of no release\n", scaffold.CoreModule)
		}
		fmt.Fprintln(w, "  go mod tidy")
	}
	fmt.Fprintf(w, "  go test ./...\n  go run ./cmd/pipeline run %s.yaml\n", p.Name)
	return nil
}

// noVersion is what go.mod requires of a module that is replaced.
const noVersion = "v0.0.0"

// coreVersion is the version of the binary, if it is a release.
func coreVersion() string {
	if v := version(); strings.HasPrefix(v, "v") && !strings.ContainsAny(v, "-+") {
		return v
	}
	return noVersion
}

func newNewPipeline() *cobra.Command {
	return &cobra.Command{
		Use:               "pipeline NAME",
		Example:           "pipeline new pipeline cellar",
		Short:             "Make a pipeline, in the file NAME.yaml",
		Args:              oneName("pipeline new pipeline cellar"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			dir, err := os.Getwd()
			if err != nil {
				return failure{err}
			}
			text, err := scaffold.Pipeline(dir, args[0])
			if err != nil {
				return err
			}
			return writePipeline(c.OutOrStdout(), args[0], text)
		},
	}
}

func newNewPython() *cobra.Command {
	return &cobra.Command{
		Use:     "python NAME",
		Example: "pipeline new python hot",
		Short:   "Make a handler in Python, and a pipeline with it",
		Long: fmt.Sprintf(`Makes NAME.py, whose function is called with every record, %s, which
it imports, and NAME.yaml, a pipeline that runs it. Nothing has to be built.`, scaffold.PythonHelper),
		Args:              oneName("pipeline new python hot"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			dir, err := os.Getwd()
			if err != nil {
				return failure{err}
			}
			return makePython(c.OutOrStdout(), dir, args[0])
		},
	}
}

func makePython(w io.Writer, dir, name string) error {
	p, err := scaffold.NewPython(dir, name)
	if err != nil {
		return err
	}
	program := newFile{name + ".py", p.Program}
	if program.path == scaffold.PythonHelper {
		return fmt.Errorf("%s is the file that every program imports; choose another name", program.path)
	}
	files := []newFile{program}
	if _, err := os.Lstat(scaffold.PythonHelper); errors.Is(err, fs.ErrNotExist) {
		files = append(files, newFile{scaffold.PythonHelper, p.Helper})
	}
	return writePipeline(w, name, p.Pipeline, files...)
}

// newFile is a file that is not there yet.
type newFile struct {
	path string
	text []byte
}

// writePipeline writes a pipeline and the files that it needs, all or none.
func writePipeline(w io.Writer, name string, text []byte, needs ...newFile) error {
	file := name + ".yaml"
	if _, err := config.Parse(file, text, nil); err != nil {
		var field *pipeline.FieldError
		if errors.As(err, &field) {
			err = field
		}
		return err
	}
	files := append(needs, newFile{file, text})
	var paths []string
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil {
			return fmt.Errorf("%s exists already; remove it, or choose another name", f.path)
		}
		paths = append(paths, f.path)
	}
	for _, f := range files {
		if err := os.WriteFile(f.path, f.text, 0o666); err != nil {
			return failure{err}
		}
	}
	printWritten(w, paths)
	fmt.Fprintf(w, "\nTo run it:  pipeline run %s\n", file)
	return nil
}

func printWritten(w io.Writer, paths []string) {
	for _, path := range paths {
		fmt.Fprintln(w, "wrote", path)
	}
}
