package executor

import (
	"io"
	"os"
	"time"
)

const (
	// outputPatience is how long more output is waited for once all processes have
	// ended: one that could not be ended may still hold the pipe.
	outputPatience = 2 * time.Second
	// outputLeft bounds what is read then. It is the most that a pipe can hold.
	outputLeft = 1 << 20
)

// output reads a pipe of an attempt.
//
// Invariant: what is in the pipe when the processes have ended is read, however slow
// the reader is; only the wait for more is limited.
type output struct {
	pipe  *os.File
	ended <-chan struct{}
	left  io.Reader
}

func newOutput(pipe *os.File, ended <-chan struct{}) *output {
	return &output{pipe, ended, io.LimitReader(pipe, outputLeft)}
}

func (o *output) Read(p []byte) (int, error) {
	select {
	case <-o.ended:
	default:
		return o.pipe.Read(p)
	}
	if err := o.pipe.SetReadDeadline(time.Now().Add(outputPatience)); err != nil {
		return 0, err
	}
	return o.left.Read(p)
}
