package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections"
)

// The paths of the operations dialect.
const (
	pathTask       = "/api/task"
	pathMachine    = "/api/machine"
	pathUpdate     = "/api/update"
	pathUser       = "/api/user"
	pathLogin      = "/api/login"
	pathPermission = "/api/permission"
	pathSSHKey     = "/api/ssh_key_manage"
)

// opsBody is every reply of the operations dialect. Info is the data, or the
// text of an error.
type opsBody struct {
	OK   bool `json:"ok"`
	Info any  `json:"info"`
}

// opsList is the info of a list.
type opsList struct {
	Data  any `json:"data"`
	Count int `json:"count"`
}

// isOps says whether the operations dialect answers the request.
func isOps(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/api"
}

// answerOps is [answer] in the operations dialect: what is a client's mistake is
// 200 and not ok, the other statuses are the same.
func answerOps(err error, requestID string) (status int, body any) {
	status, body = answer(err, requestID)
	var refused *domain.Error
	if status == http.StatusBadRequest || status == http.StatusNotFound && errors.As(err, &refused) {
		status = http.StatusOK
	}
	return status, opsBody{OK: false, Info: textOf(body)}
}

// textOf is what a body of the DNS dialect says.
func textOf(body any) string {
	switch b := body.(type) {
	case failedBody:
		return b.Error
	case batchFailedBody:
		return b.Error
	case messageBody:
		return b.Message
	case tokenBody:
		return b.Message
	default:
		return "error"
	}
}

func opsOK(c echo.Context, info any) error {
	return writeJSON(c, http.StatusOK, opsBody{OK: true, Info: info})
}

// opsRows replies with a list.
func opsRows[Row, Item any](c echo.Context, rows []Row, total int, item func(Row) Item) error {
	items := make([]Item, len(rows))
	for i, row := range rows {
		items[i] = item(row)
	}
	return opsOK(c, opsList{Data: items, Count: total})
}

// opsFound replies to a query by key: with the one row and its ETag, or with none.
func opsFound[Row, Item any](c echo.Context, row Row, changed domain.Position, err error, item func(Row) Item) error {
	if errors.Is(err, projections.ErrNotFound) {
		return opsRows(c, []Row{}, 0, item)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set(headerETag, etag(changed))
	return opsRows(c, []Row{row}, 1, item)
}
