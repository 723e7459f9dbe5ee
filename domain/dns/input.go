package dns

import (
	"github.com/opsledger/opsledger/domain"
)

// The inputs hold what a request says. A field is nil where the request says
// nothing. An empty text counts as nil, too, but for a comment, which may be
// empty. The constructors of the commands check the form of the inputs and return
// a [domain.Error] that names the field.

// ServerInput is what a request says about a server.
type ServerInput struct {
	Host, IP, Env, Type                                         *string
	ZbProcessItem, ZbPortItem, ZbResolveItem, ZbResolveRateItem *string
}

// ViewInput is what a request says about a view.
type ViewInput struct{ Name, ACL *string }

// ZoneInput is what a request says about a zone.
type ZoneInput struct {
	Name, Type *string
	// Forwarders is a list as [ParseForwarders] reads it.
	Forwarders *string
	Group      *int
	ViewIDs    *[]int64
}

// RecordInput is what a request says about a record.
type RecordInput struct {
	Host, Type, Value *string
	// ViewName is a view's name or, in an external zone, the provider's line.
	ViewName *string
	Comment  *string
	// TTL is in seconds, see [ParseTTL].
	TTL    *uint32
	ZoneID *int64
}

// given returns nil for an empty text, which counts as absent.
func given(text *string) *string {
	if text != nil && *text == "" {
		return nil
	}
	return text
}

// missing reports a required field that a request lacks.
func missing(field string) error { return domain.Invalid(field, "不能为空！") }

// parsed reads an optional field; a required one must be there.
func parsed[T any](field string, in *string, required bool, parse func(string) (T, error)) (*T, error) {
	if in = given(in); in == nil {
		if required {
			return nil, missing(field)
		}
		return nil, nil
	}
	value, err := parse(*in)
	if err != nil {
		return nil, err
	}
	return &value, nil
}

// freeText returns a parser of texts that have no meaning to the program.
func freeText(field string) func(string) (string, error) {
	return func(text string) (string, error) { return text, domain.CheckText(field, text, maxText) }
}

// set replaces a field by what was given for it, if anything was.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

func checkID(kind string, id int64) error {
	if id <= 0 {
		return notFound(kind, id)
	}
	return nil
}

// notFound reports that the path names nothing that exists.
func notFound(kind string, id int64) error { return domain.NotFound("%s %d 不存在！", kind, id) }
