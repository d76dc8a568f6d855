package alarm

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestCoarse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New(false)
		defer a.Close()
		began := time.Now()
		a.Wait(5 * time.Second)
		if d := time.Since(began); d != 5*time.Second {
			t.Errorf("waited %v, want 5s", d)
		}
		time.AfterFunc(time.Second, a.Wake)
		a.Wait(time.Hour)
		if d := time.Since(began); d != 6*time.Second {
			t.Errorf("woken after %v, want 6s", d)
		}
		a.Wake()
		a.Wait(time.Hour)
		if d := time.Since(began); d != 6*time.Second {
			t.Errorf("a wake before the wait is lost: %v", d)
		}
	})
}

func TestFine(t *testing.T) {
	a := New(true)
	defer a.Close()
	if !a.Fine() {
		t.Skip("this system has only Go's timers")
	}
	for _, d := range []time.Duration{1, time.Microsecond, time.Millisecond, 20 * time.Millisecond} {
		began := time.Now()
		a.Wait(d)
		if got := time.Since(began); got < d {
			t.Errorf("waited %v, want at least %v", got, d)
		}
	}
}

// Whenever a wake comes, the wait ends. A lost one would hang the test.
func TestWakeIsNeverLost(t *testing.T) {
	for _, fine := range []bool{false, true} {
		a := New(fine)
		for i := range 2000 {
			go func() {
				for range i % 50 { // so that it comes at any time
					_ = time.Now()
				}
				a.Wake()
			}()
			a.Wait(math.MaxInt64)
		}
		a.Close()
		a.Wake()
	}
}

func TestWaitDoesNotAllocate(t *testing.T) {
	for _, fine := range []bool{false, true} {
		a := New(fine)
		if n := testing.AllocsPerRun(100, func() { a.Wait(time.Microsecond) }); n > 0 {
			t.Errorf("fine %v: %v allocations in a wait", fine, n)
		}
		a.Close()
	}
}
