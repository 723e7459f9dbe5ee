package translog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
)

// ErrNotPublished says that no checkpoint covers what was asked for, or that there is none yet.
var ErrNotPublished = errors.New("no checkpoint covers this yet")

// Reader reads what Publishers of any process have published. All methods may be called
// concurrently.
type Reader struct {
	pool  *pgxpool.Pool
	store *eventstore.Store
}

// NewReader returns a Reader.
func NewReader(pool *pgxpool.Pool, store *eventstore.Store) *Reader { return &Reader{pool, store} }

// Checkpoint is the newest one, or ErrNotPublished.
func (r *Reader) Checkpoint(ctx context.Context) (Checkpoint, error) {
	s, err := readPublished(ctx, r.pool)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (s.signed.Size == 0 || s.log != r.store.LogID()) {
		return Checkpoint{}, ErrNotPublished
	}
	return s.signed, err
}

// covered returns the newest checkpoint, or ErrNotPublished if it does not cover the size.
func (r *Reader) covered(ctx context.Context, size int64) (Checkpoint, error) {
	c, err := r.Checkpoint(ctx)
	if err == nil && size > c.Size {
		err = ErrNotPublished
	}
	return c, err
}

// Tile returns the first hashes of a tile, 32 bytes each, or ErrNotPublished if it has fewer.
func (r *Reader) Tile(ctx context.Context, c Coord, width int) ([]byte, error) {
	newest, err := r.has(ctx, c, width)
	if err != nil {
		return nil, err
	}
	tiles, err := readTiles(ctx, r.pool, newest.Origin, []Coord{c})
	if err != nil {
		return nil, err
	}
	if len(tiles[c]) < width*tlog.HashSize {
		return nil, fmt.Errorf("tile %d of level %d is not all there", c.N, c.Level)
	}
	return tiles[c][:width*tlog.HashSize], nil
}

// has returns the newest checkpoint, or ErrNotPublished if the tile is not as wide under it.
func (r *Reader) has(ctx context.Context, c Coord, width int) (Checkpoint, error) {
	newest, err := r.Checkpoint(ctx)
	if err == nil && c.widthAt(newest.Size) < width {
		err = ErrNotPublished
	}
	return newest, err
}

// Entries returns the first entries below a tile of level 0, each with its length (uint16,
// big endian) before it. They are made of the events as they are now, so that who compares
// them with the tile sees a change.
func (r *Reader) Entries(ctx context.Context, n int64, width int) ([]byte, error) {
	if _, err := r.has(ctx, Coord{0, n}, width); err != nil {
		return nil, err
	}
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	from := domain.Position(n*TileWidth + 1)
	bundle := make([]byte, 0, width*(2+eventstore.EntrySize))
	// Event by event: 256 large ones together would be more than a hundred MiB.
	err = eventstore.AuditEvents(ctx, conn.Conn(), from, from+domain.Position(width), nil, func(e eventstore.AuditedEvent) error {
		bundle = binary.BigEndian.AppendUint16(bundle, eventstore.EntrySize)
		bundle = append(bundle, e.Entry[:]...)
		return nil
	})
	return bundle, err
}

// Inclusion proves (RFC 6962, 2.1.1) that the event at the position is in the tree of the
// size; size 0 is that of the newest checkpoint.
func (r *Reader) Inclusion(ctx context.Context, position, size int64) (of int64, leaf tlog.Hash, proof tlog.RecordProof, err error) {
	c, err := r.covered(ctx, max(size, position))
	if err != nil {
		return 0, leaf, nil, err
	}
	if size == 0 {
		size = c.Size
	}
	reader := stored(ctx, r.pool, c.Origin, nil)
	leaves, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, position-1)})
	if err != nil {
		return 0, leaf, nil, err
	}
	proof, err = tlog.ProveRecord(size, position-1, reader)
	return size, leaves[0], proof, err
}

// Consistency proves (RFC 6962, 2.1.2) that the tree of the second size continues that of the first.
func (r *Reader) Consistency(ctx context.Context, from, to int64) (tlog.TreeProof, error) {
	c, err := r.covered(ctx, to)
	if err != nil {
		return nil, err
	}
	return tlog.ProveTree(to, from, stored(ctx, r.pool, c.Origin, nil))
}

// Key is a key of checkpoints.
type Key struct {
	// Since is the position of the event by which the key came, 0 for the first.
	Since int64
	// Verifier is the verifier key (C2SP signed-note).
	Verifier string
	// Checkpoint covers that event and is signed with the key before as well, empty for the first.
	Checkpoint string
}

// Keys returns the keys of the published origin's checkpoints, in order; the last one is in force.
func (r *Reader) Keys(ctx context.Context) ([]Key, error) {
	keys, err := readPublicKeys(ctx, r.pool)
	if err == nil && len(keys) == 0 {
		err = ErrNotPublished
	}
	return keys, err
}

func readPublicKeys(ctx context.Context, q querier) ([]Key, error) {
	rows, err := q.Query(ctx, `SELECT since, verifier, checkpoint FROM translog.keys
		WHERE origin = (SELECT origin FROM translog.tree`+ofPublished+`) ORDER BY since`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Key])
}

// rootAt is the root of the tree of the size as the origin's tiles have it.
func rootAt(ctx context.Context, q querier, origin string, size int64) (tlog.Hash, error) {
	return tlog.TreeHash(size, stored(ctx, q, origin, nil))
}
