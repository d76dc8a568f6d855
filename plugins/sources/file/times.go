package file

import (
	"context"
	"fmt"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
)

const (
	// headLines is how many lines are looked at to find the format of times.
	headLines = 1000
	// headPatience is how long to wait for more lines of a pipe once there is
	// one: whoever writes them slowly wants them to be passed on.
	headPatience = 500 * time.Millisecond
)

// Begin implements textfile.Format. It looks at one line to know a file again
// that is followed, and at many to find out how times are written.
func (f *format) Begin(ctx context.Context, h *textfile.Head) (textfile.Rows, error) {
	detect := f.event != nil && !f.event.Knows()
	wanted := 0
	if detect {
		wanted = headLines
	} else if f.options.Follow {
		wanted = 1
	}
	times, err := f.look(ctx, h, wanted, detect)
	if err == nil && len(times) > 0 {
		if err = f.event.Learn(times); err != nil {
			err = fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	return f, err
}

// look looks at the first lines that can be read, and returns their event
// times, as they are written, if these are asked for.
func (f *format) look(ctx context.Context, h *textfile.Head, wanted int, times bool) (texts []string, err error) {
	b := pipeline.NewBatch(1, 0)
	scan := func() textfile.State {
		b.Reset()
		return f.Fill(h.Text, b, pipeline.Origin{})
	}
	var deadline time.Time
	for n := range wanted {
		patience := time.Duration(0)
		if n > 0 {
			patience = max(time.Until(deadline), 1)
		}
		st, err := h.Next(ctx, scan, patience)
		if err == textfile.ErrHeadEnds || err == textfile.ErrPatience || st == textfile.Finished {
			return texts, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Identify(); n == 0 {
			deadline = time.Now().Add(headPatience)
		}
		if !times {
			continue
		}
		if text, err := f.event.Text(&b.Records[0]); err == nil {
			texts = append(texts, string(text))
		}
	}
	return texts, nil
}
