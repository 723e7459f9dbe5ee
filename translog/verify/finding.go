package verify

import (
	"fmt"
	"sync"

	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/translog"
)

// Finding is what is wrong.
type Finding struct {
	// Position is that of the first event that is wrong, or at or before which something is.
	Position int64
	// In is the table, or what else is wrong.
	In   string
	What string
}

func (f *Finding) Error() string { return fmt.Sprintf("position %d, %s: %s", f.Position, f.In, f.What) }

// Options are what a check goes by.
type Options struct {
	// Since are checkpoints that somebody kept.
	Since []translog.Checkpoint
	// Key is the verifier key that is trusted, empty for none: then signatures are checked
	// with what the log itself calls its keys.
	Key string
	// Progress is told how many of so many events have been checked; it may be nil. It is
	// called by many goroutines.
	Progress func(done, of int64)
	// Event is given each event of a file, unless it is nil. Its error ends the check. The
	// event is the caller's.
	Event func(*protocol.Envelope) error
}

// Report is what was proved.
type Report struct {
	// Events is how many there are, Sealed how many of them are under the checkpoint.
	Events, Sealed int64
	// Entries is the number of the tag index's entries that were compared, 0 without a database.
	Entries int64
	// Checkpoint is the newest one.
	Checkpoint translog.Checkpoint
	// Continues are the sizes of the kept checkpoints that the log continues.
	Continues []int64
	// Trusted says that the chain of keys begins with the one that is trusted.
	Trusted bool
}

// findings keeps the first of those that many goroutines make.
type findings struct {
	mu    sync.Mutex
	first *Finding
}

func (f *findings) add(found *Finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == nil || found.Position < f.first.Position {
		f.first = found
	}
}

func (f *findings) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == nil {
		return nil
	}
	return f.first
}
