package program_test

import (
	"errors"
	"testing"

	"github.com/opsledger/opsledger/internal/program"
)

func TestOneLine(t *testing.T) {
	t.Parallel()
	joined := errors.Join(errors.New("migrate:\n\tfirst"), errors.New("second"), errors.New("second"))
	if got := program.OneLine(joined); got != "migrate: first; second" {
		t.Errorf("one line: %q", got)
	}
}
