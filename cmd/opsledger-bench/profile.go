package main

import (
	"fmt"
	"os"
	"runtime/pprof"
)

// profiled runs f, and writes where the time went to the file unless it is empty.
func profiled(file string, f func() error) (err error) {
	if file == "" {
		return f()
	}
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("--cpu-profile: %w", err)
	}
	defer func() {
		pprof.StopCPUProfile()
		if closing := out.Close(); err == nil {
			err = closing
		}
	}()
	if err := pprof.StartCPUProfile(out); err != nil {
		return fmt.Errorf("--cpu-profile: %w", err)
	}
	return f()
}
