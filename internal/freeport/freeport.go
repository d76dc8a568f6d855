// Package freeport finds ports for tests.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Find returns a port of this machine on which nothing listens. It lies below
// those that the system gives to connections: one of them could be taken
// before the caller listens, and a client that keeps dialling a port of them
// can connect to itself.
func Find() int {
	for range 1000 {
		// To listen would be the better question, but a process that is started
		// meanwhile would hold the port for an instant.
		port := 20000 + rand.IntN(10000)
		c, err := net.Dial("tcp", fmt.Sprintf("localhost:%d", port))
		if err != nil {
			return port
		}
		_ = c.Close()
	}
	panic("freeport: none of a thousand ports is free")
}

// Addr returns localhost with such a port.
func Addr() string { return fmt.Sprintf("localhost:%d", Find()) }
