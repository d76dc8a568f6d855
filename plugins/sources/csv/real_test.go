package csv

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// Every row of real files becomes a record whose text is the row's.
func TestRealFiles(t *testing.T) {
	for name, first := range map[string]string{
		"timeseries.csv":                         `timeseries.csv:2@16 2021-01-01T00:00:00Z {timestamp: "2021-01-01 00:00:00", value: 51}`,
		"nyc_taxi.csv":                           `nyc_taxi.csv:2@16 2014-07-01T00:00:00Z {timestamp: "2014-07-01 00:00:00", value: 10844}`,
		"ambient_temperature_system_failure.csv": `ambient_temperature_system_failure.csv:2@16 2013-07-04T00:00:00Z {timestamp: "2013-07-04 00:00:00", value: 69.88083514}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("..", "..", "..", "..", "shared", "data", name)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Skip(err)
			}
			lines := bufio.NewScanner(bytes.NewReader(data))
			lines.Scan()
			s, err := open(t.Context(), testEnv(), options(func(o *Options) { o.Path = []string{path} }))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			n := 0
			var b pipeline.Batch
			for err = s.Read(t.Context(), &b); err == nil; err = s.Read(t.Context(), &b) {
				for i := range b.Records {
					r := &b.Records[i]
					if n++; n == 1 && show(r) != first {
						t.Errorf("the first record is\n%s\nwant\n%s", show(r), first)
					}
					v, _ := r.Get("value").Text()
					if !lines.Scan() || r.Failure != nil || lines.Text() != string(r.Raw) || r.Time.Format("2006-01-02 15:04:05")+","+v != string(r.Raw) {
						t.Fatalf("line %d, %q, has become %s", n+1, lines.Text(), show(r))
					}
				}
				b.Reset()
			}
			if err != io.EOF || lines.Scan() {
				t.Errorf("%v after %d records; the next line is %q", err, n, lines.Text())
			}
		})
	}
}
