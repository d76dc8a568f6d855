package cmd

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/spf13/cobra"
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

// addExamples gives the commands that cobra adds an example each, as all
// commands have.
func addExamples(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for path, example := range map[string]string{
		"help":                  "pipeline help run",
		"completion":            "source <(pipeline completion bash)",
		"completion bash":       "source <(pipeline completion bash)",
		"completion zsh":        "source <(pipeline completion zsh)",
		"completion fish":       "pipeline completion fish | source",
		"completion powershell": "pipeline completion powershell | Out-String | Invoke-Expression",
	} {
		if c, _, err := root.Find(strings.Fields(path)); err == nil {
			c.Example = example
		}
	}
}
