package cmd

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is the version of a released binary, set when it is built, by
// -ldflags "-X github.com/pipeline-daemon/pipeline/cmd.release=v1.2.3".
var release string

// version returns the version of the binary; one that wasn't released has that
// of its source code.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}

func versionLine() string {
	return fmt.Sprintf("pipeline %s (%s, %s/%s)", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Example: "pipeline version",
		Short:   "Print the version",
		Args:    noSuchCommand,
		Run:     func(c *cobra.Command, _ []string) { fmt.Fprintln(c.OutOrStdout(), versionLine()) },
	}
}
