package translog

import (
	"context"
	"fmt"
	"maps"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// Regrowth makes the tree of a log anew whose events come from elsewhere, in the transaction in
// which they are written.
type Regrowth struct {
	tx     pgx.Tx
	origin string
	tree   Tree
	fresh  map[Coord][]byte
}

// freshTiles bounds the tiles that wait to be written.
const freshTiles = 500

// NewRegrowth begins the tree under an origin, or, if that is empty, one that is only computed.
func NewRegrowth(tx pgx.Tx, origin string) *Regrowth {
	r := &Regrowth{tx: tx, origin: origin, fresh: map[Coord][]byte{}}
	if origin != "" {
		r.tree.Tile = func(at Coord, hashes []byte) { r.fresh[at] = hashes }
	}
	return r
}

// Add adds the next event's leaf.
func (r *Regrowth) Add(ctx context.Context, leaf tlog.Hash) error {
	r.tree.Add(leaf)
	if len(r.fresh) < freshTiles {
		return nil
	}
	return r.flush(ctx)
}

func (r *Regrowth) flush(ctx context.Context) error {
	if err := writeTiles(ctx, r.tx, r.origin, r.fresh); err != nil {
		return fmt.Errorf("write tiles: %w", err)
	}
	clear(r.fresh)
	return nil
}

// End refuses a tree that is not the checkpoint's. Else a Publisher of this log goes on with the
// tree behind that checkpoint, provided that it has the last of the keys.
func (r *Regrowth) End(ctx context.Context, log uuid.UUID, c Checkpoint, keys []Key) error {
	if err := r.check(c); err != nil {
		return err
	}
	if r.origin == "" {
		return nil
	}
	maps.Copy(r.fresh, r.tree.Edge())
	if err := r.flush(ctx); err != nil {
		return err
	}
	if err := putTree(ctx, r.tx, r.origin, log, c); err != nil {
		return err
	}
	for _, k := range keys {
		if _, err := r.tx.Exec(ctx, insertKey, r.origin, k.Since, k.Verifier, k.Checkpoint); err != nil {
			return fmt.Errorf("write the keys of checkpoints: %w", err)
		}
	}
	return nil
}

// check refuses a tree that is not the checkpoint's.
func (r *Regrowth) check(c Checkpoint) error {
	if r.tree.Size() != c.Size || r.tree.Root() != c.Root {
		return fmt.Errorf("the tree of %d events is not the one that the checkpoint of position %d was signed of", r.tree.Size(), c.Size)
	}
	return nil
}

// Reserve keeps an origin for the log that has signed under it: no other log that is in this
// database signs anything under it.
func Reserve(ctx context.Context, tx pgx.Tx, origin string, log uuid.UUID) error {
	return putTree(ctx, tx, origin, log, Checkpoint{})
}

func putTree(ctx context.Context, tx pgx.Tx, origin string, log uuid.UUID, c Checkpoint) error {
	_, err := tx.Exec(ctx, `INSERT INTO translog.tree (origin, log, size, signed_size, checkpoint, begun)
		SELECT $1, $2, $3, $3, $4, coalesce(max(begun), 0) + 1 FROM translog.tree`, origin, log, c.Size, c.Note)
	if err != nil {
		return fmt.Errorf("write the tree: %w", err)
	}
	return nil
}

// Reserved says whether an origin is kept for the log.
func Reserved(ctx context.Context, tx pgx.Tx, log uuid.UUID) (is bool, err error) {
	err = tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM translog.tree WHERE log = $1)", log).Scan(&is)
	return is, err
}
