package logfile

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/translog"
)

// Header is the first line.
type Header struct {
	// Log is the log's id, Key the verifier key of Checkpoint.
	Log        string `json:"log"`
	Key        string `json:"key"`
	Checkpoint string `json:"checkpoint"`
	// From is the position of the first event. Edge are the last tiles of the levels, from
	// level 0 on, of the tree of the events before it, with which the tree goes on.
	From int64    `json:"from"`
	Edge [][]byte `json:"edge"`
	// Keys are the keys from the one on that was in force at the first event.
	Keys []translog.Key `json:"keys"`
}

// Footer is the last line.
type Footer struct {
	Checkpoint string `json:"checkpoint"`
}

// piece is how many events are read with one statement.
const piece = 50_000

// Write writes the events from the position on up to the newest checkpoint, and returns how
// many there were. progress is told the position that was written last.
func Write(ctx context.Context, conn *pgx.Conn, to io.Writer, from int64, progress func(position, of int64)) (written int64, err error) {
	state, err := translog.ReadState(ctx, conn)
	if err != nil {
		return 0, fmt.Errorf("read the tree: %w", err)
	}
	return WriteUpTo(ctx, conn, to, state, from, progress)
}

// WriteUpTo is Write up to the checkpoint of a state that was read before.
func WriteUpTo(ctx context.Context, conn *pgx.Conn, to io.Writer, state translog.State, from int64, progress func(position, of int64),
) (written int64, err error) {
	last := state.Checkpoint.Size
	if from < 1 || from > last {
		return 0, fmt.Errorf("position %d is not under the newest checkpoint, which ends at %d", from, last)
	}
	out := bufio.NewWriterSize(to, 1<<20)
	header, err := headerOf(ctx, conn, state, from)
	if err != nil {
		return 0, err
	}
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	if err := lines.Encode(header); err != nil {
		return 0, err
	}
	next := from
	for next <= last {
		end := min(next+piece, last+1)
		if next, err = writeEvents(ctx, conn, out, next, end); err != nil {
			return 0, err
		}
		progress(next-1, last)
	}
	if err := lines.Encode(Footer{state.Checkpoint.Note}); err != nil {
		return 0, err
	}
	return next - from, out.Flush()
}

// writeEvents writes the events of next ≤ position < end, and returns end.
func writeEvents(ctx context.Context, conn *pgx.Conn, out io.Writer, next, end int64) (int64, error) {
	var line []byte
	err := eventstore.AuditEvents(ctx, conn, domain.Position(next), domain.Position(end), nil, func(e eventstore.AuditedEvent) (err error) {
		if int64(e.Position) != next {
			return fmt.Errorf("event %d is not in the log", next)
		}
		next++
		if line, err = protocol.AppendRow(line[:0], e.Envelope); err != nil {
			return err
		}
		_, err = out.Write(append(line, '\n'))
		return err
	})
	if err == nil && next != end {
		err = fmt.Errorf("event %d is not in the log", next)
	}
	return next, err
}

func headerOf(ctx context.Context, conn *pgx.Conn, state translog.State, from int64) (Header, error) {
	h := Header{Log: state.Log, Checkpoint: state.Checkpoint.Note, From: from, Edge: [][]byte{}}
	tiles, err := translog.ReadTiles(ctx, conn, state.Checkpoint.Origin, translog.EdgeOf(from-1))
	if err != nil {
		return h, err
	}
	tree, whole := translog.Resume(from-1, tiles)
	if !whole {
		return h, fmt.Errorf("the tiles of the tree of %d events are not all there", from-1)
	}
	for at, hashes := range tree.Edge() {
		for len(h.Edge) <= at.Level {
			h.Edge = append(h.Edge, []byte{})
		}
		h.Edge[at.Level] = hashes
	}
	for i, k := range state.Keys {
		if i+1 < len(state.Keys) && state.Keys[i+1].Since < from {
			continue // it was not in force any more
		}
		if len(h.Keys) == 0 {
			k.Checkpoint = "" // nobody can see here how it came
		}
		h.Keys = append(h.Keys, k)
	}
	h.Key = h.Keys[len(h.Keys)-1].Verifier
	return h, nil
}
