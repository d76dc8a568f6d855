package exec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// handler is one program, which is started anew when it has ended.
type handler struct {
	Options
	log     *slog.Logger
	program *program // nil: it is to be started
	wait    *backoff.ExponentialBackOff
	starts  int   // in a row, without an answer
	idle    int   // ends in a row before it was given anything
	proven  bool  // it has answered once, or lived without a record to handle
	broken  error // it is not started again: it never gets as far as reading

	nextID  int64 // of the next record; they are never used again
	decoder jsonvalue.Decoder
	odd     int // lines that are no answers

	// Of the records that are with the program.
	lines   []byte
	spans   [][2]int // each one's line; empty: it has none
	answers []answer
	first   int64 // its id
	left    int   // how many are not answered

	gaveBack bool // some of them were not handled
}

// answer is what the program has said of a record.
type answer struct {
	done  bool
	value pipeline.Value // its line
	err   error          // what is wrong with it
}

var _ pipeline.Handler = (*handler)(nil)

func open(_ context.Context, env pipeline.Env, o Options) (pipeline.Handler, error) {
	h := &handler{Options: o, log: env.Log, wait: backoff.NewExponentialBackOff()}
	h.wait.InitialInterval, h.wait.MaxInterval = 100*time.Millisecond, 10*time.Second
	h.wait.Reset()
	var err error
	h.program, err = h.start()
	return h, err
}

// Handle implements pipeline.Handler. Once some records are handled, no error
// concerns all of them.
func (h *handler) Handle(ctx context.Context, b *pipeline.Batch, out *pipeline.Results) error {
	for from := 0; from < len(b.Records); from += h.Batch {
		to := min(from+h.Batch, len(b.Records))
		err := h.handle(ctx, b, from, to, out)
		switch {
		case err != nil && from == 0:
			return err
		case err != nil:
			failAll(b.Records[from:], err)
			return nil
		case h.gaveBack:
			failAll(b.Records[to:], pipeline.ErrUntried)
			return nil
		}
	}
	return nil
}

func failAll(records []pipeline.Record, err error) {
	for i := range records {
		records[i].Fail(err)
	}
}

// handle gives the program some records and waits for all the answers. A record
// at which it ends twice has failed.
func (h *handler) handle(ctx context.Context, b *pipeline.Batch, from, to int, out *pipeline.Results) error {
	records := b.Records[from:to]
	h.encode(records)
	suspect := -1
	for h.left > 0 {
		if err := h.ensure(ctx); err != nil {
			return err
		}
		err := h.converse(ctx)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			h.end()
			h.tellStopped(ctx, len(records)-h.left)
			return ctx.Err()
		default:
			h.end()
			h.log.Warn("the program is started again", "error", err, "unanswered", h.left)
			at := h.firstLeft()
			if at == suspect || len(records) == 1 || errors.Is(err, errTimeout) {
				records[at].Fail(err)
				h.settle(at)
				h.leave(records)
				continue
			}
			suspect = at
		}
	}
	for i := range records {
		switch r, a := &records[i], &h.answers[i]; {
		case r.Failure != nil:
		case a.err != nil:
			r.Fail(pipeline.Permanent(a.err))
		default:
			out.For(from + i)
			h.apply(r, a.value, out)
		}
	}
	return nil
}

// tellStopped says why the program is killed once ctx is done.
func (h *handler) tellStopped(ctx context.Context, answered int) {
	text := "the program is killed before it has answered; its records will be read again"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		text = "the program is killed: it has not answered within the timeout of errors"
	}
	h.log.Warn(text, "unanswered", h.left, "answered", answered)
}

// encode makes the records' lines.
func (h *handler) encode(records []pipeline.Record) {
	h.lines, h.spans, h.answers = h.lines[:0], h.spans[:0], h.answers[:0]
	h.first, h.left, h.gaveBack = h.nextID, len(records), false
	h.nextID += int64(len(records))
	for i := range records {
		h.answers = append(h.answers, answer{})
		from := len(h.lines)
		lines, err := appendRecord(h.lines, h.first+int64(i), &records[i])
		if err != nil {
			records[i].Fail(pipeline.Permanent(err))
			h.spans = append(h.spans, [2]int{from, from})
			h.settle(i)
			continue
		}
		h.lines = lines
		h.spans = append(h.spans, [2]int{from, len(lines)})
	}
}

func (h *handler) settle(i int) {
	if !h.answers[i].done {
		h.answers[i].done = true
		h.left--
	}
}

// leave gives the records back that are not answered: whether they are to be
// handled at all, after one that has failed, is the pipeline's to say.
func (h *handler) leave(records []pipeline.Record) {
	h.gaveBack = true
	for i := range records {
		if !h.answers[i].done {
			records[i].Fail(pipeline.ErrUntried)
			h.settle(i)
		}
	}
}

func (h *handler) firstLeft() int {
	for i := range h.answers {
		if !h.answers[i].done {
			return i
		}
	}
	return -1
}

// ensure starts the program if it has ended, after a while if it does so again
// and again.
func (h *handler) ensure(ctx context.Context) error {
	switch {
	case h.broken != nil:
		return h.broken
	case h.program != nil:
		return nil
	}
	if h.starts++; h.starts > 1 {
		timer := time.NewTimer(h.wait.NextBackOff())
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p, err := h.start()
	if err != nil {
		return err
	}
	h.program = p
	if h.proven {
		return nil
	}
	return h.prove(ctx)
}

const (
	// probation is how long a program that has ended, and has never answered, is
	// looked at before it is given records again.
	probation = 3 * time.Second
	// idleEnds is how often it may then end.
	idleEnds = 2
)

// prove sees whether the program gets as far as reading. If it ends while it
// has been given nothing, again and again, no record is to be blamed.
func (h *handler) prove(ctx context.Context) error {
	timer := time.NewTimer(probation)
	defer timer.Stop()
	select {
	case <-timer.C:
		h.proven = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-h.program.exited:
	}
	p := h.program
	h.end()
	if h.idle++; h.idle < idleEnds {
		h.log.Warn("the program is started again", "error", p.ended())
		return h.ensure(ctx)
	}
	said := p.log.tail()
	if said != "" {
		said = "; it said:\n" + said
	}
	h.broken = pipeline.Fatal(fmt.Errorf("%s; it has been started %d times, and ends before it is given a record: try it in a shell: %s%s",
		p.how(), h.starts+1, strings.Join(h.Command, " "), said))
	return h.broken
}

// end ends the program, if it has not done so itself.
func (h *handler) end() {
	h.program.kill()
	h.program = nil
}

// startUp is how much longer than the timeout the first answer may take, of a
// program that has to load what it needs.
const startUp = 5 * time.Second

var errTimeout = errors.New("the program gives no answer in time")

// converse sends what is not answered and reads the answers.
func (h *handler) converse(ctx context.Context) error {
	p := h.program
	p.work <- h.unanswered() // it is idle
	var timer *time.Timer
	var late <-chan time.Time
	if h.Timeout > 0 {
		patience := h.Timeout
		if !p.answers {
			patience += startUp
		}
		timer = time.NewTimer(patience)
		defer timer.Stop()
		late = timer.C
	}
	for h.left > 0 {
		select {
		case lines, ok := <-p.lines:
			if !ok {
				p.kill()
				return p.ended()
			}
			before := h.left
			h.read(lines)
			if h.left < before {
				h.starts, h.proven, p.answers = 0, true, true
				h.wait.Reset()
				if timer != nil {
					timer.Reset(h.Timeout)
				}
			}
		case <-late:
			return fmt.Errorf("%w (%v)", errTimeout, h.Timeout)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	select {
	case <-p.idle:
		return nil
	case <-p.exited:
		return p.ended()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// unanswered returns the lines of the records that are not answered.
func (h *handler) unanswered() []byte {
	if h.left == len(h.answers) {
		return h.lines
	}
	var lines []byte
	for i, a := range h.answers {
		if !a.done {
			lines = append(lines, h.lines[h.spans[i][0]:h.spans[i][1]]...)
		}
	}
	return lines
}

// read takes in lines that the program has written.
func (h *handler) read(lines []byte) {
	for len(lines) > 0 {
		line, rest, _ := bytes.Cut(lines, []byte{'\n'})
		lines = rest
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := h.take(line); err != nil {
			h.tellOdd(line, err)
		}
	}
}

// loggedOdd bounds the log lines about what is no answer.
const loggedOdd = 10

func (h *handler) tellOdd(line []byte, err error) {
	if h.odd++; h.odd > loggedOdd {
		return
	}
	const most = 200
	if len(line) > most {
		line = line[:most]
	}
	h.log.Warn("the program writes a line that is no answer; messages belong on standard error", "line", string(line), "error", err)
	if h.odd == loggedOdd {
		h.log.Warn("more lines that are no answers are not logged; a record waits until the program has answered it", "unanswered", h.left)
	}
}

// take takes in an answer.
func (h *handler) take(line []byte) error {
	var v pipeline.Value
	err := h.decoder.Decode(line, &v)
	if err != nil {
		id, ok := idOf(line)
		if !ok {
			return err
		}
		return h.answer(id, answer{err: fmt.Errorf("the program's answer is no JSON: %w", err)})
	}
	id, ok := member(v, "id")
	if !ok || id.Kind() != pipeline.KindInt {
		return errors.New(`it has no "id" that is a number`)
	}
	return h.answer(id.Int(), answer{value: v})
}

var idFirst = regexp.MustCompile(`^\s*\{\s*"id"\s*:\s*(\d+)\s*,`)

// idOf returns the id with which a line begins that is no JSON, such as one
// with a NaN.
func idOf(line []byte) (id int64, ok bool) {
	m := idFirst.FindSubmatch(line)
	if m == nil {
		return 0, false
	}
	id, err := strconv.ParseInt(string(m[1]), 10, 64)
	return id, err == nil
}

// answer notes the answer to the record with an id.
func (h *handler) answer(id int64, a answer) error {
	if id < h.first || id >= h.first+int64(len(h.answers)) {
		return fmt.Errorf("no record with the id %d waits for an answer", id)
	}
	i := int(id - h.first)
	if h.answers[i].done {
		return fmt.Errorf("the record with the id %d is answered already", id)
	}
	h.answers[i].value, h.answers[i].err = a.value, a.err
	h.settle(i)
	return nil
}

// Close implements pipeline.Handler.
func (h *handler) Close() error {
	if h.program != nil {
		h.program.stop(h.Stop)
		h.program = nil
	}
	return nil
}
