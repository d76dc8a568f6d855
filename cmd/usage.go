package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// help prints a command's help, which begins with an example.
func help(c *cobra.Command, _ []string) {
	w := c.OutOrStdout()
	if c.HasExample() {
		fmt.Fprintf(w, "  %s\n\n", strings.ReplaceAll(c.Example, "\n", "\n  "))
	}
	if about := c.Long; about != "" {
		fmt.Fprintf(w, "%s\n\n", strings.TrimSpace(about))
	} else {
		fmt.Fprintf(w, "%s.\n\n", c.Short)
	}
	fmt.Fprintf(w, "Usage: %s\n", c.UseLine())
	if c.HasAvailableSubCommands() {
		fmt.Fprint(w, "\nCommands:\n")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(w, "  %-*s  %s\n", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	printFlags := func(title string, flags *pflag.FlagSet) {
		if flags.HasAvailableFlags() {
			fmt.Fprintf(w, "\n%s:\n%s", title, flags.FlagUsages())
		}
	}
	printFlags("Flags", c.LocalFlags())
	printFlags("Flags of every command", c.InheritedFlags())
}

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Example: "pipeline help run",
		Short:   "Show the help of a command",
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			if of, rest, err := c.Root().Find(args); err == nil && len(rest) == 0 {
				for _, sub := range of.Commands() {
					names = append(names, sub.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			of, rest, err := c.Root().Find(args)
			switch {
			case err == nil && len(rest) == 0:
				return of.Help()
			case of != nil && of.HasSubCommands():
				return noSuchCommand(of, rest)
			}
			return fmt.Errorf("there is no command %q; see  pipeline --help", strings.Join(args, " "))
		},
	}
}

// noHelpFor refuses to show a command's help for a subcommand that doesn't
// exist, as cobra would.
func noHelpFor(root *cobra.Command, args []string) error {
	if !slices.Contains(args, "--help") && !slices.Contains(args, "-h") {
		return nil
	}
	c, rest, err := root.Find(args)
	if err != nil || len(rest) == 0 || !c.HasAvailableSubCommands() || strings.HasPrefix(rest[0], "-") || rest[0] == "help" || strings.HasPrefix(rest[0], cobra.ShellCompRequestCmd) {
		return nil
	}
	return noSuchCommand(c, rest)
}

func isPlugin(name string) bool { return slices.Contains(pluginNames(), name) }

// noEmptyFlags refuses flags whose value is empty, as where a variable of the
// shell is not set: without them, something else would be done.
func noEmptyFlags(c *cobra.Command) error {
	var errs []error
	c.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" {
			name, _ := pflag.UnquoteUsage(f)
			errs = append(errs, fmt.Errorf("--%s is empty: give it a value (%s), or leave it out", f.Name, name))
		}
	})
	return errors.Join(errs...)
}

// noSuchCommand refuses the arguments of a command that takes none, of which
// the first may be a subcommand that doesn't exist.
func noSuchCommand(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case !c.HasAvailableSubCommands():
		return fmt.Errorf("%s takes no arguments, and finds %q", c.CommandPath(), args[0])
	}
	var known []string
	for _, sub := range c.Commands() {
		known = append(known, sub.Name())
	}
	name := strings.TrimPrefix(c.CommandPath()+" "+args[0], "pipeline ")
	if c.Parent() == nil && isPlugin(args[0]) {
		return fmt.Errorf("unknown command %q; it is a plugin: see  pipeline plugins describe %s", name, args[0])
	}
	return fmt.Errorf("unknown command %q; %s", name, advice(args[0], known, "", c.CommandPath()+" --help"))
}

// flagError puts pflag's errors in our own words.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		name := unknown.GetSpecifiedName()
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		return fmt.Errorf("unknown flag --%s; %s", name, advice(name, known, "--", c.CommandPath()+" --help"))
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s wants %s, not %q", invalid.GetFlag().Name, wanted(invalid.GetFlag()), invalid.GetValue())
	}
	return fmt.Errorf("%w; see  %s --help", err, c.CommandPath())
}

// wanted says what a flag takes.
func wanted(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int64":
		return "a whole number"
	case "duration":
		return "a duration, such as 500ms, 10s or 1m"
	case "bool":
		return "true or false"
	case "size":
		return "a size, such as 64MiB or 1GiB"
	}
	return "a " + f.Value.Type()
}

// advice says which of the known names was probably meant, or else where they
// are found.
func advice(name string, known []string, prefix, see string) string {
	commands := &cobra.Command{} // cobra knows what is alike, of commands
	for _, k := range known {
		commands.AddCommand(&cobra.Command{Use: k, Run: func(*cobra.Command, []string) {}})
	}
	for commands.SuggestionsMinimumDistance < 2 {
		commands.SuggestionsMinimumDistance++
		if alike := commands.SuggestionsFor(name); len(alike) > 0 {
			return fmt.Sprintf("did you mean %s%s?", prefix, alike[0])
		}
	}
	return "see  " + see
}
