package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"
)

func newSchema(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "schema",
		Example: `pipeline schema infer data/readings.csv > schemas/readings.avsc
pipeline schema pipeline > pipeline.schema.json`,
		Short: "Write schemas",
		Args:  noSuchCommand,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSchemaInfer(g), newSchemaPipeline())
	return c
}

// inferOptions are the argument and the flags of schema infer.
type inferOptions struct {
	csv  string
	rows int
	name string
	set  []string
}

func newSchemaInfer(g *globals) *cobra.Command {
	var o inferOptions
	c := &cobra.Command{
		Use: "infer CSV",
		Example: `pipeline schema infer data/readings.csv > schemas/readings.avsc
pipeline schema infer export.csv --set 'source.csv.delimiter=;' --name Order`,
		Short: "Write an Avro schema for the rows of a CSV",
		Long: `Writes an Avro schema for the rows of a CSV, for the codec avro. The types are
those that the csv source finds in the first rows. A column that has empty cells
there may be null; times stay text, as they do in JSON. - is standard input.

Avro's names have letters, digits and _ only. Where a column's doesn't, the
transform that makes the schema fit is shown.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("%s wants a CSV, as in\n  pipeline schema infer data/readings.csv", c.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: completeCSV,
		RunE: g.withConsole(func(c *cobra.Command, args []string, console *console) error {
			o.csv = args[0]
			return o.infer(c.Context(), console, c.OutOrStdout())
		}),
	}
	f := c.Flags()
	f.IntVar(&o.rows, "rows", 1000, "look at the first `N` rows")
	f.StringVar(&o.name, "name", "", "call the record `NAME` (default after the file)")
	f.StringArrayVar(&o.set, "set", nil, "set an option with `PATH=VALUE`, as in source.csv.delimiter=;; may be repeated")
	return c
}

func (o *inferOptions) infer(ctx context.Context, c *console, w io.Writer) error {
	plan, err := o.plan()
	switch {
	case o.name == "":
		file, _, _ := strings.Cut(filepath.Base(o.csv), ".")
		o.name = avroName(file)
	case o.name != avroName(o.name):
		err = errors.Join(fmt.Errorf("--name wants letters, digits and _, not %q", o.name), err)
	}
	if err != nil {
		return err
	}
	env := pipeline.Env{Log: c.log, Pipeline: "schema infer", Stdin: os.Stdin, Stdout: io.Discard, Say: plan.SaySetting}
	columns, err := readColumns(ctx, plan.Source, env, o.rows)
	if err != nil {
		return failure{c.tell(err)}
	}
	renamed := nameColumns(columns)
	if _, err := w.Write(avroSchema(o.name, columns)); err != nil {
		return failure{err}
	}
	if len(renamed) > 0 && !(len(columns) == 1 && strings.ContainsAny(columns[0].title, ",;|\t")) { // the source asks for the delimiter
		c.log.Warn("Avro can't have the names of some columns; rename them in the pipeline", "transforms", "[rename: {"+strings.Join(renamed, ", ")+"}]")
	}
	return nil
}

// plan returns a plan with the csv source.
func (o *inferOptions) plan() (*config.Plan, error) {
	d := newDraft("infer")
	d.say = saySet
	d.set("CSV", textNode(o.csv), "source", "csv", "path")
	rows := &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.Itoa(o.rows)}
	d.set(fmt.Sprintf("--rows %d", o.rows), rows, "source", "csv", "infer_rows")
	d.set("", textNode("print"), "sink")
	d.override("--set", "PATH=VALUE, such as source.csv.delimiter=;", o.set)
	plan, _, err := d.plan()
	return plan, err
}

// column is a field of the records that were looked at.
type column struct {
	name   string // in Avro
	title  string // in the CSV
	kind   pipeline.Kind
	isNull bool // somewhere
}

// readColumns returns the fields of the first records of a source.
func readColumns(ctx context.Context, bound *pipeline.Bound[pipeline.Source], env pipeline.Env, rows int) (columns []column, err error) {
	source, err := bound.Open(ctx, env)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	places := map[string]int{}
	var bad error
	for read := 0; read < rows; {
		batch := pipeline.NewBatch(rows-read, 0)
		if err := source.Read(ctx, batch); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		read += len(batch.Records)
		for _, r := range batch.Records {
			if r.Failure != nil {
				bad = cmp.Or(bad, fmt.Errorf("no row can be read; the first: %v: %w", r.Origin, r.Failure.Err))
				continue
			}
			columns = observe(columns, places, r.Value.Fields())
		}
	}
	if len(columns) == 0 {
		return nil, cmp.Or(bad, errors.New("there is no row to find types in"))
	}
	return columns, nil
}

// observe notes what a record has.
func observe(columns []column, places map[string]int, fields []pipeline.Field) []column {
	for _, f := range fields {
		i, known := places[f.Name]
		if !known {
			i, places[f.Name] = len(columns), len(columns)
			columns = append(columns, column{title: f.Name})
		}
		if c := &columns[i]; f.Value.IsNull() {
			c.isNull = true
		} else {
			c.kind = f.Value.Kind()
		}
	}
	return columns
}
