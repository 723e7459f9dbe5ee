package translog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/mod/sumdb/tlog"
)

// querier is a pool, a connection or a transaction.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// state is a row of translog.tree.
type state struct {
	log    uuid.UUID
	origin string
	size   int64
	// signed is the newest checkpoint; its size is 0 before the first.
	signed Checkpoint
}

const (
	// lockKey is that of the advisory lock of who writes the tree.
	lockKey     = "hashtextextended('opsledger translog', 0)"
	selectState = "SELECT log, origin, size, signed_size, checkpoint FROM translog.tree"
	// ofPublished finds the row of the origin that is published.
	ofPublished = " ORDER BY begun DESC LIMIT 1"
	insertKey   = "INSERT INTO translog.keys (origin, since, verifier, checkpoint) VALUES ($1, $2, $3, $4)"
)

// readPublished returns the state of the origin that is published, or pgx.ErrNoRows while there is none.
func readPublished(ctx context.Context, q querier) (state, error) {
	return scanState(q.QueryRow(ctx, selectState+ofPublished))
}

// scanState returns a [contradiction] if what is there was not written by a Publisher.
func scanState(row pgx.Row) (s state, err error) {
	var signed int64
	var note string
	if err := row.Scan(&s.log, &s.origin, &s.size, &signed, &note); err != nil {
		return s, err
	}
	if note != "" {
		s.signed, err = ParseCheckpoint(note)
	}
	if err != nil || s.signed.Size != signed || note != "" && s.signed.Origin != s.origin {
		return s, &contradiction{fmt.Sprintf("the newest checkpoint in the database cannot be that of position %d of %q, which was signed: %.100q",
			signed, s.origin, note)}
	}
	return s, nil
}

// State is what PostgreSQL has of the tree beside its tiles.
type State struct {
	// Log is the id of the log that the tree is of.
	Log string
	// Size is how many events are in the tiles.
	Size int64
	// Checkpoint is the newest one, Keys are those of the origin's checkpoints, in order.
	Checkpoint Checkpoint
	Keys       []Key
}

// ReadState returns the state of the origin that is published, all of one moment, and
// ErrNotPublished where there is no checkpoint.
func ReadState(ctx context.Context, conn *pgx.Conn) (st State, err error) {
	oneMoment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, conn, oneMoment, func(tx pgx.Tx) error {
		st, err = ReadStateIn(ctx, tx)
		return err
	})
	return st, err
}

// ReadStateIn is ReadState within a transaction, which must be of one moment.
func ReadStateIn(ctx context.Context, tx pgx.Tx) (st State, err error) {
	s, err := readPublished(ctx, tx)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && s.signed.Size == 0 {
		return st, ErrNotPublished
	}
	if err != nil {
		return st, err
	}
	keys, err := readPublicKeys(ctx, tx)
	return State{s.log.String(), s.size, s.signed, keys}, err
}

// ReadTiles returns those of the origin's tiles that PostgreSQL has.
func ReadTiles(ctx context.Context, conn *pgx.Conn, origin string, want []Coord) (map[Coord][]byte, error) {
	return readTiles(ctx, conn, origin, slices.Clone(want))
}

// begin goes on with the tree of the log under the origin, or begins it, and publishes it from
// now on. A tree under another origin stays as it is: whoever comes back to that one must go
// on with what was signed under it.
func begin(ctx context.Context, conn *pgx.Conn, log uuid.UUID, origin string) (s state, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		s, err = scanState(tx.QueryRow(ctx, `INSERT INTO translog.tree AS t (origin, log, size, signed_size, checkpoint, begun)
			SELECT $1, $2, 0, 0, '', coalesce(max(begun), 0) + 1 FROM translog.tree
			ON CONFLICT (origin) DO UPDATE SET begun = excluded.begun
			RETURNING t.log, t.origin, t.size, t.signed_size, t.checkpoint`, origin, log))
		if err == nil && s.log != log {
			err = &contradiction{fmt.Sprintf("the tree under the origin %q is of log %s, and the database has log %s", origin, s.log, log)}
		}
		return err
	})
	return s, err
}

// readTiles returns those of the origin's tiles that are there.
func readTiles(ctx context.Context, q querier, origin string, want []Coord) (map[Coord][]byte, error) {
	var levels []int16
	var numbers []int64
	slices.SortFunc(want, func(a, b Coord) int { return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.N, b.N)) })
	for _, c := range slices.Compact(want) {
		levels, numbers = append(levels, int16(c.Level)), append(numbers, c.N)
	}
	rows, err := q.Query(ctx, `SELECT t.level, t.n, t.hashes FROM unnest($1::smallint[], $2::bigint[]) w(level, n)
		JOIN translog.tiles t ON t.origin = $3 AND t.level = w.level AND t.n = w.n`, levels, numbers, origin)
	if err != nil {
		return nil, fmt.Errorf("read tiles: %w", err)
	}
	tiles := make(map[Coord][]byte, len(want))
	var c Coord
	var hashes []byte
	_, err = pgx.ForEachRow(rows, []any{&c.Level, &c.N, &hashes}, func() error {
		tiles[c] = slices.Clone(hashes)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read tiles: %w", err)
	}
	return tiles, nil
}

// stored reads the nodes of the tree from PostgreSQL, and from the tiles that are about to be
// written.
func stored(ctx context.Context, q querier, origin string, fresh map[Coord][]byte) tlog.HashReader {
	return HashReader(func(want []Coord) (map[Coord][]byte, error) {
		tiles, err := readTiles(ctx, q, origin, slices.Clone(want))
		if err != nil {
			return nil, err
		}
		maps.Copy(tiles, fresh)
		return tiles, nil
	})
}

// writeTiles writes tiles that are new or have grown.
func writeTiles(ctx context.Context, q querier, origin string, tiles map[Coord][]byte) error {
	var levels []int16
	var numbers []int64
	var hashes [][]byte
	for c, data := range tiles {
		levels, numbers, hashes = append(levels, int16(c.Level)), append(numbers, c.N), append(hashes, data)
	}
	_, err := q.Exec(ctx, `INSERT INTO translog.tiles (origin, level, n, hashes)
		SELECT $4, * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])
		ON CONFLICT (origin, level, n) DO UPDATE SET hashes = excluded.hashes`, levels, numbers, hashes, origin)
	return err
}
