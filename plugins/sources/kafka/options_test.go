package kafka

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
)

func TestOptionErrors(t *testing.T) {
	const aTime = "a time such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00, 2021-01-01 or -10m"
	tests := []struct {
		options string
		want    []string
	}{
		{"{}", []string{`1:8: topics: are missing: name the topics to read`}},
		{"{topics: [a, a]}", []string{`1:9: topics: "a" is named twice`}},
		{"{topics: ''}", []string{`1:9: topics: "" can't be a topic's name, which is up to 249 letters, digits, dots, underscores and hyphens`}},
		{"{topics: //}", []string{`1:9: topics: // matches every topic: name some, or write /./ if all are meant`}},
		{"{topics: [a, '/b(/']}", []string{"1:17: /b(/ is not a regular expression: error parsing regexp: missing closing ): `b(`"}},
		{"{topics: a, from: now}", []string{`1:26: wants committed, beginning, end, or ` + aTime + `, not "now"`}},
		{"{topics: a, until: now}", []string{`1:27: wants end, {records: N}, or ` + aTime + `, not "now"`}},
		{"{topics: a, until: {records: 0}}", []string{`1:27: wants records: N, of at least 1`}},
		{"{topics: a, until: {messages: 1}}", []string{`1:28: unknown option "messages"; there are records`}},
		{"{topic: a}", []string{`1:9: unknown option "topic"; did you mean "topics"?`}},
		{"{topics: a, partitions: [0]}", []string{`1:20: partitions: are shared out by the group: add group: none to choose them`}},
		{"{topics: a, group: none, partitions: [0, 0, -1]}", []string{
			`1:33: partitions: 0 is negative or named twice`, `1:33: partitions: -1 is negative or named twice`}},
		{"{topics: a, group: none, instance_id: i}", []string{`1:33: instance_id: names a member of a group, and there is group: none`}},
		{"{topics: a, from: 2021-01-02, until: 2021-01-02}", []string{"1:38: until: 2021-01-02 is not after from, which is 2021-01-02: there would be nothing to read"}},
		{"{topics: a, isolation: none}", []string{`1:20: isolation: wants read_committed or read_uncommitted, not "none"`}},
		{"{topics: a, on_data_loss: skip}", []string{`1:20: on_data_loss: wants fail or continue, not "skip"`}},
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

func TestOptions(t *testing.T) {
	tests := []struct {
		options string
		want    string
	}{
		{"{topics: a}", "a pipeline-p committed  0"},
		{"{topics: [a, b], group: g, from: beginning, until: end}", "a, b g beginning end 0"},
		{"{topics: a, group: none, from: 2021-01-01}", "a  2021-01-01  0"},
		{"{topics: a, from: 2021-01-01 00:00:00}", "a pipeline-p 2021-01-01 00:00:00  0"},
		{"{topics: [/^s-/, b], until: 2021-01-01}", "/^s-/, b pipeline-p committed 2021-01-01 0"},
		{"{topics: a, until: {records: 5}}", "a pipeline-p committed  5"},
	}
	for _, tt := range tests {
		o, err := bindYAML(t, "kafka: "+tt.options)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(o.Topics, " ", o.group("p"), " ", o.From, " ", o.Until, " ", o.Until.records); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.options, got, tt.want)
		}
	}
}

func TestTopicsMatch(t *testing.T) {
	o, err := bindYAML(t, "kafka: {topics: [plain, /^s-/, /x$/]}")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"s-1": true, "as-1": false, "ax": true, "plain": false} {
		if got := o.Topics.matches(name, false); got != want {
			t.Errorf("%s: %v", name, got)
		}
		if o.Topics.matches(name, true) {
			t.Errorf("%s matches as an internal topic", name)
		}
	}
}
