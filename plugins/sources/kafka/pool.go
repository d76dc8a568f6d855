package kafka

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// pool keeps the client's records, which are needed only until they are copied
// into a batch. Without it they are more than half of the garbage.
type pool struct{ slabs sync.Pool }

var _ kgo.PoolRecords = (*pool)(nil)

// GetRecords implements kgo.PoolRecords.
func (p *pool) GetRecords(n int) []kgo.Record {
	if slab, ok := p.slabs.Get().(*[]kgo.Record); ok && cap(*slab) >= n {
		return (*slab)[:0]
	}
	return make([]kgo.Record, 0, n)
}

// PutRecords implements kgo.PoolRecords.
func (p *pool) PutRecords(slab []kgo.Record) { p.slabs.Put(&slab) }
