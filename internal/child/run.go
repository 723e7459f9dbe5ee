package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
)

// confinedOutput is how much of a confined program's output Run returns.
const confinedOutput = 64 << 10

// Run runs the program to its end and returns what it wrote to standard output
// and standard error; of a confined program the beginning. When ctx ends first the
// program is killed.
func Run(ctx context.Context, spec Spec) ([]byte, error) {
	var out bytes.Buffer
	spec.Log = &out
	if spec.Confined != nil {
		spec.Log = &beginning{&out}
	}
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

// beginning keeps the first confinedOutput octets that are written, and drops the rest.
type beginning struct{ kept *bytes.Buffer }

func (b *beginning) Write(data []byte) (int, error) {
	b.kept.Write(data[:min(len(data), confinedOutput-b.kept.Len())])
	return len(data), nil
}
