package kafka

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestOutageIsToldAtGrowingIntervals(t *testing.T) {
	began := time.Now()
	o := outage{since: began}
	var told []int
	for second := range 1000 {
		if o.due(began.Add(time.Duration(second) * time.Second)) {
			told = append(told, second)
		}
	}
	if diff := cmp.Diff([]int{1, 11, 31, 71, 151, 311, 611, 911}, told); diff != "" {
		t.Errorf("seconds at which it is told (-want +got):\n%s", diff)
	}
}

func TestBrokerWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := kafkatest.NewLog(t)
		w := newBrokerWatch(&Options{}, log.Logger())
		broker := kgo.BrokerMetadata{Host: "kafka", Port: 9999}
		refused := fmt.Errorf("unable to dial: %w", syscall.ECONNREFUSED)
		for second := range 60 {
			if second == 10 {
				w.start()
			}
			err := refused
			if second >= 40 {
				err = nil
			}
			w.OnBrokerConnect(broker, 0, nil, err)
			w.OnBrokerConnect(kgo.BrokerMetadata{Host: "up", Port: 1}, 0, nil, nil)
			time.Sleep(time.Second)
		}
		w.OnBrokerConnect(broker, 0, nil, errors.New("just once"))
		w.OnBrokerConnect(broker, 0, nil, nil)
		want := []string{
			`level=WARN msg="a Kafka broker doesn't answer; trying again until it does" broker=kafka:9999 reason="connection refused"`,
			`level=WARN msg="a Kafka broker doesn't answer; trying again until it does" broker=kafka:9999 reason="connection refused"`,
			`level=INFO msg="the Kafka broker answers again" broker=kafka:9999 after=30s`,
		}
		if diff := cmp.Diff(want, log.Lines()); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}
