package kafka

import (
	"bytes"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// A full disk is told of, but not with every record.
func TestBrokerTellsOfItsDisk(t *testing.T) {
	var out bytes.Buffer
	l := brokerLog{slog.New(slog.NewTextHandler(&out, nil)), new(atomic.Int64)}
	for range 5 {
		l.Logf(kfake.LogLevelWarn, "persist batch %s-%d: %v", "t", 0, "no space left on device")
		l.Logf(kfake.LogLevelWarn, "something else")
	}
	if text := out.String(); strings.Count(text, "\n") != 1 ||
		!strings.Contains(text, `level=ERROR msg="the broker can't keep its data: persist batch t-0: no space left on device"`) {
		t.Error(text)
	}
}
