package main

import (
	"context"

	"github.com/opsledger/opsledger/api"
	outputs "github.com/opsledger/opsledger/workers/control/output"
)

// attemptOutput lets the API read what attempts print: package api does not know
// package workers.
type attemptOutput struct{ store *outputs.Store }

// Open implements [api.Output].
func (o attemptOutput) Open(ctx context.Context, of api.AttemptOutput, after int64) (api.OutputReader, error) {
	r, err := o.store.Open(ctx, of.Machine, of.Task, of.Attempt, after)
	if err != nil {
		return nil, err
	}
	return outputReader{r}, nil
}

type outputReader struct{ *outputs.Reader }

// Next implements [api.OutputReader].
func (r outputReader) Next(ctx context.Context) ([]api.OutputLine, error) {
	read, err := r.Reader.Next(ctx)
	lines := make([]api.OutputLine, len(read))
	for i, l := range read {
		lines[i] = api.OutputLine{Number: l.Number, At: l.At, Err: l.Err, Text: l.Text}
	}
	return lines, err
}
