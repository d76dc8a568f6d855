package engine

import (
	"math/rand/v2"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// chance says what is done to a record. It depends on the seed, the round, the
// record's place in its file or partition and its event time: so it is the same
// in every run, wherever that begins and however it is moved.
type chance struct {
	seed, round uint64
	source      rand.PCG
}

// of returns six numbers from 0 up to below 1. Every record takes them all, so
// that one kind of disorder does not change the choice of another.
func (c *chance) of(r *pipeline.Record) (n [6]float64) {
	h := c.round
	for _, x := range [...]int64{int64(r.Origin.Partition), r.Origin.Offset, playback.EventTime(r.Time)} {
		h = (h ^ uint64(x)) * 0x9e3779b97f4a7c15
		h ^= h >> 32
	}
	c.source.Seed(c.seed, h)
	random := rand.New(&c.source)
	for i := range n {
		n[i] = random.Float64()
	}
	return n
}
