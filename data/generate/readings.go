package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A stretch is some time in which the sensors report at one rate.
type stretch struct {
	length time.Duration
	every  time.Duration // on average; 0: nothing comes
}

// firstMinutes are watched most: at ten times the speed they are the first
// minute.
var firstMinutes = []stretch{
	{40 * time.Second, time.Second},
	{3 * time.Second, 40 * time.Millisecond}, // a burst
	{47 * time.Second, 1500 * time.Millisecond},
	{30 * time.Second, 0}, // a quiet half minute
	{2 * time.Second, 20 * time.Millisecond},
	{58 * time.Second, 2 * time.Second},
	{4 * time.Second, 0},
	{1 * time.Second, 25 * time.Millisecond}, // three short bursts
	{4 * time.Second, 0},
	{1 * time.Second, 25 * time.Millisecond},
	{4 * time.Second, 0},
	{1 * time.Second, 25 * time.Millisecond},
	{105 * time.Second, 1500 * time.Millisecond},
	{60 * time.Second, 6 * time.Second}, // hardly anything
	{30 * time.Second, 300 * time.Millisecond},
	{20 * time.Second, 100 * time.Millisecond}, // faster and faster
	{10 * time.Second, 40 * time.Millisecond},
	{30 * time.Second, 0},
	{150 * time.Second, 1500 * time.Millisecond},
}

// laterMinutes come again and again after them.
var laterMinutes = []stretch{
	{200 * time.Second, 2 * time.Second},
	{2 * time.Second, 40 * time.Millisecond},
	{98 * time.Second, 3 * time.Second},
	{30 * time.Second, 0},
	{30 * time.Second, 500 * time.Millisecond},
	{240 * time.Second, 2500 * time.Millisecond},
}

// hour is a little more than an hour, with a gap of five minutes in the middle.
func hour() []stretch {
	all := slices.Clone(firstMinutes)
	for i := range 5 {
		if i == 2 {
			all = append(all, stretch{5 * time.Minute, 0})
		}
		all = append(all, laterMinutes...)
	}
	return all
}

// A sensor's values are hundredths of a degree. They wander about home.
type sensor struct {
	name             string
	home, value      int
	warnAt, alarmAt  int
	step, pullToHome int // a step is at most step, and 1/pullToHome of the way home
}

func newSensors() []*sensor {
	return []*sensor{
		{"boiler", 6800, 5100, 7100, 7300, 120, 60},
		{"hall", 2150, 2100, 2230, 2280, 15, 50},
		{"lab", 1980, 1950, 2030, 2060, 12, 30},
		{"roof", 450, 300, 600, 750, 40, 200},
	}
}

func (s *sensor) read(random *rand.Rand) (value int, status string) {
	s.value += random.IntN(2*s.step+1) - s.step + (s.home-s.value)/s.pullToHome
	switch {
	case s.value >= s.alarmAt:
		return s.value, "alarm"
	case s.value >= s.warnAt:
		return s.value, "warn"
	}
	return s.value, "ok"
}

// writeReadings writes what four sensors report in a little more than an hour.
func writeReadings(w *bytes.Buffer) {
	random := rand.New(rand.NewPCG(2026, 3))
	sensors := newSensors()
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	fmt.Fprintln(w, "timestamp,sensor,value,status")
	for _, s := range hour() {
		end := at.Add(s.length)
		for s.every > 0 && at.Before(end) {
			from := sensors[random.IntN(len(sensors))]
			value, status := from.read(random)
			fmt.Fprintf(w, "%s,%s,%s,%s\n", at.Format("2006-01-02 15:04:05.000"), from.name, hundredths(value), status)
			at = at.Add(between(random, s.every))
		}
		at = end
	}
}

// between returns a time between half and one and a half of every, in whole
// milliseconds.
func between(random *rand.Rand, every time.Duration) time.Duration {
	ms := int(every.Milliseconds())
	return time.Duration(ms/2+random.IntN(ms+1)) * time.Millisecond
}

func hundredths(v int) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	return fmt.Sprintf("%s%d.%02d", sign, v/100, v%100)
}
