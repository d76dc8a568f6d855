// Package children knows the programs that plugins have started, so that a
// process that ends at once can take them with it.
package children

import "sync"

var (
	mu    sync.Mutex
	kills = map[*func()]bool{}
)

// Add notes a program by the function that kills it, with all that it has
// started, and returns the one to call once the program has ended.
func Add(kill func()) (remove func()) {
	mu.Lock()
	defer mu.Unlock()
	kills[&kill] = true
	return func() {
		mu.Lock()
		defer mu.Unlock()
		delete(kills, &kill)
	}
}

// Kill kills all of them, and returns without waiting for their ends.
func Kill() {
	mu.Lock()
	defer mu.Unlock()
	for kill := range kills {
		(*kill)()
	}
}
