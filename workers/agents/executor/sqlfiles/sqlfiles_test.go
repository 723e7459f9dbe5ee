package sqlfiles_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/executor/sqlfiles"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// watch returns an observer that keeps what it is told.
func watch(messages *[]string, xid *string) sqlfiles.Observer {
	return sqlfiles.Observer{
		Message: func(text string) { *messages = append(*messages, text) },
		Ran:     func(sqlfiles.File) {},
		Committing: func(id string) error {
			*xid = id
			return nil
		},
	}
}

func tables(t *testing.T, url string) (names string) {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := pool.QueryRow(t.Context(), "SELECT coalesce(string_agg(tablename, ' ' ORDER BY tablename), '') FROM pg_tables WHERE schemaname = 'public'").Scan(&names); err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAllOrNothing(t *testing.T) {
	t.Parallel()
	url := testkit.EmptyPostgresURL(t)
	var messages []string
	var xid string
	o := watch(&messages, &xid)
	good := read(t, "a.sql", "CREATE TABLE a(); CREATE TABLE b();", "b.sql", "DO $$ BEGIN RAISE NOTICE 'hello'; END $$")
	err := sqlfiles.Run(t.Context(), url, append(good[:2:2], read(t, "c.sql", "SELECT 1;\nSELECT nothing;")...), o)
	if err == nil || !strings.HasPrefix(err.Error(), "c.sql:2: ") || !strings.Contains(err.Error(), "42703") {
		t.Errorf("got %v", err)
	}
	if got := tables(t, url); got != "" {
		t.Errorf("a failed run left %s", got)
	}
	if err := sqlfiles.Run(t.Context(), url, good, o); err != nil {
		t.Fatal(err)
	}
	if got := tables(t, url); got != "a b" {
		t.Errorf("there is %q", got)
	}
	if strings.Join(messages, "|") != "NOTICE: hello|NOTICE: hello" {
		t.Errorf("messages %q", messages)
	}
	if committed, err := sqlfiles.Committed(t.Context(), url, xid); !committed || err != nil {
		t.Errorf("committed: %v %v", committed, err)
	}
}

func TestRefusedCommitIsKnown(t *testing.T) {
	t.Parallel()
	url := testkit.EmptyPostgresURL(t)
	var xid string
	var messages []string
	o := watch(&messages, &xid)
	// A deferred constraint speaks at the commit.
	sql := "CREATE TABLE a(i int PRIMARY KEY); CREATE TABLE b(i int REFERENCES a DEFERRABLE INITIALLY DEFERRED); INSERT INTO b VALUES (1);"
	var unknown *sqlfiles.UnknownError
	if err := sqlfiles.Run(t.Context(), url, read(t, "a.sql", sql), o); err == nil || errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
	if committed, err := sqlfiles.Committed(t.Context(), url, xid); committed || err != nil {
		t.Errorf("committed: %v %v", committed, err)
	}
	stop := errors.New("the journal's disk is full")
	o.Committing = func(string) error { return stop }
	if err := sqlfiles.Run(t.Context(), url, read(t, "a.sql", "CREATE TABLE c()"), o); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if got := tables(t, url); got != "" {
		t.Errorf("there is %q", got)
	}
}

func TestCancelEndsTheStatement(t *testing.T) {
	t.Parallel()
	url := testkit.EmptyPostgresURL(t)
	ctx, cancel := context.WithCancel(t.Context())
	var xid string
	o := watch(new([]string), &xid)
	o.Message = func(string) { cancel() }
	began := time.Now()
	if err := sqlfiles.Run(ctx, url, read(t, "a.sql", "CREATE TABLE a(); DO $$ BEGIN RAISE NOTICE 'now'; PERFORM pg_sleep(3600); END $$"), o); err == nil {
		t.Error("it was not cancelled")
	}
	if took := time.Since(began); took > testkit.Patience {
		t.Errorf("it took %v", took)
	}
	if got := tables(t, url); got != "" {
		t.Errorf("there is %q", got)
	}
}

func TestNoPasswordInErrors(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://u:geheim@127.0.0.1:1/x", "postgres://u:geheim@[", "host=127.0.0.1 password=geheim port=x"} {
		err := sqlfiles.Run(t.Context(), url, nil, watch(new([]string), new(string)))
		if err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v", err)
		}
	}
}

// A database on another machine gets nothing in clear unless its address says so, and then
// the task's output says it, too.
func TestDatabaseElsewhere(t *testing.T) {
	t.Parallel()
	at := testkit.PlainPostgres(t).String()
	files := read(t, "a.sql", "CREATE TABLE a()")
	for _, mode := range []string{"", "?sslmode=prefer", "?sslmode=allow", "?sslmode=require"} {
		err := sqlfiles.Run(t.Context(), at+mode, files, watch(new([]string), new(string)))
		if err == nil || !strings.Contains(err.Error(), "sslmode=verify-full") {
			t.Errorf("%q: %v", mode, err)
		}
	}
	var messages []string
	err := sqlfiles.Run(t.Context(), at+"?sslmode=disable", files, watch(&messages, new(string)))
	if err != nil || len(messages) != 1 || !strings.Contains(messages[0], "is not encrypted") {
		t.Errorf("%v, %q", err, messages)
	}
}
