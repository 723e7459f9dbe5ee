package main

import (
	"fmt"
	"io"
	"time"
)

// ticker tells now and then how far something is.
type ticker struct {
	to   io.Writer
	last time.Time
}

func newTicker(to io.Writer) *ticker { return &ticker{to: to, last: time.Now()} }

// progressEvery is the pause between two lines of progress.
const progressEvery = 2 * time.Second

func (t *ticker) tell(format string, args ...any) {
	if now := time.Now(); now.Sub(t.last) > progressEvery {
		t.last = now
		fmt.Fprintf(t.to, format+"\n", args...)
	}
}
