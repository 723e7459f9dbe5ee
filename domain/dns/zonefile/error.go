package zonefile

import (
	"fmt"

	"github.com/opsledger/opsledger/domain"
)

// maxErrors is how many errors of one file are told.
const maxErrors = 100

// LineError says what is wrong in one line.
type LineError struct {
	// File is empty for the file itself, else one that it includes.
	File string
	// Line counts from 1, 0 for what is about no line of the file.
	Line int
	Err  *domain.Error
}

// Error refuses a file: nothing of it was done.
type Error struct {
	// Lines has at least one entry, and at most 100.
	Lines []LineError
	// More says that there may be others.
	More bool
}

func (e *Error) Error() string { return e.Words().String() }

// Words says it to the client.
func (e *Error) Words() domain.Text {
	count := fmt.Sprint(len(e.Lines))
	if e.More {
		count = "at least " + count
	}
	first := e.Lines[0]
	if first.Line == 0 {
		return domain.Text{Format: "nothing was changed, errors: %s; %s", Args: []any{count, first.Err}}
	}
	return domain.Text{Format: "nothing was changed, errors: %s; line %d: %s", Args: []any{count, first.Line, first.Err}}
}

// TooLargeError says that what a file stands for has more octets than can be taken.
type TooLargeError struct{ Most int }

func (e *TooLargeError) Error() string { return e.Words().String() }

// Words says it to the client.
func (e *TooLargeError) Words() domain.Text {
	return domain.Text{Format: "what the file stands for is larger than %d MiB, what $GENERATE makes included", Args: []any{e.Most >> 20}}
}

// TooManyError says that a file has more records than can be taken.
type TooManyError struct{ Most int }

func (e *TooManyError) Error() string { return e.Words().String() }

// Words says it to the client.
func (e *TooManyError) Words() domain.Text {
	return domain.Text{Format: "the file has more than %d records, those of $GENERATE included", Args: []any{e.Most}}
}
