package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// etag is the entity tag of a resource: the position of its last event.
func etag(changed domain.Position) string {
	return `"` + strconv.FormatInt(int64(changed), 10) + `"`
}

// neverChanged is a position that no resource was ever changed at.
const neverChanged domain.Position = -1

// readIfMatch returns the position that the If-Match header names, nil without
// one and for "*". A weak tag counts as well: two states of a resource never
// share a position. A tag that we did not give stands for a state that is not
// there, and so never matches; a list of tags is refused.
func readIfMatch(r *http.Request) (*domain.Position, error) {
	text := strings.TrimSpace(strings.Join(r.Header.Values(HeaderIfMatch), ","))
	if text == "" || text == "*" {
		return nil, nil
	}
	tag := strings.TrimPrefix(text, "W/")
	inner, opened := strings.CutPrefix(tag, `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	if opened != closed || strings.Contains(inner, `"`) || !opened && strings.Contains(inner, ",") {
		return nil, domain.Invalid(HeaderIfMatch, "必须是一个ETag！")
	}
	position := neverChanged
	if n, ok := ParseInteger(inner); ok && opened && etag(domain.Position(n)) == tag && n >= 0 {
		position = domain.Position(n)
	}
	return &position, nil
}

// errNoVersion says that there is nothing that If-Match could be about.
func errNoVersion() error {
	err := domain.Invalid(HeaderIfMatch, "还没有任何版本！")
	err.Code = domain.CodePrecondition
	return err
}

// readMinPosition returns the position that the Opsledger-Min-Position header
// names, 0 without one.
func readMinPosition(r *http.Request) (domain.Position, error) {
	text := strings.TrimSpace(r.Header.Get(headerMinPosition))
	if text == "" {
		return 0, nil
	}
	n, ok := ParseInteger(text)
	if !ok || n < 0 {
		return 0, domain.Invalid(headerMinPosition, "必须是非负整数！")
	}
	return domain.Position(n), nil
}
