package children

import "testing"

func TestKill(t *testing.T) {
	killed := [2]int{}
	removes := []func(){Add(func() { killed[0]++ }), Add(func() { killed[1]++ })}
	removes[0]()
	removes[0]()
	Kill()
	if killed != [2]int{0, 1} {
		t.Errorf("killed: %v", killed)
	}
	removes[1]()
}
