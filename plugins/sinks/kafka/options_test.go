package kafka

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func bindYAML(t *testing.T, text string) (*Options, error) {
	t.Helper()
	b, err := pipeline.BindSink(plugintest.Node(t, text))
	if err != nil {
		return nil, err
	}
	return b.Options.(*Options), nil
}

func TestOptionErrors(t *testing.T) {
	tests := []struct {
		options string
		want    []string
	}{
		{"{topic: a b}", []string{`1:9: topic: "a b" can't be a topic's name, which is up to 249 letters, digits, dots, underscores and hyphens`}},
		{"{topic: ..}", []string{`1:9: topic: ".." can't be a topic's name, which is up to 249 letters, digits, dots, underscores and hyphens`}},
		{"{topic: t, timestamp: later}", []string{`1:19: timestamp: wants now or event, not "later"`}},
		{"{topic: t, compression: zip}", []string{`1:19: compression: wants none, gzip, snappy, lz4 or zstd, not "zip"`}},
		{"{topic: t, linger: 2m}", []string{`1:19: linger: wants a duration from 0s to 1m, not 2m0s`}},
		{"{topic: t, linger: 5}", []string{`1:27: wants a duration, such as 500ms, 5s or 2h, not "5"`}},
		{"{topic: t, create: {partitions: 0, replication_factor: 0}}", []string{
			`1:28: create.partitions: wants at least 1, not 0`,
			`1:43: create.replication_factor: wants at least 1, or -1 for the cluster's default, not 0`,
		}},
		{"{topic: t, create: {partition: 0}}", []string{`1:28: unknown option "partition"; did you mean "partitions"?`}},
		{"{topic: t, create: maybe}", []string{`1:27: wants a mapping (name: value), not "maybe"`}},
		{"{topic: t, key: {constant: a, origin: path}}", []string{`1:24: wants a column's name, {constant: TEXT} or {origin: path}`}},
		{"{topic: t, key: {}}", []string{`1:24: wants a column's name, {constant: TEXT} or {origin: path}`}},
		{"{topic: t, key: {origin: line}}", []string{`1:24: wants {origin: path}, the source file's name, not {origin: line}`}},
		{"{topic: t, key: {column: a}}", []string{`1:25: unknown option "column"; there are constant, origin`}},
		{"{topic: t, key: [a]}", []string{`1:24: wants a value, not a list`}},
		{"{topic: t, headers: {a: {constants: b}}}", []string{`1:33: unknown option "constants"; did you mean "constant"?`}},
		{"{topic: t, brokers: x}", []string{`1:19: brokers: "x" is not a broker's address: want HOST:PORT, such as localhost:9092`}},
	}
	for _, tt := range tests {
		_, err := bindYAML(t, "kafka: "+tt.options)
		var got []string
		for _, err := range pipeline.Flatten(err) {
			got = append(got, strings.TrimPrefix(err.Error(), "t.yaml:"))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", tt.options, diff)
		}
	}
}

func TestLinger(t *testing.T) {
	for _, tt := range []struct {
		options string
		paced   bool
		want    time.Duration
	}{
		{"{topic: t}", false, defaultLinger},
		{"{topic: t}", true, 0},
		{"{topic: t, linger: 0s}", false, 0},
		{"{topic: t, linger: 1s}", true, time.Second},
	} {
		o, err := bindYAML(t, "kafka: "+tt.options)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.linger(tt.paced); got != tt.want {
			t.Errorf("%s, paced %v: %v, want %v", tt.options, tt.paced, got, tt.want)
		}
	}
}

func TestUsesValue(t *testing.T) {
	for options, want := range map[string]bool{
		"{topic: t}":                                    false,
		"{topic: t, key: sensor}":                       true,
		"{topic: t, key: {constant: c}}":                false,
		"{topic: t, key: {origin: path}}":               false,
		"{topic: t, partition: p}":                      true,
		"{topic: t, partition: original}":               false,
		"{topic: t, headers: {h: {constant: c}}}":       false,
		"{topic: t, headers: {g: {constant: c}, h: s}}": true,
	} {
		o, err := bindYAML(t, "kafka: "+options)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.UsesValue(); got != want {
			t.Errorf("%s: %v, want %v", options, got, want)
		}
	}
}

func TestPlugin(t *testing.T) {
	for _, p := range pipeline.Plugins() {
		if p.Kind != "sink" || p.Name != "kafka" {
			continue
		}
		for _, o := range p.Options {
			if o.Doc == "" || o.Type == "" {
				t.Errorf("%s is not documented: %+v", o.Name, o)
			}
			if o.Name == "create" && len(o.Options) != 3 {
				t.Errorf("create has the options %v", o.Options)
			}
		}
		return
	}
	t.Error("not registered")
}
