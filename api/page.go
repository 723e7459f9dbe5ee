package api

import (
	"context"
	"math"
	"net/http"
	"net/url"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/query"
)

// How many rows a list has where a request does not say, and at most.
const (
	defaultPageSize = 10
	maxPageSize     = 1000
)

// Page is the part of a list that a request asks for.
type Page struct {
	// Current is currentPage as requested; the reply echoes it.
	Current int64
	Size    int
}

// Projection is the page in the read models' terms.
func (p Page) Projection() query.Page {
	return query.Page{Number: int(p.Current), Size: p.Size}
}

// queryKey is where the context of a request has the query parameters that its route knows.
type queryKey struct{}

func withQuery(ctx context.Context, form url.Values) context.Context {
	return context.WithValue(ctx, queryKey{}, form)
}

// ReadQuery returns the parameters of the query string that the route knows. They have
// the error where it cannot be parsed.
func ReadQuery(r *http.Request) *Params {
	if form, inspected := r.Context().Value(queryKey{}).(url.Values); inspected {
		return &Params{form: form}
	}
	return parseQuery(r.URL.RawQuery)
}

func parseQuery(text string) *Params {
	form, err := url.ParseQuery(text)
	if err != nil {
		return &Params{Err: domain.Invalid("query", "无法解析：%v", err)}
	}
	return &Params{form: form}
}

// Page reads currentPage and pageSize.
func (p *Params) Page() Page {
	const tooSmall domain.Phrase = "必须大于等于1！"
	current, size := p.atLeast("currentPage", 1, 1, tooSmall), p.atLeast("pageSize", 1, defaultPageSize, tooSmall)
	return Page{Current: current, Size: int(min(size, maxPageSize))}
}

// Range reads start, an offset, count and order, which is another way to ask for a part
// of a list.
func (p *Params) Range() query.Range {
	from, most := p.atLeast("start", 0, 0, negative), p.Count()
	order := Given(p.Text("order"))
	if order != "" && order != "asc" && order != "desc" {
		p.Refuse("order", "must be asc or desc")
	}
	return query.Range{Start: int(min(from, math.MaxInt32)), Count: most, Newest: order == "desc"}
}

// negative says that a number is too small.
const negative domain.Phrase = "must not be negative"

// Count reads count, how much a part of a list has at most.
func (p *Params) Count() int {
	return int(min(p.atLeast("count", 0, defaultPageSize, negative), maxPageSize))
}

// atLeast reads an integer with a lower bound, and with a value for a request that
// does not give it.
func (p *Params) atLeast(name string, least, absent int64, tooSmall domain.Phrase) int64 {
	n := p.Integer(name)
	if n == nil {
		return absent
	}
	if *n < least {
		p.Refuse(name, "%s", tooSmall)
	}
	return *n
}
