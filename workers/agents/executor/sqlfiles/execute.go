package sqlfiles

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Limits of the statements that are sent before their answers are read.
const (
	mostTogether  = 500
	bytesTogether = 1 << 20
)

// errDivided should never be seen: see the invariants of Run.
var errDivided = errors.New("it ended the transaction; what it did until then may stay")

// afresh brings back what the connection began with. Temporary tables stay: they are part
// of what the files of one transaction make.
const afresh = `RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DEALLOCATE ALL; SET standard_conforming_strings = on`

func startAnew(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.PgConn().Exec(ctx, afresh).ReadAll()
	return err
}

// runFile runs a file's statements, many on their way at a time.
func runFile(ctx context.Context, conn *pgx.Conn, f File) error {
	for left := f.statements; len(left) > 0; {
		n, bytes := 0, 0
		for ; n < len(left) && n < mostTogether && bytes < bytesTogether; n++ {
			bytes += len(left[n].sql)
		}
		if done, err := runSome(ctx, conn.PgConn(), left[:n]); err != nil {
			return describe(f.Name, left[min(done, n-1)], err)
		}
		if err := f.readRight(conn.PgConn()); err != nil {
			return describe(f.Name, left[0], err)
		}
		left = left[n:]
	}
	return nil
}

// runSome runs statements and returns how many succeeded. Rows that they return are dropped.
func runSome(ctx context.Context, conn *pgconn.PgConn, some []statement) (done int, err error) {
	batch := &pgconn.Batch{}
	for _, st := range some {
		batch.ExecParams(st.sql, nil, nil, nil, nil)
	}
	results := conn.ExecBatch(ctx, batch)
	for results.NextResult() {
		if _, err := results.ResultReader().Close(); err != nil {
			break // Close has it, too
		}
		done++
	}
	if err := results.Close(); err != nil {
		return done, err
	}
	if conn.TxStatus() != 'T' {
		return done, errDivided
	}
	return done, nil
}

// readRight returns an error if the server read the file in another encoding than it has.
func (f File) readRight(conn *pgconn.PgConn) error {
	switch encoding := conn.ParameterStatus("client_encoding"); {
	case f.ascii, encoding == "UTF8", encoding == "SQL_ASCII":
		return nil
	default:
		return fmt.Errorf("the file is UTF-8, and sets client_encoding to %s", encoding)
	}
}

// severalStatements is what the server says of a text that it reads as more than one
// statement.
const severalStatements = "cannot insert multiple commands into a prepared statement"

// describe adds file and line to a server's error.
func describe(name string, st statement, err error) error {
	line := st.line
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		line += linesBefore(st.sql, int(refused.Position))
	}
	return fmt.Errorf("%s:%d: %w", name, line, explain(err))
}

// explain puts together what the server says of an error.
func explain(err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return err
	}
	texts := []string{refused.Message}
	if refused.Message == severalStatements {
		texts = append(texts, "the server reads other statements here than the file has with standard_conforming_strings on, and runs none of them")
	}
	for _, more := range []string{refused.Detail, refused.Hint} {
		if more != "" {
			texts = append(texts, more)
		}
	}
	return fmt.Errorf("%s (SQLSTATE %s)", shorten(strings.Join(texts, "; ")), refused.Code)
}

// linesBefore counts the line ends before a position, which counts characters from 1 and is
// 0 where none is known.
func linesBefore(text string, position int) (lines int) {
	for _, r := range text {
		if position--; position <= 0 {
			break
		}
		if r == '\n' {
			lines++
		}
	}
	return lines
}
