package main

import (
	"context"
	"time"

	v1 "github.com/opsledger/opsledger/api/v1"
	outputs "github.com/opsledger/opsledger/workers/control/output"
)

// attemptOutput lets the API read what attempts print: package api does not know
// package workers.
type attemptOutput struct{ store *outputs.Store }

// Open implements [v1.Output].
func (o attemptOutput) Open(ctx context.Context, of v1.AttemptOutput, after int64) (v1.OutputReader, error) {
	r, err := o.store.Open(ctx, of.Machine, of.Task, of.Attempt, after)
	if err != nil {
		return nil, err
	}
	return outputReader{r}, nil
}

// LateWithin implements [v1.Output].
func (attemptOutput) LateWithin() time.Duration { return outputs.LateWithin }

type outputReader struct{ *outputs.Reader }

// Next implements [v1.OutputReader].
func (r outputReader) Next(ctx context.Context) ([]v1.OutputLine, error) {
	read, err := r.Reader.Next(ctx)
	lines := make([]v1.OutputLine, len(read))
	for i, l := range read {
		lines[i] = v1.OutputLine{Number: l.Number, At: l.At, Err: l.Err, Text: l.Text}
	}
	return lines, err
}
