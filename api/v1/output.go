package v1

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
)

// errNoOutput: nothing of what tasks printed can be read.
const errNoOutput = api.Unavailable("the output of tasks cannot be read now, try again")

// Output keeps what attempts print, for a while and with limits. It is no part
// of the log.
type Output interface {
	// Open begins to read what is kept of an attempt's output, behind the given line
	// (0: from the first line that is kept). An attempt that printed nothing, or
	// of which nothing is kept, is no error.
	Open(ctx context.Context, of AttemptOutput, after int64) (OutputReader, error)
	// LateWithin is how long after an attempt's end lines of it may still come.
	LateWithin() time.Duration
}

// AttemptOutput names an attempt's output.
type AttemptOutput struct {
	Machine int64
	Task    string
	Attempt domain.Position
}

// OutputReader reads one attempt's output. It is for one goroutine.
type OutputReader interface {
	// Next returns the next lines, at least one, ascending; it waits while there are
	// none. Numbers that are left out belong to lines that are not kept, or that
	// the host dropped: they do not come later. The error is that of ctx when it
	// ended, after which Next may be called again.
	Next(ctx context.Context) ([]OutputLine, error)
	// Pending says whether Next would not wait, as far as is known without asking:
	// after Open and after each Next whether more was kept behind what was returned.
	Pending() bool
	// Close gives the reader up.
	Close()
}

// OutputLine is one line as a process printed it, made safe to show.
type OutputLine struct {
	// Number counts from 1.
	Number int64     `json:"line"`
	At     time.Time `json:"at"`
	// Err: the line came on standard error.
	Err  bool   `json:"err"`
	Text string `json:"text"`
}
