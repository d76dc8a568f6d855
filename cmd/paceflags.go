package cmd

import (
	"errors"
	"strconv"
	"strings"

	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"
)

// paceFlags are the flags that set an option of the pace, with what they hold.
type paceFlags struct {
	options  []textFlag
	disorder []string
}

// add adds a flag for every option of the pace but the speed.
func (p *paceFlags) add(f *pflag.FlagSet) {
	p.options = []textFlag{
		{name: "rate", usage: "replay at the constant `RATE`, such as 500/s, whatever the timestamps"},
		{name: "max-gap", usage: "let no pause last longer than `DURATION` of wall time"},
		{name: "skip-gaps-over", usage: "leave out pauses longer than `DURATION` of event time"},
		{name: "start", usage: "leave out rows before `TIME`, or before +10m from the first row"},
		{name: "end", usage: "leave out rows from `TIME` on, or from +10m after the first row on"},
		{name: "loop", usage: "play `N` rounds, or forever; the event times go on"},
		{name: "loop-delay", usage: "wait `DURATION` between rounds"},
		{name: "rebase", usage: "move event times to now; `HOW` is event, with their distances, or wall, divided by the speed"},
		{name: "rewrite", usage: "write the moved event times back into `COLUMN`, or '{column: COLUMN, format: FORMAT}'"},
		{name: "reorder", usage: "sort rows that are out of order by up to `DURATION` of event time"},
		{name: "duplicates", usage: "`WHAT` to do with rows equal to the one before: keep or drop (default keep)"},
		{name: "start-at", usage: "begin at `TIME`, or +10s from now"},
		{name: "precision", usage: "`HOW` exactly rows leave: fine, or coarse with less CPU (default fine)"},
		{name: "when-behind", usage: "what a late replay does: `HOW` is burst, stretch or drop (default burst)"},
		{name: "drop-after", usage: "with --when-behind drop, leave out what is later than `DURATION` (default 2s)"},
	}
	addTexts(f, p.options)
	f.StringArrayVar(&p.disorder, "disorder", nil, "disturb the rows by `KEY=VALUE`: seed, late.fraction, late.delay.min, late.delay.max, duplicate.fraction, drop.fraction, jitter, swap.fraction or swap.distance; may be repeated")
}

// setPace sets the speed, by having no pace for max, and the rest of the pace.
func (d *draft) setPace(text string, flags paceFlags) {
	speed, max, err := parseSpeed(text)
	switch {
	case err != nil:
		d.errs = append(d.errs, err)
	case max:
		d.root.FootComment = "# Without a pace it is as fast as possible; as recorded is  pace: {speed: 1}."
	default:
		d.set("--speed "+text, numberNode(speed), "pace", "speed")
	}
	for _, f := range flags.options {
		if f.value == "" {
			continue
		}
		flag := "--" + f.name + " " + f.value
		node, err := config.ParseValue(f.value)
		switch {
		case max:
			d.fail(flag, errNoPace)
		case err != nil:
			d.fail(flag, err)
		default:
			d.set(flag, node, "pace", strings.ReplaceAll(f.name, "-", "_"))
		}
	}
	d.setDisorder(flags.disorder, max)
}

// setDisorder sets what the flags say of disorder: each a key of it, or all of
// it as a mapping.
func (d *draft) setDisorder(settings []string, max bool) {
	for _, setting := range settings {
		flag := "--disorder " + setting
		if max {
			d.fail(flag, errNoPace)
			continue
		}
		if !strings.HasPrefix(setting, "{") {
			d.override("--disorder", "KEY=VALUE, such as drop.fraction=0.01", []string{setting}, "pace", "disorder")
			continue
		}
		node, err := config.ParseValue(setting)
		if err != nil {
			d.fail(flag, err)
			continue
		}
		d.set(flag, node, "pace", "disorder")
	}
}

var errNoPace = errors.New("is about the pace, and --speed max has none; leave one of them out")

func numberNode(f float64) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatFloat(f, 'f', -1, 64)}
}
