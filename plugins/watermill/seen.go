package watermill

import (
	"context"
	"time"

	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
)

// seen remembers the messages of a while for the deduplicator. Watermill's own
// would take a message for a duplicate that is handled again because it failed.
type seen struct {
	window time.Duration
	at     map[string]time.Time
	swept  time.Time
	last   string // of the message that is being handled, if it is new
}

var _ middleware.ExpiringKeyRepository = (*seen)(nil)

// IsDuplicate implements middleware.ExpiringKeyRepository.
func (s *seen) IsDuplicate(_ context.Context, key string) (bool, error) {
	now := time.Now()
	if now.Sub(s.swept) > s.window {
		for key, at := range s.at {
			if now.Sub(at) > s.window {
				delete(s.at, key)
			}
		}
		s.swept = now
	}
	if at, ok := s.at[key]; ok && now.Sub(at) <= s.window {
		s.last = ""
		return true, nil
	}
	s.at[key], s.last = now, key
	return false, nil
}

// forget forgets the last message, which has failed.
func (s *seen) forget() {
	if s != nil && s.last != "" {
		delete(s.at, s.last)
		s.last = ""
	}
}
