package pipeline

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Statement is a statement that was prepared on the connection, and its
// parameters in PostgreSQL's binary form; nil is NULL.
type Statement struct {
	Name       string
	Parameters [][]byte
}

var (
	binaryFormat = []int16{pgx.BinaryFormatCode} // of all parameters and results
	execute, _   = (&pgproto3.Execute{}).Encode(nil)
	syncPoint, _ = (&pgproto3.Sync{}).Encode(nil)
)

// encode returns the statements in PostgreSQL's protocol (version 3, extended
// query). They end with the point up to which the server skips what follows an error.
func encode(statements []Statement) []byte {
	size := len(syncPoint)
	for _, s := range statements {
		size += len(s.Name) + len(execute) + 32
		for _, p := range s.Parameters {
			size += len(p) + 4
		}
	}
	message := make([]byte, 0, size)
	for _, s := range statements {
		bind := pgproto3.Bind{
			PreparedStatement: s.Name, Parameters: s.Parameters,
			ParameterFormatCodes: binaryFormat, ResultFormatCodes: binaryFormat,
		}
		// Encode fails beyond a gigabyte, far above what one transaction may hold.
		message, _ = bind.Encode(message)
		message = append(message, execute...)
	}
	return append(message, syncPoint...)
}
