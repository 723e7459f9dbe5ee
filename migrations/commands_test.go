package migrations_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/migrations"
)

// insertCommand is how a process of the version before 0005 keeps a command.
const insertCommand = `INSERT INTO log.commands (command_id, fingerprint, first, last, status, body, recorded_at)
	SELECT command_id, '\x01', 1, 1, NULL, NULL, now() FROM unnest($1::uuid[]) AS c(command_id)`

// The commands leave the append-only tables while a process of the version before
// appends: none is lost, none can be written twice, and what was there lives on for
// a whole life.
func TestCommandsLeaveTheLog(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), testkit.EmptyPostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := migrations.RunFirst(t.Context(), pool, 4); err != nil {
		t.Fatal(err)
	}
	old := newOldProcess(t, pool)
	old.mustAppend(50)
	var appending sync.WaitGroup
	migrated := make(chan struct{})
	appending.Go(func() {
		for n := 0; n < 20; n++ { // twenty more when the migration has ended
			select {
			case <-migrated:
			default:
				n = 0
			}
			old.mustAppend(1)
		}
	})
	if err := migrations.Run(t.Context(), pool); err != nil {
		t.Error(err)
	}
	close(migrated)
	appending.Wait()

	var kept, whole int
	err = pool.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE expires_at > now() + interval '6 days 23 hours')
		FROM cache.commands`).Scan(&kept, &whole)
	if err != nil || kept != len(old.written) || whole != kept {
		t.Errorf("%d commands are kept, %d for a whole life, of %d; %v", kept, whole, len(old.written), err)
	}
	var refused *pgconn.PgError
	for _, id := range []string{old.written[0], old.written[len(old.written)-1]} {
		if err := old.append(id); !errors.As(err, &refused) || refused.Code != "23505" {
			t.Errorf("command %s was written twice: %v", id, err)
		}
	}
	if _, err := pool.Exec(t.Context(), "DELETE FROM cache.commands WHERE command_id = $1", old.written[0]); err != nil {
		t.Errorf("the cache is append-only: %v", err)
	}
}

// oldProcess keeps commands by a statement that it prepared before the migration.
type oldProcess struct {
	t       *testing.T
	conn    *pgx.Conn
	written []string
}

func newOldProcess(t *testing.T, pool *pgxpool.Pool) *oldProcess {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err := conn.Prepare(t.Context(), "insert", insertCommand); err != nil {
		t.Fatal(err)
	}
	return &oldProcess{t: t, conn: conn}
}

func (p *oldProcess) append(id string) error {
	_, err := p.conn.Exec(p.t.Context(), "insert", []string{id})
	return err
}

func (p *oldProcess) mustAppend(n int) {
	for range n {
		id := uuid.NewString()
		if err := p.append(id); err != nil {
			p.t.Errorf("the old process cannot append: %v", err)
		}
		p.written = append(p.written, id)
	}
}
