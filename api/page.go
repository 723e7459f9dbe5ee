package api

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections"
)

// Paging of the DNS dialect's lists.
const (
	defaultPageSize = 10
	maxPageSize     = 1000
)

// page is the part of a list that a request asks for.
type page struct {
	// Current is currentPage as requested; the reply echoes it.
	Current int64
	Size    int
}

// projection is the page in the read models' terms.
func (p page) projection() projections.Page {
	return projections.Page{Number: int(p.Current), Size: p.Size}
}

// readQuery parses the query string.
func readQuery(c echo.Context) (*params, error) {
	form, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return nil, domain.Invalid("query", "无法解析：%v", err)
	}
	return &params{form: form}, nil
}

// page reads currentPage and pageSize.
func (p *params) page() page {
	current, size := p.integer("currentPage"), p.integer("pageSize")
	out := page{Current: 1, Size: defaultPageSize}
	if current != nil {
		if *current < 1 {
			p.refuse("currentPage", "必须大于等于1！")
		}
		out.Current = *current
	}
	if size != nil {
		if *size < 1 {
			p.refuse("pageSize", "必须大于等于1！")
		}
		out.Size = int(min(*size, maxPageSize))
	}
	return out
}
