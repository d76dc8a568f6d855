package kafka

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// jsonCodec decodes JSON as the codec of this name does.
type jsonCodec struct{ jsonvalue.Decoder }

func (*jsonCodec) Encode([]byte, pipeline.Value) ([]byte, error) { panic("a source doesn't encode") }

func init() {
	pipeline.RegisterCodec("json", struct{}{}, func(context.Context, pipeline.Env, struct{}) (pipeline.Codec, error) { return &jsonCodec{}, nil })
}

// Messages come in the order of a field's times, whatever their timestamps.
func TestTimesOfAField(t *testing.T) {
	t.Parallel()
	c := newCluster(t, kfake.SeedTopics(2, "t"))
	message := func(partition int32, value string) *kgo.Record {
		m := &kgo.Record{Partition: partition, Key: []byte("k"), Timestamp: mergeStart}
		if value != "" {
			m.Value = []byte(value)
		}
		return m
	}
	produce(t, c,
		message(0, `{"at": "2021-03-28T01:00:00.5"}`), message(0, ``), message(0, `{"at": "2021-03-28T02:30:00"}`),
		message(1, `{"at": "2021-03-28T01:00:00"}`), message(1, `{"when": 5}`), message(1, `{"at": "2021-03-28T01:00:01"}`), message(1, `{"at`))
	records, err := read(t, openPaced(t, c, "topics: t, group: none, until: end, timestamp: at, timezone: Europe/Berlin, dst: earlier, codec: json"), 8)
	if err != nil && len(records) < 7 {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, r := range records {
		fmt.Fprintf(&got, "%s %s", r.Time.Format("15:04:05.000"), r.Raw)
		if r.Failure != nil {
			fmt.Fprintf(&got, " %v", r.Failure.Err)
		}
		got.WriteByte('\n')
	}
	want := `00:00:00.000 {"at": "2021-03-28T01:00:00"}
00:00:00.000 {"when": 5} the record has no field "at"; it has when
00:00:00.500 {"at": "2021-03-28T01:00:00.5"}
00:00:00.500 ` + `
00:00:01.000 {"at": "2021-03-28T01:00:01"}
00:00:01.000 {"at invalid JSON at byte 5: wants a string's closing quote, not the end
00:30:00.000 {"at": "2021-03-28T02:30:00"}
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestTimesInDoubt(t *testing.T) {
	t.Parallel()
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	produce(t, c, &kgo.Record{Value: []byte(`{"at": "01/02/2021 10:00"}`)})
	_, err := read(t, openPaced(t, c, "topics: t, group: none, until: end, timestamp: at, codec: json"), 1)
	if err == nil || !pipeline.IsPermanent(err) || !strings.Contains(err.Error(), `topic "t": field "at": `) || !strings.Contains(err.Error(), "time_format") {
		t.Errorf("error %v, want one that asks for time_format", err)
	}
}
