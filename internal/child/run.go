package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
)

// Run runs the program to its end and returns what it wrote to standard output
// and standard error. When ctx ends first the program is killed.
func Run(ctx context.Context, spec Spec) ([]byte, error) {
	var out bytes.Buffer
	spec.Log = &out
	p, err := Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Kill()
		return out.Bytes(), fmt.Errorf("%s: %w", spec.name(), ctx.Err())
	}
	if err := p.Err(); err != nil {
		return out.Bytes(), fmt.Errorf("%s: %w", spec.name(), err)
	}
	return out.Bytes(), nil
}

func isFinished(err error) bool { return errors.Is(err, os.ErrProcessDone) }
