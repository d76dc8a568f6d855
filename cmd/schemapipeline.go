package cmd

import (
	"github.com/pipeline-daemon/pipeline/internal/reference"
	"github.com/spf13/cobra"
)

func newSchemaPipeline() *cobra.Command {
	return &cobra.Command{
		Use:     "pipeline",
		Example: "pipeline schema pipeline > pipeline.schema.json",
		Short:   "Print the JSON Schema of pipelines, for editors",
		Long: `Prints the JSON Schema (draft 2020-12) of a pipeline with the plugins that there
are. An editor completes and checks a pipeline by it if the file begins with

  # yaml-language-server: $schema=pipeline.schema.json

which is the schema's path from the file, or its URL.`,
		Args: noSuchCommand,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(reference.Schema())
			return err
		},
	}
}
