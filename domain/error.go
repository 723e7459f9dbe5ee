package domain

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
	// CodeConflict: something that is under way, and will end, stands against the command.
	CodeConflict Code = "conflict"
	// CodeChanged: what was to be undone has become something else since. Since says when.
	CodeChanged Code = "changed"
)

// Error is an error whose message is written for the user. It never carries internals.
type Error struct {
	Code Code
	// Field is the one parameter that is to blame, empty where none is, or several are.
	Field string
	// Message is Where and Text, in the language that Text was written in.
	Message string
	// Where says in any language what the text is about, as in "ttl"; it may be empty.
	Where string
	Text  Text
	// Since is the position of the event that stands against the command, where it is known.
	Since Position
}

func (e *Error) Error() string { return e.Message }

func newError(code Code, field, where, format string, args []any) *Error {
	e := &Error{Code: code, Field: field, Where: where, Text: Text{Format: format, Args: args}}
	e.Message = e.Text.String()
	if where != "" {
		e.Message = where + ": " + e.Message
	}
	return e
}

// Invalid reports that a field has a bad form. The message starts with the field's name.
func Invalid(field, format string, args ...any) *Error {
	return newError(CodeInvalid, field, field, format, args)
}

// Refused reports that a business rule stands against the command.
func Refused(format string, args ...any) *Error {
	return newError(CodeRefused, "", "", format, args)
}

// Conflict reports that something under way stands against the command.
func Conflict(format string, args ...any) *Error {
	return newError(CodeConflict, "", "", format, args)
}

// Changed reports that what was to be undone has become something else by the event at a position.
func Changed(since Position, format string, args ...any) *Error {
	e := newError(CodeChanged, "", "", format, args)
	e.Since = since
	return e
}

// NotFound reports that the resource of the path does not exist.
func NotFound(format string, args ...any) *Error {
	return newError(CodeNotFound, "", "", format, args)
}

// Forbidden reports that the actor lacks the named right.
func Forbidden(format string, args ...any) *Error {
	return newError(CodeForbidden, "", "", format, args)
}

// Unauthenticated reports that the actor is not, or no longer, known.
func Unauthenticated() *Error {
	return newError(CodeUnauthenticated, "", "", "Token is invalid!", nil)
}

// Blame says which field is to blame for a refusal whose message does not name it.
func (e *Error) Blame(field string) *Error {
	e.Field = field
	return e
}

// Of returns the error as one about another field: the one under which a route takes what
// the error is about.
func (e *Error) Of(field string) *Error {
	return newError(e.Code, field, field, e.Text.Format, e.Text.Args)
}

// Within returns the error as one about a part of a request, such as "data[2]".
func (e *Error) Within(part string) *Error {
	within := *e
	within.Where, within.Message = part, part+": "+e.Message
	if e.Where != "" {
		within.Where = part + ": " + e.Where
	}
	return &within
}
