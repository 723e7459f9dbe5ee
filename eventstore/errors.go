package eventstore

import (
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
)

// The errors of Execute and of the reads, beside [*domain.Error] and a context's error.
var (
	// ErrUnavailable: PostgreSQL does not answer, or the writer is not running.
	// Nothing was appended unless the error is ErrUnknownOutcome, too.
	ErrUnavailable = errors.New("event store: the database is not available")
	// ErrUnknownOutcome: the command may or may not have been carried out. Only
	// its repetition under the same command id is safe.
	ErrUnknownOutcome = errors.New("event store: the outcome is not known")
	// ErrConflict: others kept changing what the decision was based on.
	ErrConflict = errors.New("event store: too many conflicting changes")
	// ErrFingerprint: the command id was used for another request.
	ErrFingerprint = errors.New("event store: the command id belongs to another request")
	// ErrTooLarge: an event or a command exceeds what one append takes.
	ErrTooLarge = errors.New("event store: too large")
	// ErrOtherLog: the database holds another log, or an older state of this
	// one, than when the store was opened. The process must not go on.
	ErrOtherLog = errors.New("event store: the database was replaced")
)

// translate turns the driver's error into ErrUnavailable where the server, not
// the statement, is the reason.
func translate(err error) error {
	if err == nil || definite(err) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// blames says that an entry's own data made the statement fail (data exception,
// constraint, limit), so that the others of its batch can be appended without it.
func blames(err error) bool {
	var pg *pgconn.PgError
	if !definite(err) || !errors.As(err, &pg) {
		return false
	}
	return slices.Contains([]string{"22", "23", "54"}, pg.Code[:2])
}

// definite says that the server refused the statement and lives on, so that
// nothing of its transaction is or will be committed. A FATAL error proves
// nothing: a commit may have happened before it.
func definite(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR"
}
