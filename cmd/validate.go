package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

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
	errs []error
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
			results := validate(files, set)
			if asJSON {
				return printValidationsJSON(c.OutOrStdout(), results)
			}
			return printValidations(c.OutOrStdout(), results)
		},
	}
	c.Flags().StringArrayVar(&set, "set", nil, "set an option first, as run does: `PATH=VALUE`; may be repeated")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// validate checks files, each on its own and then all as one command line.
func validate(files, set []string) []validation {
	results := make([]validation, len(files))
	sound := true
	for i, file := range files {
		plans, err := config.Load([]string{file}, set)
		results[i] = validation{File: file, errs: pipeline.Flatten(err)}
		if err == nil {
			results[i].plan, results[i].Name = plans[0], plans[0].Name
		}
		sound = sound && err == nil
	}
	if sound {
		_, err := config.Load(files, set)
		for _, err := range pipeline.Flatten(err) {
			place := placeOf(err)
			i := slices.IndexFunc(results, func(v validation) bool { return v.File == place.File })
			results[max(i, 0)].errs = append(results[max(i, 0)].errs, err)
		}
	}
	for i := range results {
		v := &results[i]
		v.OK, v.Errors = len(v.errs) == 0, []mistake{}
		for _, err := range v.errs {
			v.Errors = append(v.Errors, placeOf(err))
		}
	}
	return results
}

func placeOf(err error) mistake {
	var c *pipeline.ConfigError
	if !errors.As(err, &c) {
		return mistake{Error: err.Error()}
	}
	return mistake{File: c.File, Line: c.Line, Column: c.Column, Error: c.Err.Error()}
}

// printValidations prints a line for each sound file, and returns the mistakes
// of the others.
func printValidations(w io.Writer, results []validation) error {
	var errs []error
	for _, v := range results {
		if v.OK {
			fmt.Fprintf(w, "%s: ok: %s: %s\n", v.File, v.Name, outline(v.plan))
		}
		errs = append(errs, v.errs...)
	}
	return errors.Join(errs...)
}

func printValidationsJSON(w io.Writer, results []validation) error {
	if err := printJSON(w, results); err != nil {
		return err
	}
	if slices.ContainsFunc(results, func(v validation) bool { return !v.OK }) {
		return errReported
	}
	return nil
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
