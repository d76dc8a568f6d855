package file

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
	"unsafe"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
)

// eventTime says where records have their event time. How it is written is
// found in the first file that has lines, and holds for those after it.
type eventTime struct {
	field   fields.Ref // without a name: nowhere
	parser  *timestamp.Parser
	loc     *time.Location
	scratch []byte
}

func newEventTime(o *Options) (e eventTime, err error) {
	e.field.Name = o.Timestamp
	if e.loc, err = time.LoadLocation(o.Timezone); err == nil && o.TimeFormat != "" {
		e.parser, err = timestamp.New(o.TimeFormat, e.loc)
	}
	return e, err
}

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
	detect := f.event.field.Name != "" && f.event.parser == nil
	wanted := 0
	if detect {
		wanted = headLines
	} else if f.options.Follow {
		wanted = 1
	}
	times, err := f.look(ctx, h, wanted)
	if err == nil && detect && len(times) > 0 {
		if f.event.parser, err = timestamp.Find(times, f.event.loc, "time_format"); err != nil {
			err = fmt.Errorf("%s: field %q: %w", h.Name, f.event.field.Name, err)
		}
	}
	return f, err
}

// look returns the event times, as they are written, of the first lines that
// can be read.
func (f *format) look(ctx context.Context, h *textfile.Head, wanted int) ([]string, error) {
	b := pipeline.NewBatch(1, 0)
	scan := func() textfile.State {
		b.Reset()
		return f.Fill(h.Text, b, pipeline.Origin{})
	}
	var times []string
	var deadline time.Time
	for n := range wanted {
		patience := time.Duration(0)
		if n > 0 {
			patience = max(time.Until(deadline), 1)
		}
		st, err := h.Next(ctx, scan, patience)
		if err == textfile.ErrHeadEnds || err == textfile.ErrPatience || st == textfile.Finished {
			return times, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Identify(); n == 0 {
			deadline = time.Now().Add(headPatience)
		}
		if text, err := f.event.text(&b.Records[0]); err == nil {
			times = append(times, string(text))
		}
	}
	return times, nil
}

var errNoFormat = errors.New("how its times are written could not be found out, since none of the first lines could be read; say it with time_format")

// set sets a record's event time.
func (e *eventTime) set(r *pipeline.Record) error {
	text, err := e.text(r)
	if err != nil {
		return err
	}
	if e.parser == nil {
		return fmt.Errorf("field %q: %w", e.field.Name, errNoFormat)
	}
	ns, err := e.parser.Parse(unsafe.String(unsafe.SliceData(text), len(text)))
	if err != nil {
		return fmt.Errorf("field %q: %w", e.field.Name, err)
	}
	r.Time = time.Unix(0, ns).UTC()
	return nil
}

// text returns the event time as it is written. It is good until the next
// call.
func (e *eventTime) text(r *pipeline.Record) ([]byte, error) {
	fs, err := fields.Of(r)
	if err != nil {
		return nil, err
	}
	i, err := e.field.Find(fs)
	if err != nil {
		return nil, err
	}
	switch v := fs[i].Value; v.Kind() {
	case pipeline.KindString:
		s := v.Str()
		return unsafe.Slice(unsafe.StringData(s), len(s)), nil
	case pipeline.KindInt:
		e.scratch = strconv.AppendInt(e.scratch[:0], v.Int(), 10)
	case pipeline.KindFloat:
		e.scratch = appendNumber(e.scratch[:0], v.Float())
	default:
		return nil, fmt.Errorf("field %q, the event time, is of type %v", e.field.Name, v.Kind())
	}
	return e.scratch, nil
}

// appendNumber appends a number without an exponent, nor a fraction if it is
// whole: 1.7e9 is 1700000000.
func appendNumber(dst []byte, f float64) []byte {
	if math.Abs(f) >= 1<<63 {
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}
