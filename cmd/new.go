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
	c.AddCommand(newNewPlugin("transform", "to-celsius"), newNewPlugin("source", "weather"), newNewPlugin("sink", "alarm"), newNewPlugin("handler", "limits"), newNewPipeline())
	return c
}

func newNewPlugin(kind, example string) *cobra.Command {
	var core string
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
			p := scaffold.Plugin{Kind: kind, Name: args[0]}
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
`, p.Folder(), set[p.Kind])
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
			return makePipeline(c.OutOrStdout(), dir, args[0])
		},
	}
}

func makePipeline(w io.Writer, dir, name string) error {
	file := name + ".yaml"
	text, err := scaffold.Pipeline(dir, name)
	if err != nil {
		return err
	}
	if _, err := config.Parse(file, text, nil); err != nil {
		var field *pipeline.FieldError
		if errors.As(err, &field) {
			err = field
		}
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already; remove it, or choose another name", file)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return failure{err}
	}
	printWritten(w, []string{file})
	fmt.Fprintf(w, "\nTo run it:  pipeline run %s\n", file)
	return nil
}

func printWritten(w io.Writer, paths []string) {
	for _, path := range paths {
		fmt.Fprintln(w, "wrote", path)
	}
}
