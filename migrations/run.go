package migrations

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed *.sql
var files embed.FS

// lock is the advisory lock's key, the ASCII codes of "opsledg".
const lock int64 = 0x6f70736c656467

// migration is one file; its number is the name's start, as in 0001_log.sql.
type migration struct {
	number int
	name   string
	sql    string
}

// Run applies what the database lacks. Processes that start together wait for
// each other. A database of a newer program is refused.
func Run(ctx context.Context, pool *pgxpool.Pool) error {
	list, err := load(files)
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return apply(ctx, tx, m, len(list)) }); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
	}
	return nil
}

// load reads the files in order; their numbers are 1, 2, 3 …
func load(source fs.FS) ([]migration, error) {
	names, err := fs.Glob(source, "*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	list := make([]migration, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(source, name)
		if err != nil {
			return nil, err
		}
		prefix, _, _ := strings.Cut(name, "_")
		number, err := strconv.Atoi(prefix)
		if err != nil || number != len(list)+1 {
			return nil, fmt.Errorf("migration %s: its number must be %d", name, len(list)+1)
		}
		list = append(list, migration{number: number, name: name, sql: string(text)})
	}
	return list, nil
}

// apply runs one migration unless the database has it. The lock lives as long as
// the transaction. The table of migrations is created under the lock, since
// CREATE IF NOT EXISTS races.
func apply(ctx context.Context, tx pgx.Tx, m migration, known int) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", lock); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS public.schema_migrations (
		number int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`); err != nil {
		return err
	}
	var newest int
	if err := tx.QueryRow(ctx, "SELECT coalesce(max(number), 0) FROM public.schema_migrations").Scan(&newest); err != nil {
		return err
	}
	switch {
	case newest > known:
		return fmt.Errorf("the database has migration %d, this program knows %d: it belongs to a newer opsledger", newest, known)
	case newest >= m.number:
		return nil
	}
	if _, err := tx.Conn().PgConn().Exec(ctx, m.sql).ReadAll(); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO public.schema_migrations (number, name) VALUES ($1, $2)", m.number, m.name)
	return err
}
