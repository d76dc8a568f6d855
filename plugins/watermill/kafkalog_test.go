package watermill

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill"
)

// What a subscriber says again and again is told every ten seconds.
func TestKafkaLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text strings.Builder
		log := newKafkaLog(slog.New(slog.NewTextHandler(&text, nil))).With(watermill.LogFields{"id": 1})
		log.Info("for debugging", nil)
		for range 25 {
			log.Error("internal", errors.New("no broker"), watermill.LogFields{"topic": "t"})
			log.With(nil).Error("internal", errors.New("no broker"), nil)
			time.Sleep(time.Second) // of the test's clock
		}
		const want = `level=WARN msg="reading from Kafka fails; trying again until it succeeds" error="no broker"` + "\n"
		if got := text.String(); strings.Count(got, want) != 3 || strings.Count(got, "\n") != 3 {
			t.Errorf("got\n%s", got)
		}
	})
}
