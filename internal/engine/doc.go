// Package engine runs one pipeline.
//
//	read ──► process ──► release ──► handle ──► write
//	  ▲      decode      (paced      (if it     store, settle,
//	  │      transform    only)       ends in   commit
//	  │      encode                   one)        │
//	  └────────────── free batches ◄──────────────┘
//
// Each stage is one goroutine. Batches go from stage to stage over channels
// that can hold them all, so that the only place where anything waits for
// memory is the read stage, for a free batch. Order in is order out.
//
// Read fills a batch with what is there. Process decodes, transforms and
// encodes, ahead of the due time. A record that fails, or that a transform
// filters, stays in its place in the batch with Record.Failure set, so that
// it is dealt with in order. Release, in a paced pipeline, hands over every
// record that is due, together, as a flight: a slice of its batch. Without a
// pace a flight is a whole batch.
//
// A handler among the transforms is given all of a batch's records that have
// not failed, and its results take their place; a record without results stays
// as a filtered one. Several results of one record have its origin, and the
// position passes it with the last of them. Where a step takes its time, what it
// has done goes on as a piece, a batch or a flight that leaves before the rest
// of its own. The handler in which a pipeline
// ends works in a stage of its own, so that a paced pipeline calls it when its
// records are due; what it has handled counts as written.
//
// Write sends flights to the sink, several at a time, and settles them
// strictly in order: tries again what may pass, applies the error policy,
// counts, and commits the position. A flight's memory goes back only then.
// So the committed position never passes a record that is not stored,
// filtered, skipped or dead-lettered.
//
// To stop, the read stage ends first. What has been released is still written
// and committed, for as long as the grace time lasts; what was read ahead is
// dropped: it is not counted as read and lies after the committed position.
package engine
