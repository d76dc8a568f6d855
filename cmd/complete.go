package cmd

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completionTime is how long a shell waits for a broker's answer.
const completionTime = time.Second

// completeTopics completes the topics that there are, but for those named
// already. Where no broker answers it completes nothing.
func completeTopics(c *cobra.Command, named []string, _ string) ([]string, cobra.ShellCompDirective) {
	var brokers []string
	if flag := c.Flag("brokers"); flag != nil && flag.Value.String() != "" {
		brokers = strings.Split(flag.Value.String(), ",")
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	topics, err := kafka.Topics(ctx, brokers)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.DeleteFunc(topics, func(topic string) bool { return slices.Contains(named, topic) }), cobra.ShellCompDirectiveNoFileComp
}

// completeCSV completes a CSV.
func completeCSV(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return []string{"csv", "gz", "zst"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeFrom completes the places in a topic that have names.
func completeFrom(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"beginning", "end"}, cobra.ShellCompDirectiveNoFileComp
}

// completePlugins completes the names of plugins.
func completePlugins(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return pluginNames(), cobra.ShellCompDirectiveNoFileComp
}

// completeCodecs completes the names of codecs, and begins what names a schema.
func completeCodecs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, name := range namesOf("codec") {
		if name == "avro" {
			name += "="
		}
		names = append(names, name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// describeCompletion gives cobra's commands an example each, as all commands
// have, and has them refuse a shell that they don't know.
func describeCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for path, example := range map[string]string{
		"completion":            "source <(pipeline completion bash)",
		"completion bash":       "source <(pipeline completion bash)",
		"completion zsh":        "source <(pipeline completion zsh)",
		"completion fish":       "pipeline completion fish | source",
		"completion powershell": "pipeline completion powershell | Out-String | Invoke-Expression",
	} {
		c, _, err := root.Find(strings.Fields(path))
		if err != nil {
			continue
		}
		c.Example, c.Args = example, noSuchCommand
		if c.HasSubCommands() {
			c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		}
	}
}

// unquoteFlags takes the quotes, which mark a flag's value in the help, out of
// the descriptions that shells show.
func unquoteFlags(c *cobra.Command) {
	unquote := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
	c.PersistentFlags().VisitAll(unquote)
	c.Flags().VisitAll(unquote)
	for _, sub := range c.Commands() {
		unquoteFlags(sub)
	}
}
