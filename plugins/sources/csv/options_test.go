package csv

import (
	"strings"
	"testing"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

// bind reads the options of the source from YAML, as a pipeline's are.
func bind(t *testing.T, text string) (*Options, error) {
	t.Helper()
	bound, err := pipeline.BindSource(plugintest.Node(t, text))
	if err != nil {
		return nil, err
	}
	return bound.Options.(*Options), nil
}

func TestOptions(t *testing.T) {
	o, err := bind(t, `csv: {path: "a.csv", delimiter: "\t", types: {value: float, id: string}, null_values: [NA], max_row: 2MiB}`)
	if err != nil {
		t.Fatal(err)
	}
	if o.Path[0] != "a.csv" || o.Delimiter != "\t" || o.Types[0].Value != float || o.Types[1].Value != str || o.NullValues[0] != "NA" || o.MaxRow != 2<<20 || o.InferRows != 1000 || !o.Header {
		t.Errorf("got %+v", o)
	}
	for _, tab := range []string{"tab", `'\t'`, `"\t"`} { // the second is what --set 'source.csv.delimiter=\t' says
		if o, err := bind(t, `csv: {path: a.csv, delimiter: `+tab+`}`); err != nil || o.dialect().delimiter != '\t' {
			t.Errorf("delimiter: %s: %+v, %v", tab, o, err)
		}
	}
	if o, err := bind(t, `csv: {path: [a.csv, "b*.csv"]}`); err != nil || len(o.Path) != 2 {
		t.Errorf("a list of files: %+v, %v", o, err)
	}
}

func TestFileOptions(t *testing.T) {
	o, err := bind(t, `csv: {merge: true, timestamp: [Date, Time], decimal: ",", delimiter: ";", dst: later, types: {v: float, w: int}, files: [{path: a.csv, timestamp: t, format: unix, types: {v: string}, key: k, topic: x}, {path: [b.csv, c.csv]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	first, second := o.of(o.FileList[0]), o.of(o.FileList[1])
	if !o.Merge || first.Timestamp[0] != "t" || first.Format != "unix" || len(first.Types) != 2 || first.Types[0].Value != str || first.Types[1].Value != integer {
		t.Errorf("the first: %+v", first)
	}
	if len(second.Timestamp) != 2 || second.Format != "" || len(second.Types) != 2 || second.Types[0].Value != float || second.Path[1] != "c.csv" {
		t.Errorf("the second: %+v", second)
	}
	if names, always := o.Topics(); len(names) != 1 || names[0] != "x" || always {
		t.Errorf("topics %v, %v", names, always)
	}
	if reads := o.Files().Reads; len(reads) != 3 {
		t.Errorf("reads %v", reads)
	}
	if o, err = bind(t, `csv: {files: [{path: a.csv, topic: x}]}`); err != nil {
		t.Fatal(err)
	}
	if names, always := o.Topics(); len(names) != 1 || !always {
		t.Errorf("each names a topic: %v, %v", names, always)
	}
}

func TestBadOptions(t *testing.T) {
	for text, says := range map[string]string{
		`csv: {}`:                                                   `t.yaml:1:6: path: names no file`,
		`csv: {path: ""}`:                                           `t.yaml:1:7: path: an empty name is no file`,
		`csv: {path: a, delimiter: ";;"}`:                           `t.yaml:1:16: delimiter: wants one ASCII character, or tab, not ";;"`,
		`csv: {path: a, delimiter: "\""}`:                           `delimiter: wants one ASCII`,
		`csv: {path: a, delimiter: "·"}`:                            `delimiter: wants one ASCII`,
		`csv: {path: a, comment: ",x"}`:                             `t.yaml:1:16: comment: a row could begin with ",x" too`,
		`csv: {path: a, header: false}`:                             `t.yaml:1:16: header: without a header the columns must be named: columns: [timestamp, value]`,
		`csv: {path: a, columns: [b]}`:                              `t.yaml:1:16: columns: names columns that the header names; say header: false if the file has none`,
		`csv: {path: a, header: false, columns: [b,b]}`:             `columns: every column needs a name of its own, unlike "b"`,
		`csv: {path: a, header: false, columns: [b], timestamp: c}`: `t.yaml:1:45: timestamp: columns doesn't name "c"`,
		`csv: {path: a, format: "%Y"}`:                              `t.yaml:1:16: format: format "%Y" lacks %m`,
		`csv: {path: a, timezone: Berlin}`:                          `t.yaml:1:16: timezone: wants an IANA name such as UTC or Europe/Berlin, not "Berlin"`,
		`csv: {path: a, files: [{path: b}]}`:                        `t.yaml:1:7: path: files are named by path or by files, not by both`,
		`csv: {files: [{path: b}], follow: true}`:                   `t.yaml:1:27: follow: follows one file, which path names`,
		`csv: {files: [{topic: b}]}`:                                `t.yaml:1:15: path: names no file`,
		`csv: {files: [{path: b, format: "%Y"}]}`:                   `t.yaml:1:25: format: format "%Y" lacks %m`,
		`csv: {path: a, merge: true, follow: true}`:                 `t.yaml:1:16: merge: a file that is followed has no end to be merged to`,
		`csv: {path: a, decimal: ","}`:                              `t.yaml:1:16: decimal: "," is between the fields already; set delimiter too, such as delimiter: ";"`,
		`csv: {path: a, decimal: x}`:                                `t.yaml:1:16: decimal: wants "." or ",", not "x"`,
		`csv: {path: a, dst: both}`:                                 `t.yaml:1:21: wants earlier, later or reject, not "both"`,
		`csv: {path: a, infer_rows: 0}`:                             `t.yaml:1:16: infer_rows: wants at least 1, not 0`,
		`csv: {path: a, max_row: 2GiB}`:                             `t.yaml:1:16: max_row: wants between 1 byte and 1GiB, not 2GiB`,
		`csv: {path: a, types: {b: decimal}}`:                       `t.yaml:1:27: wants a type, int, float, bool or string, not "decimal"`,
	} {
		if _, err := bind(t, text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s gives\n%v\nwant\n%s", text, err, says)
		}
	}
}
