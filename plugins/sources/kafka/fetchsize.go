package kafka

import (
	"sync/atomic"
	"unsafe"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// The room that may be taken by what is fetched of a partition at once.
	partitionRoom = 3 << 20

	// The room of what is fetched at once of all brokers, and of each of a few.
	allRoom       = 32 << 20
	brokerRoom    = 12 << 20
	brokerRoomMin = 4 << 20

	// What is asked for of a partition. At first it isn't known how well the
	// messages are compressed.
	partitionFetchMin   = 64 << 10
	partitionFetchMost  = 1 << 20
	partitionFetchFirst = 128 << 10

	// What the client keeps of a message besides its bytes.
	messageRoom = int64(unsafe.Sizeof(kgo.Record{}) + unsafe.Sizeof(&kgo.Record{}))

	// How many bytes tell how much room the others will take.
	fetchSample = 64 << 10
)

// fetchSize bounds the memory that fetched messages take. Brokers count
// compressed bytes, and small messages that are much alike take fifteen times
// as much once they are read, so it learns from the last ones what to ask for.
type fetchSize struct {
	fetched, room atomic.Int64 // since the last change

	ofBroker  int64 // the room of what is fetched of one
	partition int32 // what is asked for
}

var _ kgo.HookFetchBatchRead = (*fetchSize)(nil)

func newFetchSize(brokers int) *fetchSize {
	return &fetchSize{
		ofBroker:  min(max(int64(allRoom/max(brokers, 1)), brokerRoomMin), brokerRoom),
		partition: partitionFetchFirst,
	}
}

// OnFetchBatchRead implements kgo.HookFetchBatchRead.
func (f *fetchSize) OnFetchBatchRead(_ kgo.BrokerMetadata, _ string, _ int32, m kgo.FetchBatchMetrics) {
	f.fetched.Add(int64(m.CompressedBytes))
	f.room.Add(int64(m.UncompressedBytes) + int64(m.NumRecords)*messageRoom)
}

// next returns how many bytes to ask for from now on, and whether that differs
// by more than an eighth from what it was.
func (f *fetchSize) next() (broker, partition int32, changed bool) {
	if f.fetched.Load() < fetchSample {
		return 0, 0, false
	}
	fetched, room := f.fetched.Swap(0), max(f.room.Swap(0), 1)
	partition = int32(min(max(partitionRoom*fetched/room, partitionFetchMin), partitionFetchMost))
	if difference := partition - f.partition; difference <= f.partition/8 && -difference <= f.partition/8 {
		return 0, 0, false
	}
	f.partition = partition
	return f.broker(), partition, true
}

// broker returns what to ask for of all partitions of a broker.
func (f *fetchSize) broker() int32 {
	return int32(int64(f.partition) * f.ofBroker / partitionRoom)
}
