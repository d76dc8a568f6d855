package watermill

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill"
)

// kafkaLog is the log of a subscriber, which tells of an error at every try,
// for every partition, and then goes on by itself. That is for debugging; a
// user reads one warning a while.
type kafkaLog struct {
	watermill.LoggerAdapter
	log    *slog.Logger
	toldAt *atomic.Int64 // the last warning, in Unix seconds
}

var _ watermill.LoggerAdapter = kafkaLog{}

// tellEvery is how far apart warnings are, in seconds.
const tellEvery = 10

func newKafkaLog(log *slog.Logger) kafkaLog {
	return kafkaLog{Logger(log), log, new(atomic.Int64)}
}

// Error implements watermill.LoggerAdapter.
func (l kafkaLog) Error(msg string, err error, fields watermill.LogFields) {
	l.Debug(msg, fields.Add(watermill.LogFields{"error": err}))
	now, last := time.Now().Unix(), l.toldAt.Load()
	if now >= last+tellEvery && l.toldAt.CompareAndSwap(last, now) {
		l.log.Warn("reading from Kafka fails; trying again until it succeeds", "error", err)
	}
}

// With implements watermill.LoggerAdapter.
func (l kafkaLog) With(fields watermill.LogFields) watermill.LoggerAdapter {
	l.LoggerAdapter = l.LoggerAdapter.With(fields)
	return l
}
