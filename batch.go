package pipeline

// The bounds of a batch whose limits are not set. A batch this large spreads
// what happens once a batch thin enough, and fits into a processor's cache.
const (
	DefaultBatchRecords = 1024
	DefaultBatchBytes   = 1 << 20
)

// Batch is a run of records that is read, changed and written as one. The
// zero Batch is empty and has the default limits.
type Batch struct {
	Records []Record

	// Written is how many bytes a sink has made of the records, for the
	// report. Sinks that take encoded values need not say it.
	Written int64

	// Turn is that of the source, if it is a Sharer.
	Turn int64

	maxRecords, maxBytes int
	bytes                int
}

// NewBatch returns an empty batch with limits; 0 is the default one.
func NewBatch(records, bytes int) *Batch {
	return &Batch{maxRecords: records, maxBytes: bytes}
}

// Add adds a record and returns it for the source to fill in. Its value is a
// struct without fields. size is about how many bytes the record holds; it
// counts against the batch's limit. The pointer is good until the next Add.
func (b *Batch) Add(size int) *Record {
	b.bytes += size
	n := len(b.Records)
	if n == cap(b.Records) {
		b.Records = append(b.Records, Record{Value: Struct(nil)})
		return &b.Records[n]
	}
	b.Records = b.Records[:n+1]
	r := &b.Records[n]
	var fields []Field
	if r.Value.kind == KindStruct {
		fields = r.Value.Fields()[:0]
	}
	headers := r.Headers[:0]
	*r = Record{}
	r.Value, r.Headers = Struct(fields), headers
	return r
}

// Full reports whether the batch has reached a limit: the source returns it.
func (b *Batch) Full() bool {
	records, bytes := b.maxRecords, b.maxBytes
	if records <= 0 {
		records = DefaultBatchRecords
	}
	if bytes <= 0 {
		bytes = DefaultBatchBytes
	}
	return len(b.Records) >= records || b.bytes >= bytes
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() { b.Records, b.bytes, b.Written = b.Records[:0], 0, 0 }
