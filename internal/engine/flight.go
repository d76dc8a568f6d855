package engine

import (
	"github.com/cenkalti/backoff/v5"
	"github.com/pipeline-daemon/pipeline"
)

// flight is a run of records of one batch on its way through the sink.
type flight struct {
	pipeline.Batch // what the sink is given: the records that have not failed

	from *batch         // the batch whose memory the records are in
	last bool           // nothing of that batch comes after this flight
	due  int64          // of a paced pipeline: when its first record was; below 0: it was stepped, or dropped
	seen int64          // the source's turn when its first handler, or the sink, was given it
	part part           // of the worker that handles it
	job  job            // of the workers that share it
	home chan<- *flight // where it goes when it is done

	// What the write stage knows of it.
	pending  int  // deliveries that are not done
	troubled bool // the sink has failed on it as a whole
	main     delivery
	dead     delivery          // of its dead letters
	letters  pipeline.Batch    // the dead letters
	sharing  int64             // failed results without one of their own
	failures []pipeline.Record // that have failed for good and are not yet dealt with
	stop     *pipeline.Record  // the failed record at which the pipeline stops
	counts   counts
	position pipeline.Position
}

// delivery is a batch on its way to a sink, perhaps not for the first time.
type delivery struct {
	sink     pipeline.Sink
	role     string // sink or dead letter sink
	plugin   string
	batch    *pipeline.Batch
	done     func(error) // sends an ack; made once for every flight
	err      error
	attempts int
	wait     *backoff.ExponentialBackOff // once it has been tried again
}

// ack is a sink's word that it is done with a delivery. It carries the error,
// which only the write stage may keep: a flight's other delivery may still be
// under way.
type ack struct {
	flight   *flight
	delivery *delivery
	err      error
}
