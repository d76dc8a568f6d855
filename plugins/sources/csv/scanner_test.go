package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// result is a row in a form to compare.
type result struct {
	Cells  []string
	Raw    string
	Line   int64
	Offset int64
	Err    string
}

// scanAll returns the rows that r holds.
func scanAll(t testing.TB, d dialect, r io.Reader) []result {
	t.Helper()
	s := newScanner(d, textfile.NewText(0, 1))
	var got []result
	for {
		switch s.scan() {
		case textfile.Found:
			res := result{Raw: string(s.row.raw), Line: s.row.line, Offset: s.row.offset}
			if s.row.err != nil {
				res.Err = s.row.err.Error()
			}
			for i := range s.row.cells {
				res.Cells = append(res.Cells, strings.Clone(s.row.cell(i)))
			}
			got = append(got, res)
		case textfile.NeedMore:
			n, err := r.Read(s.Room())
			s.Filled(n)
			if err == io.EOF {
				s.End()
			} else if err != nil {
				t.Fatal(err)
			}
		case textfile.Finished:
			return got
		}
	}
}

var comma = dialect{delimiter: ',', maxRow: 1 << 20}

func TestScan(t *testing.T) {
	small := dialect{delimiter: ';', comment: "//", maxRow: 10}
	for _, tc := range []struct {
		name    string
		dialect dialect
		text    string
		want    []result
	}{
		{"nothing", comma, "", nil},
		{"blank lines", comma, "\n\r\n\n\r", nil},
		{"plain", comma, "a,b\nc,\n,", []result{
			{[]string{"a", "b"}, "a,b", 1, 0, ""}, {[]string{"c", ""}, "c,", 2, 4, ""}, {[]string{"", ""}, ",", 3, 7, ""}}},
		{"CRLF", comma, "a,b\r\n\r\nc,d\r\n", []result{
			{[]string{"a", "b"}, "a,b", 1, 0, ""}, {[]string{"c", "d"}, "c,d", 3, 7, ""}}},
		{"half a CRLF at the end", comma, "a,b\r", []result{{[]string{"a", "b"}, "a,b", 1, 0, ""}}},
		{"CR alone is text", comma, "a\rb,c\r\r\n", []result{{[]string{"a\rb", "c\r"}, "a\rb,c\r", 1, 0, ""}}},
		{"comments and another delimiter", small, "// x\na;b,c\n//\n /;/", []result{
			{[]string{"a", "b,c"}, "a;b,c", 2, 5, ""}, {[]string{" /", "/"}, " /;/", 4, 14, ""}}},
		{"quoted", comma, `"a","b,""c""",""` + "\r\nd,\"e\"", []result{
			{[]string{"a", `b,"c"`, ""}, `"a","b,""c""",""`, 1, 0, ""}, {[]string{"d", "e"}, `d,"e"`, 2, 18, ""}}},
		{"line ends in a field", comma, "a,\"b\r\n\n\"\nc,d\n", []result{
			{[]string{"a", "b\r\n\n"}, "a,\"b\r\n\n\"", 1, 0, ""}, {[]string{"c", "d"}, "c,d", 4, 9, ""}}},
		{"quoted, half a CRLF at the end", comma, "\"a\"\r", []result{{[]string{"a"}, `"a"`, 1, 0, ""}}},
		{"unclosed", comma, "a,\"b\nc,d\ne,f", []result{
			{nil, `a,"b`, 1, 0, "field 2: the quote is not closed"},
			{[]string{"c", "d"}, "c,d", 2, 5, ""}, {[]string{"e", "f"}, "e,f", 3, 9, ""}}},
		{"unclosed up to the next quote", comma, "a,\"b\nc,\"d\"\n", []result{
			{nil, `a,"b`, 1, 0, `field 2: text follows the closing quote; a quote inside a quoted field is written twice ("")`},
			{[]string{"c", "d"}, `c,"d"`, 2, 5, ""}}},
		{"bare quote", comma, "a\"b,c\nd,e\n", []result{
			{nil, `a"b,c`, 1, 0, `field 1: a quote stands inside an unquoted field; quote the field and write the quote twice ("")`},
			{[]string{"d", "e"}, "d,e", 2, 6, ""}}},
		{"as long as may be", small, "a;23456789\r\n\"a\n45678;\"\r\n", []result{
			{[]string{"a", "23456789"}, "a;23456789", 1, 0, ""}, {[]string{"a\n45678;"}, "\"a\n45678;\"", 2, 12, ""}}},
		{"too long", small, "a;234567890\nb", []result{
			{nil, "a;234567890", 1, 0, "the row is longer than max_row (10)"}, {[]string{"b"}, "b", 2, 12, ""}}},
		{"too long at the end", small, "a;2345678901", []result{{nil, "a;2345678901", 1, 0, "the row is longer than max_row (10)"}}},
		{"too long, quoted", small, "\"a\n456789;\"\nb", []result{
			{nil, "\"a", 1, 0, "the row is longer than max_row (10)"},
			{nil, "456789;\"", 2, 3, "field 2: the quote is not closed"}, {[]string{"b"}, "b", 3, 12, ""}}},
		{"unclosed and too long", small, "\"a\n4567890\n34567890\n", []result{
			{nil, "\"a", 1, 0, "field 1: the quote is not closed within max_row (10)"},
			{[]string{"4567890"}, "4567890", 2, 3, ""}, {[]string{"34567890"}, "34567890", 3, 11, ""}}},
	} {
		for name, r := range map[string]io.Reader{
			"at once":       strings.NewReader(tc.text),
			"byte by byte":  iotest.OneByteReader(strings.NewReader(tc.text)),
			"EOF with data": iotest.DataErrReader(strings.NewReader(tc.text)),
		} {
			if diff := cmp.Diff(tc.want, scanAll(t, tc.dialect, r)); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", tc.name, name, diff)
			}
		}
	}
}

// A line of 100 MB is one bad row, and never held.
func TestScanLongLine(t *testing.T) {
	r := io.MultiReader(strings.NewReader("a,b\n"), io.LimitReader(repeat("x,x,x,x,"), 100<<20), strings.NewReader("\nc,d\n"))
	s := newScanner(comma, textfile.NewText(0, 1))
	rows, largest := 0, 0
	for st := s.scan(); st != textfile.Finished; st = s.scan() {
		if st == textfile.NeedMore {
			n, err := r.Read(s.Room())
			s.Filled(n)
			if err == io.EOF {
				s.End()
			}
			largest = max(largest, len(s.Rest()))
			continue
		}
		rows++
		if wantLine := int64(rows); s.row.line != wantLine || (s.row.err != nil) != (rows == 2) {
			t.Errorf("row %d: line %d, %v", rows, s.row.line, s.row.err)
		}
		if len(s.row.raw) > longRowKept {
			t.Errorf("row %d: %d bytes are kept", rows, len(s.row.raw))
		}
	}
	if rows != 3 || s.row.offset != 4+100<<20+1 || largest > 4*comma.maxRow {
		t.Errorf("%d rows, the last at %d, a block of %d bytes", rows, s.row.offset, largest)
	}
}

// repeat is text without end.
type repeat string

// Read implements io.Reader.
func (r repeat) Read(p []byte) (int, error) {
	n := copy(p, r)
	for n < len(p) {
		n += copy(p[n:], p[:n])
	}
	return n, nil
}

// Rows that encoding/csv reads are read alike, whatever the size of the reads.
func FuzzScan(f *testing.F) {
	for _, text := range []string{
		"a,b\n1,2\n", "a,\"b\n\"\"c\"\"\"\r\n\r\n#x\nd,e", "\"\r", "a\"b\nc", "\"a\nb\n\"c\"\n", ",\n,\"\"\n", "\"a\"\r\n\"b\r\n\"\r\n", "\r\r\n",
	} {
		f.Add(text, byte(','), "#")
		f.Add(strings.ReplaceAll(text, ",", ";"), byte(';'), "")
	}
	f.Fuzz(func(t *testing.T, text string, delimiter byte, comment string) {
		if delimiter == '"' || delimiter == '\r' || delimiter == '\n' || delimiter >= 0x80 || delimiter == 0 || len(comment) > 1 {
			return
		}
		if comment != "" && (comment[0] == delimiter || comment[0] >= 0x80 || strings.Contains("\"\r\n\x00", comment)) {
			return
		}
		d := dialect{delimiter: delimiter, comment: comment, maxRow: 1 << 20}
		got := scanAll(t, d, strings.NewReader(text))
		if diff := cmp.Diff(got, scanAll(t, d, iotest.OneByteReader(strings.NewReader(text)))); diff != "" {
			t.Fatalf("byte by byte (-at once +byte by byte):\n%s", diff)
		}
		consistent(t, text, got)

		r := stdcsv.NewReader(strings.NewReader(text))
		r.Comma, r.FieldsPerRecord = rune(delimiter), -1
		if comment != "" {
			r.Comment = rune(comment[0])
		}
		for i := 0; ; i++ {
			want, err := r.Read()
			switch {
			case err == io.EOF:
				if i != len(got) {
					t.Errorf("%d rows, want %d", len(got), i)
				}
				return
			case i == len(got):
				t.Fatalf("%d rows; encoding/csv goes on with %q, %v", i, want, err)
			case err != nil:
				// After a mistake the two go on at different places.
				if line := errorLine(err); got[i].Err == "" || got[i].Line != line {
					t.Errorf("row %d: %+v; encoding/csv: %v", i, got[i], err)
				}
				return
			}
			line, _ := r.FieldPos(0)
			if got[i].Err != "" || int64(line) != got[i].Line || !cmp.Equal(want, unixLines(got[i].Cells)) {
				t.Errorf("row %d: %+v; encoding/csv: line %d, %q", i, got[i], line, want)
			}
		}
	})
}

// errorLine returns the line on which the row starts that encoding/csv can't
// read.
func errorLine(err error) int64 {
	var p *stdcsv.ParseError
	if errors.As(err, &p) {
		return int64(p.StartLine)
	}
	return 0
}

// unixLines makes CRLF inside of cells LF, as encoding/csv does.
func unixLines(cells []string) []string {
	var out []string
	for _, c := range cells {
		out = append(out, strings.ReplaceAll(c, "\r\n", "\n"))
	}
	return out
}

// consistent checks that rows lie where they say, in order.
func consistent(t *testing.T, text string, rows []result) {
	end := int64(0)
	for i, r := range rows {
		switch {
		case r.Offset < end || !strings.HasPrefix(text[r.Offset:], r.Raw):
			t.Errorf("row %d is not at %d: %q", i, r.Offset, r.Raw)
		case int64(strings.Count(text[:r.Offset], "\n"))+1 != r.Line:
			t.Errorf("row %d is not on line %d", i, r.Line)
		case r.Offset > 0 && text[r.Offset-1] != '\n':
			t.Errorf("row %d doesn't start after a line end", i)
		}
		end = r.Offset + int64(len(r.Raw))
	}
}

func BenchmarkScan(b *testing.B) {
	plain, quoted := &bytes.Buffer{}, &bytes.Buffer{}
	for i := range 100_000 {
		fmt.Fprintf(plain, "2021-01-01 %02d:%02d:%02d,sensor-%02d,%d.%02d,%d\n", i/3600%24, i/60%60, i%60, i%20, 20+i%7, i%100, i)
		fmt.Fprintf(quoted, "\"2021-01-01 %02d:%02d:%02d\",\"sensor \"\"%02d\"\"\",\"%d.%02d\",%d\n", i/3600%24, i/60%60, i%60, i%20, 20+i%7, i%100, i)
	}
	for name, data := range map[string][]byte{"plain": plain.Bytes(), "quoted": quoted.Bytes()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				r := bytes.NewReader(data)
				s := newScanner(comma, textfile.NewText(0, 1))
				for st := s.scan(); st != textfile.Finished; st = s.scan() {
					if st == textfile.NeedMore {
						n, err := r.Read(s.Room())
						s.Filled(n)
						if err == io.EOF {
							s.End()
						}
					} else if s.row.err != nil {
						b.Fatal(s.row.err)
					}
				}
			}
		})
		b.Run(name+"/encoding-csv", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				r := stdcsv.NewReader(bytes.NewReader(data))
				r.ReuseRecord = true
				for {
					if _, err := r.Read(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
