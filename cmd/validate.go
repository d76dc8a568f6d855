package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/spf13/cobra"
)

// validation is what validate tells of a file.
type validation struct {
	File   string    `json:"file"`
	OK     bool      `json:"ok"`
	Name   string    `json:"name"` // empty if the file has mistakes
	Errors []mistake `json:"errors"`

	plan *config.Plan
}

// mistake is an error in a configuration. Line and column are 0 where it has
// no place.
type mistake struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Error  string `json:"error"`
}

func newValidate() *cobra.Command {
	var set []string
	var asJSON bool
	c := &cobra.Command{
		Use: "validate FILE…",
		Example: `pipeline validate pipelines/*.yaml
pipeline validate --json replay.yaml`,
		Short: "Show every mistake in pipelines, and open nothing",
		Long: `Checks pipelines that are to run side by side and shows every mistake as
file:line:column. Nothing is opened. The exit code is 2 if there is one.`,
		Args:              someFiles,
		ValidArgsFunction: completeFiles,
		RunE: func(c *cobra.Command, files []string) error {
			results, mistakes := validate(files, set)
			if !asJSON {
				printValidations(c.OutOrStdout(), results)
				return mistakes
			}
			if err := printJSON(c.OutOrStdout(), results); err != nil || mistakes == nil {
				return err
			}
			return errReported
		},
	}
	c.Flags().StringArrayVar(&set, "set", nil, "set an option first with `PATH=VALUE`, as run does; may be repeated")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// validate checks files that are to run side by side.
func validate(files, set []string) ([]validation, error) {
	loaded := config.LoadEach(files, set)
	results := make([]validation, len(loaded))
	for i, l := range loaded {
		v := validation{File: l.File, OK: l.Err == nil, Errors: []mistake{}, plan: l.Plan}
		if v.OK {
			v.Name = l.Plan.Name
		}
		for _, err := range pipeline.Flatten(l.Err) {
			v.Errors = append(v.Errors, placeOf(err))
		}
		results[i] = v
	}
	_, err := config.Plans(loaded)
	return results, err
}

func placeOf(err error) mistake {
	var c *pipeline.ConfigError
	if !errors.As(err, &c) {
		return mistake{Error: err.Error()}
	}
	return mistake{File: c.File, Line: c.Line, Column: c.Column, Error: c.Err.Error()}
}

// printValidations prints a line for each sound file.
func printValidations(w io.Writer, results []validation) {
	for _, v := range results {
		if v.OK {
			fmt.Fprintf(w, "%s: ok: %s: %s\n", v.File, v.Name, outline(v.plan))
		}
	}
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
