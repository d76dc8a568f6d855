package csv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEnd(t *testing.T) {
	long := "timestamp,value\n" + strings.Repeat("2021-01-01 00:00:00,1\n", 10_000) + "2021-01-02 00:00:00,2\n"
	for _, tc := range []struct {
		name, file, text string
		want             string // empty: not known
	}{
		{"plain", "a.csv", "timestamp,value\n2021-01-01 00:00:00,1\n2021-01-01 00:00:05,2\n", "2021-01-01T00:00:05Z"},
		{"long", "a.csv", long, "2021-01-02T00:00:00Z"},
		{"without a line end", "a.csv", "timestamp,value\r\n2021-01-01 00:00:00,1\r\n\"2021-01-01 00:00:05\",2", "2021-01-01T00:00:05Z"},
		{"blank lines", "a.csv", "timestamp,value\n2021-01-01 00:00:00,1\n\n\n", "2021-01-01T00:00:00Z"},
		{"cut off", "a.csv", "timestamp,value\n2021-01-01 00:00:00,1\n2021-01", ""},
		{"header only", "a.csv", "timestamp,value\n", ""},
		{"empty", "a.csv", "", ""},
		{"no time", "a.csv", "name,value\nx,1\n", ""},
		{"end of a quoted text", "a.csv", "timestamp,value\n2021-01-01 00:00:00,\"a\nb\"\n", ""},
	} {
		path := filepath.Join(t.TempDir(), tc.file)
		if err := os.WriteFile(path, []byte(tc.text), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := open(t.Context(), testEnv(), options(func(o *Options) { o.Path = []string{path} }))
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		got := ""
		if end, ok := s.(*source).End(); ok {
			got = end.Format(time.RFC3339)
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
