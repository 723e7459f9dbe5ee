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

// Run runs the files in order in one transaction; Check has accepted them before. If the
// commit's answer is lost, Run asks the database what became of the transaction, and
// returns *UnknownError if that fails, too.
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
	// The files were checked for this meaning of a backslash.
	if _, err := tx.Exec(ctx, "SET LOCAL standard_conforming_strings = on"); err != nil {
		return err
	}
	if *xid, err = currentXID(ctx, conn); err != nil {
		return err
	}
	for _, f := range files {
		if err := runOne(ctx, conn, f, *xid); err != nil {
			return err
		}
		o.Ran(f)
	}
	if err := o.Committing(*xid); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		var refused *pgconn.PgError
		if errors.As(err, &refused) || errors.Is(err, pgx.ErrTxCommitRollback) {
			return describe(File{Name: "commit"}, err)
		}
		return &commitError{err}
	}
	return nil
}

func currentXID(ctx context.Context, conn *pgx.Conn) (xid string, err error) {
	err = conn.QueryRow(ctx, "SELECT pg_current_xact_id()::text").Scan(&xid)
	return xid, err
}

// runOne sends the file as it is, by the simple protocol, which takes many statements.
func runOne(ctx context.Context, conn *pgx.Conn, f File, xid string) error {
	results := conn.PgConn().Exec(ctx, f.SQL)
	if _, err := results.ReadAll(); err != nil {
		return describe(f, err)
	}
	// If Check has missed a statement of transaction control, it is at least noticed.
	if now, err := currentXID(ctx, conn); err != nil || now != xid {
		return fmt.Errorf("%s: it ended the transaction; what it did until then may stay (%w)", f.Name, errors.Join(err, errDivided))
	}
	return nil
}

var errDivided = errors.New("transaction control inside a file")

// describe adds file and line to a server's error.
func describe(f File, err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	place := f.Name
	if line := lineOf(f.SQL, int(refused.Position)); line > 0 {
		place += fmt.Sprintf(":%d", line)
	}
	text := refused.Message
	for _, more := range []string{refused.Detail, refused.Hint} {
		if more != "" {
			text += "; " + more
		}
	}
	return fmt.Errorf("%s: %s (SQLSTATE %s)", place, text, refused.Code)
}

// lineOf finds the line of a position, which counts characters from 1.
func lineOf(text string, position int) int {
	if position <= 0 {
		return 0
	}
	line := 1
	for _, r := range text {
		if position--; position == 0 {
			return line
		}
		if r == '\n' {
			line++
		}
	}
	return line
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
		if err := conn.QueryRow(ctx, "SELECT pg_xact_status($1::text::xid8)", xid).Scan(&status); err != nil {
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
	longestMessage = 4096
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
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		text := strings.ToValidUTF8(n.Severity+": "+n.Message, string(utf8.RuneError))
		message(text[:min(len(text), longestMessage)])
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

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = conn.Close(ctx) // the transaction has ended before
}
