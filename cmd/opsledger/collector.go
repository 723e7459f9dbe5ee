package main

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much garbage may pile up, in percent of what is alive, before
// it is collected. What lives is small, the caches are bounded, and everything
// else is short-lived: Go's 100 would spend a third of a busy process on it.
const gcPercent = 400

// relaxCollector trades memory for time in long-running processes, unless GOGC says otherwise.
func relaxCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
