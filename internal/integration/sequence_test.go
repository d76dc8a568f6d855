//go:build integration

package integration

import (
	"fmt"
	"testing"
)

// retell compares a sequence with one of which nothing may be missing or out
// of order, but some may be told again: it may step back, and goes on from
// there. It returns how many steps back there are.
func retell(got []int, from, step, n int) (back int, err error) {
	next, most := 0, 0 // as places in the wanted sequence
	for i, number := range got {
		at := (number - from) / step
		switch {
		case at*step+from != number || at > next || at < 0:
			return back, fmt.Errorf("%d comes at %d, where %d is to come", number, i, from+next*step)
		case at < next:
			back++
		}
		next = at + 1
		most = max(most, next)
	}
	if most != n {
		return back, fmt.Errorf("there are the first %d of %d numbers", most, n)
	}
	return back, nil
}

// allInOrder checks that a sequence counts from 0 to n-1, once.
func allInOrder(t *testing.T, got []int, n int) {
	t.Helper()
	back, err := retell(got, 0, 1, n)
	if err != nil {
		t.Error(err)
	} else if back > 0 {
		t.Errorf("%d numbers come again", len(got)-n)
	}
}

// inOrderBySensor checks that every sensor's numbers are all there and in
// order, of n in all, but some may be told again.
func inOrderBySensor(t *testing.T, got []int, n int) {
	t.Helper()
	var of [sensors][]int
	for _, number := range got {
		of[number%sensors] = append(of[number%sensors], number)
	}
	for s, got := range of {
		if _, err := retell(got, s, sensors, (n-s+sensors-1)/sensors); err != nil {
			t.Errorf("sensor %d: %v", s, err)
		}
	}
}

func TestIntegrationRetell(t *testing.T) {
	for _, tt := range []struct {
		got  []int
		back int
		ok   bool
	}{
		{[]int{1, 3, 5}, 0, true},
		{[]int{1, 3, 1, 3, 5}, 1, true},
		{[]int{1, 1, 3, 3, 5}, 2, true},
		{[]int{1, 5, 3}, 0, false},
		{[]int{1, 3}, 0, false},
		{[]int{3, 5}, 0, false},
		{[]int{1, 2, 3, 5}, 0, false},
		{[]int{1, 3, 5, 7}, 0, false},
		{[]int{-1, 1, 3, 5}, 0, false},
		{nil, 0, false},
	} {
		if back, err := retell(tt.got, 1, 2, 3); (err == nil) != tt.ok || tt.ok && back != tt.back {
			t.Errorf("%v: %d back, %v", tt.got, back, err)
		}
	}
}
