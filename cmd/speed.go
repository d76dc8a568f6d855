package cmd

import (
	"fmt"
	"strconv"

	"github.com/pipeline-daemon/pipeline/internal/config"
)

// parseSpeed reads --speed. Max has no pace at all.
func parseSpeed(text string) (speed float64, max bool, err error) {
	if text == "max" {
		return 0, true, nil
	}
	speed, err = strconv.ParseFloat(text, 64)
	if err == nil {
		err = config.CheckSpeed(speed)
	}
	if err != nil {
		return 0, false, fmt.Errorf("--speed wants a number above 0, or max, not %q", text)
	}
	return speed, false, nil
}

// setSpeed changes the pace of the plans that have one.
func setSpeed(plans []*config.Plan, speed float64, max bool) error {
	paced := false
	for _, p := range plans {
		switch {
		case max:
			p.Pace = nil
		case p.Pace != nil:
			p.Pace.Speed, paced = speed, true
		}
	}
	if !paced && !max {
		return fmt.Errorf("--speed %v has no effect: no pipeline has a pace; add  pace: {speed: 1}  to the file", speed)
	}
	return nil
}
