package textfile

import (
	"context"
	"fmt"
	"slices"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// Reread implements pipeline.Rereader: the rows of a file are written as its
// first ones say.
func (s *Source) Reread(ctx context.Context, o pipeline.Origin, row []byte, b *pipeline.Batch) error {
	rows, err := s.rowsOf(ctx, o.Source)
	if err != nil {
		return err
	}
	n := len(b.Records)
	t := &Text{Offset: o.Offset, Line: o.Line, block: row, ended: true}
	rows.Fill(t, b, o)
	if len(b.Records) == n {
		return fmt.Errorf("what is kept of it is no row of %s", o.Source)
	}
	b.Records = b.Records[:n+1]
	b.Records[n].Origin = o
	return nil
}

// rowsOf learns from the first rows of a file how its rows are written.
func (s *Source) rowsOf(ctx context.Context, name string) (Rows, error) {
	if rows := s.reread[name]; rows != nil {
		return rows, nil
	}
	i := slices.IndexFunc(s.files, func(f *file) bool { return f.name == name })
	switch {
	case name == Stdin:
		return nil, fmt.Errorf("it came from standard input, whose header is gone")
	case i < 0:
		return nil, fmt.Errorf("it is of %s, which the pipeline does not read", name)
	}
	in, err := openInput(ctx, s.files[i].path, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.close() }() // it was only read
	h, err := in.head(ctx, s.config.MaxRow)
	if err != nil {
		return nil, err
	}
	rows, err := s.files[i].format.Begin(ctx, h)
	if err != nil {
		return nil, err
	}
	if s.reread == nil {
		s.reread = map[string]Rows{}
	}
	s.reread[name] = rows
	return rows, nil
}
