package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// clientLog passes on what franz-go logs. All of it is debug: what a user
// should know comes as an error, or from a brokerWatch.
type clientLog struct{ log *slog.Logger }

// Level implements kgo.Logger.
func (l clientLog) Level() kgo.LogLevel {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		return kgo.LogLevelInfo // its debug is a line per request
	}
	return kgo.LogLevelNone
}

// Log implements kgo.Logger.
func (l clientLog) Log(_ kgo.LogLevel, msg string, keyvals ...any) {
	l.log.Debug("kafka client: "+msg, keyvals...)
}

// brokerLog passes on what the embedded broker logs. Most of it is debug, but
// for errors, and for the warnings that it can't keep its data on disk.
type brokerLog struct {
	log    *slog.Logger
	toldAt *atomic.Int64 // when it last told of its data, in Unix seconds
}

// tellEvery is how often, in seconds, the broker tells of data that it can't
// keep: clients send it again and again.
const tellEvery = 10

// Logf implements kfake.Logger.
func (l brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	to, prefix := slog.LevelDebug, "broker: "
	switch {
	case level == kfake.LogLevelError:
		to = slog.LevelError
	case strings.HasPrefix(format, "persist "):
		now, last := time.Now().Unix(), l.toldAt.Load()
		if now >= last+tellEvery && l.toldAt.CompareAndSwap(last, now) {
			to, prefix = slog.LevelError, "the broker can't keep its data: "
		}
	}
	if l.log.Enabled(context.Background(), to) {
		l.log.Log(context.Background(), to, prefix+fmt.Sprintf(format, args...))
	}
}
