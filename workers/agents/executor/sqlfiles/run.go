package sqlfiles

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/opsledger/opsledger/internal/pgtls"
)

// Observer is told what happens, from the goroutine that runs the files.
type Observer struct {
	// Message is called for each notice of the server.
	Message func(text string)
	// Ran is called after each file.
	Ran func(file File)
	// Committing is called before the commit, with the transaction's id. When it
	// fails, nothing is committed.
	Committing func(xid string) error
}

// UnknownError says that it is not known whether the transaction was committed.
type UnknownError struct {
	XID   string
	Cause error
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("whether transaction %s was committed is not known: %v", e.XID, e.Cause)
}

func (e *UnknownError) Unwrap() error { return e.Cause }

// Run runs the files in order in one transaction. If the commit's answer is lost, Run asks
// the database what became of the transaction, and returns *UnknownError if that fails, too.
//
// Invariants:
//  1. No file ends the transaction. Each statement is sent alone, by the extended protocol, in
//     which the server itself refuses a text that it reads as several statements. The first
//     word of what is sent is that of the statement for both readers, since no quote comes
//     before it, and [Read] has refused the words that end a transaction. So nothing depends
//     on where the quotes end, which settings and encodings can change.
//  2. Every file starts from the settings and the role that the connection began with, and
//     with each constraint deferred or not as it is declared.
func Run(ctx context.Context, url string, files []File, o Observer) error {
	conn, err := connect(ctx, url, o.Message)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	var xid string
	err = inTransaction(ctx, conn, files, o, &xid)
	var unsure *commitError
	if !errors.As(err, &unsure) {
		return err
	}
	committed, askErr := Committed(context.WithoutCancel(ctx), url, xid)
	switch {
	case askErr != nil:
		return &UnknownError{XID: xid, Cause: askErr}
	case committed:
		return nil
	}
	return unsure.cause
}

// commitError is a commit without an answer.
type commitError struct{ cause error }

func (e *commitError) Error() string { return e.cause.Error() }

func inTransaction(ctx context.Context, conn *pgx.Conn, files []File, o Observer, xid *string) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // does nothing after the commit
	if *xid, err = currentXID(ctx, conn); err != nil {
		return err
	}
	for _, f := range files {
		if err := startAnew(ctx, conn); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if err := runFile(ctx, conn, f); err != nil {
			return err
		}
		if err := endFile(ctx, conn, *xid); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		o.Ran(f)
	}
	if err := startAnew(ctx, conn); err != nil { // what runs at the commit does so with the settings of the start, too
		return err
	}
	if err := o.Committing(*xid); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		var refused *pgconn.PgError
		if errors.As(err, &refused) || errors.Is(err, pgx.ErrTxCommitRollback) {
			return fmt.Errorf("commit: %w", explain(err))
		}
		return &commitError{err}
	}
	return nil
}

// endFile checks that the transaction goes on as it began, and undoes SET CONSTRAINTS, which
// checks what was deferred by it.
func endFile(ctx context.Context, conn *pgx.Conn, xid string) error {
	if err := restoreConstraints(ctx, conn); err != nil {
		return explain(err)
	}
	switch now, err := currentXID(ctx, conn); {
	case err != nil:
		return err
	case now != xid:
		return errDivided
	}
	return nil
}

func currentXID(ctx context.Context, conn *pgx.Conn) (xid string, err error) {
	err = conn.QueryRow(ctx, "SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text").Scan(&xid)
	return xid, err
}

// Committed asks the database what became of a transaction. An error means that
// it could not be asked, or that the transaction is still being carried out.
func Committed(ctx context.Context, url, xid string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	conn, err := connect(ctx, url, func(string) {})
	if err != nil {
		return false, err
	}
	defer closeConn(conn)
	for {
		var status *string
		if err := conn.QueryRow(ctx, "SELECT pg_catalog.pg_xact_status($1::pg_catalog.text::pg_catalog.xid8)", xid).Scan(&status); err != nil {
			return false, err
		}
		switch {
		case status == nil:
			return false, fmt.Errorf("the database no longer knows transaction %s", xid)
		case *status != "in progress":
			return *status == "committed", nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(askAgain):
		}
	}
}

const (
	connectTimeout = 10 * time.Second
	askPatience    = 30 * time.Second
	askAgain       = 50 * time.Millisecond
	closeTimeout   = 5 * time.Second
	longestMessage = 64 << 10
)

func connect(ctx context.Context, url string, message func(string)) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database's address: %w", pgtls.Unreadable(err))
	}
	if hosts := pgtls.Protect(&config.Config); len(hosts) > 0 {
		message("WARNING: what goes to " + strings.Join(hosts, ", ") + " is not encrypted: the address says sslmode=disable")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // what is prepared is the files' own
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		message(shorten(n.Severity + ": " + n.Message))
	}
	// A context that ends cancels the statement on the server: closing the
	// connection alone would leave it running, with its locks.
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: closeTimeout}
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", pgtls.Explain(err))
	}
	return conn, nil
}

// shorten bounds a text of the server's, and cuts it between two characters.
func shorten(text string) string {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	if len(text) <= longestMessage {
		return text
	}
	end := longestMessage
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = conn.Close(ctx) // the transaction has ended before
}
