package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pipeline-daemon/pipeline/internal/assemble"
	"github.com/pipeline-daemon/pipeline/internal/scaffold"
	"github.com/spf13/cobra"
)

func newBuild() *cobra.Command {
	var with []string
	var b assemble.Binary
	c := &cobra.Command{
		Use: "build --with MODULE[=PATH] [--core PATH] -o BIN",
		Example: `pipeline build --with example.com/to-celsius=../to-celsius -o bin/mine
pipeline build --with example.com/to-celsius@v1.2.0 --core ../pipeline -o mine`,
		Short: "Build a binary that has plugins of other modules, too",
		Long: `Builds a binary with the stock plugins and those of other modules, each a package
that registers its plugins when it is imported. Wants Go.

--with may be repeated. MODULE is a module's path, or that of a package in it; it
is fetched, at MODULE@VERSION or at its latest version, unless PATH names the
folder where it lies.`,
		Args:              noSuchCommand,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := planBuild(&b, with); err != nil {
				return err
			}
			return build(c.OutOrStdout(), b)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&with, "with", nil, "link the plugins of `MODULE[=PATH]`; may be repeated")
	f.StringVar(&b.Core, "core", "", "build on the checkout of pipeline in the folder `PATH` (default the one around this folder)")
	f.StringVarP(&b.Output, "output", "o", "", "write the binary to the file `BIN`")
	return c
}

// planBuild completes what the flags say. The error joins all mistakes.
func planBuild(b *assemble.Binary, with []string) error {
	var errs []error
	if len(with) == 0 {
		errs = append(errs, errors.New("pipeline build wants a module with plugins, as in\n  pipeline build --with example.com/to-celsius=../to-celsius -o bin/mine"))
	}
	for _, s := range with {
		p, err := assemble.ParsePlugin(s)
		if err != nil {
			err = fmt.Errorf("--with %w", err)
		}
		b.Plugins, errs = append(b.Plugins, p), append(errs, err)
	}
	info, err := os.Stat(b.Output)
	switch {
	case b.Output == "":
		errs = append(errs, errors.New("pipeline build wants a file to write, as in  -o bin/mine"))
	case err == nil && info.IsDir():
		errs = append(errs, fmt.Errorf("-o %s is a folder; name the file, as in  -o %s", b.Output, filepath.Join(b.Output, "pipeline")))
	}
	return errors.Join(append(errs, planCore(b))...)
}

// planCore finds what to build on: the checkout around the working directory,
// or the release that this binary is.
func planCore(b *assemble.Binary) error {
	if b.Core != "" {
		return nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return failure{err}
	}
	if root, ok := scaffold.Checkout(dir); ok {
		b.Core = root
		return nil
	}
	if b.CoreVersion = coreVersion(); b.CoreVersion == noVersion {
		return errors.New("pipeline build wants a checkout of pipeline to build on, and is not in one: name it, as in  --core ../pipeline")
	}
	return nil
}

func build(w io.Writer, b assemble.Binary) error {
	ctx, end := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer end()
	if err := assemble.Build(ctx, b); err != nil {
		return failure{err}
	}
	if err := tryBinary(ctx, b.Output); err != nil {
		return failure{errors.Join(err, os.Remove(b.Output))}
	}
	fmt.Fprintln(w, "wrote", b.Output)
	return nil
}

// tryBinary starts what was built, as plugins are registered then: two of one
// name, say, end it. What was built for another system can't be tried.
func tryBinary(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, path, "version").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return nil
	}
	said, _, _ := strings.Cut(string(out), "\n")
	return fmt.Errorf("the binary ends at its start, and is not kept: %s", strings.TrimPrefix(strings.TrimPrefix(said, "panic: "), "pipeline: "))
}
