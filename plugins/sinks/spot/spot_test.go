package spot

import (
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
)

func TestSpot(t *testing.T) {
	for payload, want := range map[string]string{`{"status":"ok"}`: "", `{"status":"alarm"}`: "alarm"} {
		m := message.NewMessage("id", []byte(payload))
		produced, err := spot(m)
		if err != nil || (len(produced) == 1) != (want != "") || m.Metadata.Get("spotted") != want {
			t.Errorf("%s: %v, %v", payload, produced, err)
		}
	}
	if _, err := spot(message.NewMessage("id", []byte("no JSON"))); err == nil {
		t.Error("no error")
	}
}
