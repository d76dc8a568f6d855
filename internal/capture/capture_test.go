package capture

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pipeline-daemon/pipeline"
)

// stored is what comes back of a record.
type stored struct {
	Origin     pipeline.Origin
	Time       time.Time
	Key, Value []byte
	Headers    []pipeline.Header
}

// fileOf returns a capture of batches.
func fileOf(batches ...[]pipeline.Record) []byte {
	w, file := NewWriter(), AppendHeader(nil)
	for _, b := range batches {
		file = w.AppendFrame(file, b)
	}
	return file
}

// read returns all that can be read of a file, and why there is no more.
func read(file []byte) (all []stored, err error) {
	r := bytes.NewReader(file)
	s, err := NewScanner(r, int64(len(file)))
	if err != nil {
		return nil, err
	}
	reader := NewReader()
	var b pipeline.Batch
	for {
		f, err := s.Next()
		if err != nil {
			return all, err
		}
		body, err := reader.Body(r, f)
		if err != nil {
			return all, err
		}
		for body.Left() > 0 {
			b.Reset()
			r, err := body.Next(&b)
			if err != nil {
				return all, err
			}
			headers := append([]pipeline.Header(nil), r.Headers...)
			all = append(all, stored{r.Origin, r.Time, r.Key, r.Raw, headers})
		}
	}
}

func records() []pipeline.Record {
	at := time.Date(2026, 3, 2, 8, 0, 0, 123_456_789, time.UTC)
	return []pipeline.Record{
		{Origin: pipeline.Origin{Source: "t", Partition: 3, Offset: 1 << 40}, Time: at, Key: []byte("k"), Encoded: []byte("v")},
		{Origin: pipeline.Origin{Source: "t", Offset: 7}, Time: at.Add(-time.Hour), Key: []byte{}, Encoded: []byte{}},
		{Failure: &pipeline.Failure{}},
		{Origin: pipeline.Origin{Source: "u", Partition: -5, Offset: -1}},
		{Origin: pipeline.Origin{Source: "u.csv", Line: 12}, Time: time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), Key: []byte{0, 255},
			Headers: []pipeline.Header{{Key: "h", Value: []byte{1}}, {Key: "null"}, {Key: "empty", Value: []byte{}}, {Key: "h", Value: []byte("twice")}, {}}},
	}
}

func wanted(records []pipeline.Record) (all []stored) {
	for _, r := range records {
		if r.Failure == nil {
			all = append(all, stored{r.Origin, r.Time, r.Key, r.Encoded, r.Headers})
		}
	}
	return all
}

func TestThereAndBack(t *testing.T) {
	got, err := read(fileOf(records(), nil, records()[2:3], records()))
	if diff := cmp.Diff(append(wanted(records()), wanted(records())...), got); diff != "" || err != io.EOF {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, err = read(fileOf()); len(got) > 0 || err != io.EOF {
		t.Error("a capture of nothing:", got, err)
	}
}

func genBytes(name string) *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		if rapid.Bool().Draw(t, name+" is null") {
			return nil
		}
		return rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, name)
	})
}

var genRecord = rapid.Custom(func(t *rapid.T) pipeline.Record {
	r := pipeline.Record{Key: genBytes("key").Draw(t, "key"), Encoded: genBytes("value").Draw(t, "value"),
		Origin: pipeline.Origin{Source: rapid.SampledFrom([]string{"", "t", "u"}).Draw(t, "source"), Partition: rapid.Int32().Draw(t, "partition"),
			Offset: rapid.Int64().Draw(t, "offset"), Line: rapid.Int64Min(0).Draw(t, "line")}}
	if rapid.Bool().Draw(t, "timed") {
		r.Time = time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), rapid.Int64Range(1, 999_999_999).Draw(t, "nanos")).UTC()
	}
	for range rapid.IntRange(0, 3).Draw(t, "headers") {
		r.Headers = append(r.Headers, pipeline.Header{Key: rapid.String().Draw(t, "name"), Value: genBytes("header").Draw(t, "header")})
	}
	return r
})

// What is written comes back; of a file that is cut anywhere, all whole frames.
func TestThereAndBackProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batches := rapid.SliceOfN(rapid.SliceOfN(genRecord, 1, 5), 0, 4).Draw(t, "batches")
		w, file := NewWriter(), AppendHeader(nil)
		var all []pipeline.Record
		whole := []int{len(file)} // where frames end
		for _, b := range batches {
			file = w.AppendFrame(file, b)
			whole, all = append(whole, len(file)), append(all, b...)
		}
		got, err := read(file)
		if diff := cmp.Diff(wanted(all), got); diff != "" || err != io.EOF {
			t.Fatalf("%v\n%s", err, diff)
		}
		cut := rapid.IntRange(0, len(file)).Draw(t, "cut")
		n, ends := 0, false
		for i, at := range whole {
			if i > 0 && at <= cut {
				n += len(batches[i-1])
			}
			ends = ends || at == cut
		}
		got, err = read(file[:cut])
		if diff := cmp.Diff(wanted(all)[:n], got, cmp.Transformer("", func(s []stored) int { return len(s) })); diff != "" {
			t.Fatal(diff)
		}
		if ends && err != io.EOF || !ends && err != ErrCut {
			t.Fatalf("cut at %d of %d, where frames end at %v: %v", cut, len(file), whole, err)
		}
	})
}

// Any byte that changes is noticed, and all before its frame is read.
func TestDamage(t *testing.T) {
	first := fileOf(records())
	file := fileOf(records(), records(), records())
	for at := range file {
		damaged := bytes.Clone(file)
		damaged[at] ^= 0x10
		got, err := read(damaged)
		n := len(got)
		switch {
		case err == io.EOF || err == ErrCut && at >= len(AppendHeader(nil)):
			t.Fatalf("byte %d: the damage is not noticed: %v", at, err)
		case at >= len(first) && n < 4 || at < len(first) && n > 0:
			t.Fatalf("byte %d: %d records are read", at, n)
		}
	}
}

// The room that a system makes for what it then doesn't write is zeros.
func TestZerosAtTheEnd(t *testing.T) {
	for _, zeros := range []int{1, frameHeader, 200_000} {
		if got, err := read(append(fileOf(records()), make([]byte, zeros)...)); len(got) != 4 || err != ErrCut {
			t.Errorf("%d zeros: %d records, %v", zeros, len(got), err)
		}
	}
}

func TestNoCapture(t *testing.T) {
	for text, want := range map[string]string{
		"a,b\n1,2\n":           "is not a capture",
		"pipeline-capture {\n": "is not a capture",
		"pipeline-capture " + strings.Repeat("x", 2000):              "is not a capture",
		`pipeline-capture {"version":2,"compression":"zstd"}` + "\n": `is a capture of version 2 with compression "zstd"; this program reads version 1 with "zstd"`,
		"pipeline-cap": ErrCut.Error(),
	} {
		if _, err := read([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

func TestTooLarge(t *testing.T) {
	w := NewWriter()
	w.maxRecord = 50
	all := records()
	all[1].Encoded = make([]byte, 51)
	got, err := read(w.AppendFrame(AppendHeader(nil), all))
	if diff := cmp.Diff(wanted(all), got); diff != "" || err != io.EOF {
		t.Errorf("%v\n%s", err, diff)
	}
	if f := all[1].Failure; f == nil || !pipeline.IsPermanent(f.Err) || !strings.Contains(f.Err.Error(), "larger than a capture takes, which is 50") {
		t.Errorf("failure %v", f)
	}
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errors.New("broken") }

func TestDiskFails(t *testing.T) {
	if _, err := NewScanner(broken{}, 100); err == nil || err.Error() != "broken" {
		t.Error(err)
	}
	s := &Scanner{r: broken{}, size: 100}
	if _, err := s.Next(); err == nil || err.Error() != "broken" {
		t.Error(err)
	}
	if _, err := NewReader().Body(broken{}, Frame{Length: 3}); err == nil || err.Error() != "broken" {
		t.Error(err)
	}
}

// FuzzRead reads anything as a file.
func FuzzRead(f *testing.F) {
	f.Add(fileOf(records(), records()))
	f.Add(AppendHeader(nil))
	f.Add([]byte("pipeline-cap"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := read(file); err == nil {
			t.Error("reading has no end")
		}
	})
}

// FuzzBody reads anything as the records of a frame; those that are read are
// written, and read again.
func FuzzBody(f *testing.F) {
	w := NewWriter()
	w.AppendFrame(nil, records())
	f.Add(w.body, 4)
	f.Add([]byte{6, 0, 0, 0, 0, 0, 0}, 1)
	f.Fuzz(func(t *testing.T, data []byte, left int) {
		body := &Body{rest: data, left: min(max(left, 0), 100)}
		var b pipeline.Batch
		for body.Left() > 0 {
			if _, err := body.Next(&b); err != nil {
				break
			}
		}
		for i := range b.Records {
			b.Records[i].Encoded = b.Records[i].Raw
		}
		got, err := read(fileOf(b.Records))
		if diff := cmp.Diff(wanted(b.Records), got, cmp.Transformer("", func(h []pipeline.Header) []pipeline.Header {
			return append([]pipeline.Header{}, h...)
		})); diff != "" || err != io.EOF {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	w, batch := NewWriter(), readings()
	var dst []byte
	for b.Loop() {
		dst = w.AppendFrame(dst[:0], batch)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batch)), "ns/record")
	b.ReportMetric(float64(len(dst))/float64(len(batch)), "bytes/record")
}

func BenchmarkRead(b *testing.B) {
	file := fileOf(readings())
	r := bytes.NewReader(file)
	s, err := NewScanner(r, int64(len(file)))
	if err != nil {
		b.Fatal(err)
	}
	frame, err := s.Next()
	if err != nil {
		b.Fatal(err)
	}
	reader, batch := NewReader(), new(pipeline.Batch)
	for b.Loop() {
		body, err := reader.Body(r, frame)
		for batch.Reset(); body.Left() > 0 && err == nil; {
			_, err = body.Next(batch)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(frame.Records), "ns/record")
}

func readings() (rs []pipeline.Record) {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for i := range 1024 {
		at = at.Add(time.Duration(i%7) * time.Millisecond)
		rs = append(rs, pipeline.Record{Origin: pipeline.Origin{Source: "my-stream", Offset: int64(i)}, Time: at, Key: []byte("boiler"),
			Encoded: []byte(`{"timestamp":"` + at.Format(time.DateTime) + `","sensor":"boiler","value":51.0,"status":"ok"}`)})
	}
	return rs
}
