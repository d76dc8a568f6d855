package kafka

import (
	"time"

	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

// Until is the option that says whether the source ends.
type Until struct {
	end     bool
	at      time.Time
	records int64
	text    string
}

var (
	_ pipeline.OptionDecoder = (*Until)(nil)
	_ pipeline.Typer         = Until{}
)

// OptionType implements pipeline.Typer.
func (Until) OptionType() string { return "end, a time or {records: N}" }

// DecodeOption implements pipeline.OptionDecoder.
func (u *Until) DecodeOption(n pipeline.Node) error {
	*u = Until{text: n.YAML.Value}
	if n.YAML.Kind == yaml.MappingNode {
		var form struct {
			Records int64 `yaml:"records"`
		}
		if err := n.Decode(&form); err != nil {
			return err
		}
		if form.Records < 1 {
			return n.Errorf("wants records: N, of at least 1")
		}
		u.records = form.Records
		return nil
	}
	err := n.Decode(&u.text)
	if err != nil {
		return err
	}
	if u.text == fromEnd {
		u.end = true
		return nil
	}
	if u.at, err = pipeline.ParseTime(u.text, time.Now()); err != nil {
		return n.Errorf("wants end, {records: N}, or %s, not %q", aTime, u.text)
	}
	return nil
}

// String returns the option as it was written, if it is an end or a time.
func (u Until) String() string { return u.text }

// offsets reports whether each partition has an offset at which it ends.
func (u Until) offsets() bool { return u.end || !u.at.IsZero() }
