package cmd

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// The help of every command begins with an example of that command.
func TestEveryHelpBeginsWithAnExample(t *testing.T) {
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		var out strings.Builder
		c.SetOut(&out)
		help(c, nil)
		first, _, _ := strings.Cut(out.String(), "\n")
		if !strings.HasPrefix(first, "  ") || !strings.Contains(first, c.CommandPath()) {
			t.Errorf("the help of %s begins with %q", c.CommandPath(), first)
		}
		for _, sub := range c.Commands() {
			check(sub)
		}
	}
	check(newRoot(io.Discard))
}
