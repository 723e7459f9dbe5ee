package domain

import "fmt"

// Code classifies an [Error]; api maps it to a status.
type Code string

// The codes.
const (
	// CodeInvalid: a field has a bad form. Field names it.
	CodeInvalid Code = "invalid"
	// CodeRefused: a rule of the business stands against the command.
	CodeRefused Code = "refused"
	// CodeNotFound: the resource that the path names does not exist.
	CodeNotFound Code = "not_found"
	// CodeForbidden: the actor lacks a right.
	CodeForbidden Code = "forbidden"
	// CodeUnauthenticated: the actor is not, or no longer, known.
	CodeUnauthenticated Code = "unauthenticated"
	// CodePrecondition: If-Match names another version of the resource.
	CodePrecondition Code = "precondition"
)

// Error is an error whose message is written for the user, in the language of
// the API. It never carries internals.
type Error struct {
	Code    Code
	Field   string
	Message string
}

func (e *Error) Error() string { return e.Message }

// Invalid reports that a field has a bad form. The message starts with the field's name.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: field + ": " + fmt.Sprintf(format, args...)}
}

// Refused reports that a business rule stands against the command.
func Refused(format string, args ...any) *Error {
	return &Error{Code: CodeRefused, Message: fmt.Sprintf(format, args...)}
}

// NotFound reports that the resource of the path does not exist.
func NotFound(format string, args ...any) *Error {
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf(format, args...)}
}

// Forbidden reports that the actor lacks the named right.
func Forbidden(format string, args ...any) *Error {
	return &Error{Code: CodeForbidden, Message: fmt.Sprintf(format, args...)}
}
