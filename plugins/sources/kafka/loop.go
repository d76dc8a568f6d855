package kafka

import (
	"slices"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
)

var _ pipeline.SinkReader = (*Options)(nil)

// Ends implements pipeline.SinkReader.
func (o *Options) Ends() bool { return o.Until.offsets() || o.Until.records > 0 }

// ReadsFrom implements pipeline.SinkReader. Ends that name different brokers
// may be of different clusters.
func (o *Options) ReadsFrom(sinkOptions any) bool {
	sink, ok := sinkOptions.(interface {
		Connection() *kafka.Options
		Destination() string
	})
	if !ok || sink.Connection() == nil {
		return false
	}
	return slices.Equal(o.Brokers, sink.Connection().Brokers) && (slices.Contains(o.Topics.names, sink.Destination()) || o.Topics.matches(sink.Destination(), false))
}
