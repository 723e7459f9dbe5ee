package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/query"
)

const (
	// paramAsOf names the parameter by which a read asks for a state of the past.
	paramAsOf = "as_of"
	// headerAsOf is the position that a reply on the past is of.
	headerAsOf = "Opsledger-As-Of"
	// aheadOfUs is how much later than ours a client's clock may be.
	aheadOfUs = time.Minute
)

// errBehindAsOf: the read models did not reach as_of in time.
const errBehindAsOf = Unavailable("the read model has not reached as_of yet, try again")

// asOf has a route that shows state show that of the past, where a request asks for it. The
// route's handler knows nothing of it: whatever it reads of the read models with the context
// of the request is of that position.
//
// Invariants:
//  1. A route that is not marked for it, such as one that shows what is not from the log,
//     refuses the parameter: no reply on the present is taken for one on the past.
//  2. The position that is taken is the end of a change, and is named by the reply.
//  3. One user has few lists of the past in work at once: each may count a million rows.
func (k *Kernel) asOf(r Route, next echo.HandlerFunc) echo.HandlerFunc {
	if r.Method != http.MethodGet {
		return next
	}
	return func(c echo.Context) error {
		request := c.Request()
		if !namesAsOf(request.URL.RawQuery) {
			return next(c)
		}
		q := parseQuery(request.URL.RawQuery)
		text := q.Text(paramAsOf)
		switch {
		case text == nil && q.Err == nil:
			return next(c)
		case !r.Query.has(paramAsOf):
			return domain.Invalid(paramAsOf, "此接口没有历史！")
		case q.Err != nil:
			return q.Err
		}
		position, err := k.PositionOf(request.Context(), paramAsOf, *text)
		if err != nil {
			return err
		}
		if err := k.awaitApplied(c, r.Reads, position, errBehindAsOf); err != nil {
			return err
		}
		if r.counts() {
			leave, err := k.past.Take(request.Context(), Caller(c).ID)
			if err != nil {
				return err
			}
			defer leave()
		}
		c.SetRequest(request.WithContext(query.AsOf(request.Context(), position)))
		reply := c.Response()
		reply.Before(func() {
			if reply.Status < http.StatusBadRequest { // a refusal shows nothing
				reply.Header().Set(headerAsOf, strconv.FormatInt(int64(position), 10))
			}
		})
		return next(c)
	}
}

// namesAsOf says whether a query has the parameter somewhere, also one that cannot be parsed.
func namesAsOf(query string) bool {
	pairs := strings.FieldsFunc(query, func(c rune) bool { return c == '&' || c == ';' })
	return slices.ContainsFunc(pairs, func(pair string) bool {
		key, _, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(key)
		return err == nil && name == paramAsOf
	})
}

// PositionOf is the end of a change that a parameter names, by a position or by a time.
func (k *Kernel) PositionOf(ctx context.Context, param, text string) (domain.Position, error) {
	head, err := k.Store.Head(ctx)
	if err != nil {
		return 0, fmt.Errorf("head of the log: %w", err)
	}
	if n, ok := ParseInteger(text); ok {
		if n < 0 || n > int64(head.Position) {
			return 0, domain.Invalid(param, "日志中没有位置%s！", text)
		}
		return k.Store.EndOfChange(ctx, domain.Position(n))
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	switch {
	case err != nil:
		return 0, domain.Invalid(param, "必须是日志中的位置或RFC 3339时间！")
	case at.After(time.Now().Add(aheadOfUs)):
		return 0, domain.Invalid(param, "不能是未来的时间！")
	case !at.Before(head.RecordedAt):
		return head.Position, nil
	}
	return k.Store.PositionAt(ctx, at)
}

// IsPast says that the reply to a request is on the past.
func IsPast(c echo.Context) bool { return query.MomentOf(c.Request().Context()).Past() }
