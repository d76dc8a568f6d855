package avro_test

import (
	"testing"

	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestConformance(t *testing.T) {
	t.Chdir("../../..")
	plugintest.Codec(t, plugintest.CodecCase{
		Options: "avro: {schema: schemas/reading.avsc}",
		Values: []string{
			`{timestamp: "2026-03-02 08:00:00.000", sensor: roof, value: 3.1, status: ok}`,
			`{sensor: "", value: -1, status: "ä", timestamp: x}`,
		},
		Back: []string{
			`{timestamp: "2026-03-02 08:00:00.000", sensor: "roof", value: 3.1, status: "ok"}`,
			`{timestamp: "x", sensor: "", value: -1.0, status: "ä"}`,
		},
		Unfit: `{timestamp: "2026-03-02 08:00:00.000", sensor: roof, value: high, status: ok}`,
		Bad:   []string{"", "\x02", "\x01", "\x02a\x02b12345678\x02c\x00", "\x02\xff\x02b12345678\x02c"},
	})
}
