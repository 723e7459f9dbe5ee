package translog

import (
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

// state is the row of translog.tree.
type state struct {
	log    uuid.UUID
	origin string
	size   int64
	// signed is the newest checkpoint; its size is 0 before the first.
	signed Checkpoint
}

// readState returns pgx.ErrNoRows before the first event was put into the tree.
func readState(ctx context.Context, q querier) (s state, err error) {
	var note string
	err = q.QueryRow(ctx, "SELECT log, origin, size, checkpoint FROM translog.tree").Scan(&s.log, &s.origin, &s.size, &note)
	if err == nil && note != "" {
		s.signed, err = ParseCheckpoint(note)
	}
	return s, err
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

// ReadState returns ErrNotPublished where there is no checkpoint.
func ReadState(ctx context.Context, conn *pgx.Conn) (State, error) {
	s, err := readState(ctx, conn)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && s.signed.Size == 0 {
		return State{}, ErrNotPublished
	}
	if err != nil {
		return State{}, err
	}
	keys, err := readPublicKeys(ctx, conn)
	return State{s.log.String(), s.size, s.signed, keys}, err
}

// ReadTiles returns those of the tiles that PostgreSQL has.
func ReadTiles(ctx context.Context, conn *pgx.Conn, want []Coord) (map[Coord][]byte, error) {
	return readTiles(ctx, conn, slices.Clone(want))
}

// begin makes an empty tree of the log under the origin, if the one that is there is another's.
func begin(ctx context.Context, conn *pgx.Conn, log uuid.UUID, origin string) (state, error) {
	s, err := readState(ctx, conn)
	if err == nil && s.log == log && s.origin == origin {
		return s, nil
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) && !errors.Is(err, errNoCheckpoint) {
		return s, err
	}
	return state{log: log, origin: origin}, pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `TRUNCATE translog.tree, translog.tiles, translog.keys`)
		if err == nil {
			_, err = tx.Exec(ctx, `INSERT INTO translog.tree (log, origin, size, signed_size, checkpoint) VALUES ($1, $2, 0, 0, '')`, log, origin)
		}
		return err
	})
}

// readTiles returns those of the tiles that are there.
func readTiles(ctx context.Context, q querier, want []Coord) (map[Coord][]byte, error) {
	var levels []int16
	var numbers []int64
	slices.SortFunc(want, func(a, b Coord) int { return (a.Level-b.Level)*2 + compare(a.N, b.N) })
	for _, c := range slices.Compact(want) {
		levels, numbers = append(levels, int16(c.Level)), append(numbers, c.N)
	}
	rows, err := q.Query(ctx, `SELECT t.level, t.n, t.hashes FROM unnest($1::smallint[], $2::bigint[]) w(level, n)
		JOIN translog.tiles t ON t.level = w.level AND t.n = w.n`, levels, numbers)
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
func stored(ctx context.Context, q querier, fresh map[Coord][]byte) tlog.HashReader {
	return HashReader(func(want []Coord) (map[Coord][]byte, error) {
		tiles, err := readTiles(ctx, q, slices.Clone(want))
		if err != nil {
			return nil, err
		}
		maps.Copy(tiles, fresh)
		return tiles, nil
	})
}

// writeTiles writes tiles that are new or have grown.
func writeTiles(ctx context.Context, q querier, tiles map[Coord][]byte) error {
	var levels []int16
	var numbers []int64
	var hashes [][]byte
	for c, data := range tiles {
		levels, numbers, hashes = append(levels, int16(c.Level)), append(numbers, c.N), append(hashes, data)
	}
	_, err := q.Exec(ctx, `INSERT INTO translog.tiles (level, n, hashes) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])
		ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes`, levels, numbers, hashes)
	return err
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
