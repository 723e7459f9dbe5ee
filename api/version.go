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

// readIfMatch returns the position that the If-Match header names, nil without
// one and for "*". A weak tag counts as well: two states of a resource never
// share a position.
func readIfMatch(r *http.Request) (*domain.Position, error) {
	text := strings.TrimSpace(r.Header.Get(headerIfMatch))
	if text == "" || text == "*" {
		return nil, nil
	}
	quoted := strings.TrimPrefix(text, "W/")
	digits, ok := strings.CutPrefix(quoted, `"`)
	if ok {
		digits, ok = strings.CutSuffix(digits, `"`)
	}
	n, isNumber := parseInteger(digits)
	if !ok || !isNumber || n < 0 {
		return nil, domain.Invalid(headerIfMatch, "必须是一个ETag！")
	}
	position := domain.Position(n)
	return &position, nil
}

// readMinPosition returns the position that the Opsledger-Min-Position header
// names, 0 without one.
func readMinPosition(r *http.Request) (domain.Position, error) {
	text := strings.TrimSpace(r.Header.Get(headerMinPosition))
	if text == "" {
		return 0, nil
	}
	n, ok := parseInteger(text)
	if !ok || n < 0 {
		return 0, domain.Invalid(headerMinPosition, "必须是非负整数！")
	}
	return domain.Position(n), nil
}
