package eventstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// statement is a prepared statement with its parameters in PostgreSQL's binary form;
// nil is NULL.
type statement struct {
	name       string
	parameters [][]byte
}

// outcome is what became of a transaction.
type outcome struct {
	// err is nil if the transaction was committed.
	err error
	// lost says that no answer came, so that nobody knows whether the transaction was,
	// or will be, committed. The connection is of no more use.
	lost bool
	// completed is the number of statements that the server has carried out.
	completed int
}

var binaryFormat = []int16{pgx.BinaryFormatCode} // of all parameters and results

// transact carries out the statements, of which the last is COMMIT, in one round trip
// within batchLimit. The server skips what follows an error.
func transact(conn *pgx.Conn, statements []statement) (o outcome) {
	ctx, cancel := context.WithTimeout(context.Background(), batchLimit)
	defer cancel()
	batch := &pgconn.Batch{}
	for _, s := range statements {
		batch.ExecPrepared(s.name, s.parameters, binaryFormat, binaryFormat)
	}
	answers := conn.PgConn().ExecBatch(ctx, batch)
	tag := ""
	for answers.NextResult() {
		result, err := answers.ResultReader().Close()
		if err != nil {
			break // Close says it again
		}
		tag = result.String()
		o.completed++
	}
	o.err = answers.Close()
	if o.err == nil && (o.completed != len(statements) || tag != "COMMIT") {
		o.err = fmt.Errorf("a transaction ended with %s after %d statements", tag, o.completed)
	}
	o.lost = o.err != nil && !definite(o.err)
	return o
}
