package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"
)

// writeTutorial writes whole numbers with 1 to 10 seconds between them.
func writeTutorial(w *bytes.Buffer) {
	random := rand.New(rand.NewPCG(2021, 1))
	at := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	fmt.Fprintln(w, "timestamp,value")
	fmt.Fprintf(w, "%s,%d\n", at.Format(time.DateTime), 51)
	for range 499 {
		at = at.Add(time.Duration(1+random.IntN(10)) * time.Second)
		fmt.Fprintf(w, "%s,%d\n", at.Format(time.DateTime), 20+random.IntN(80))
	}
}
