package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections"
)

// awaitPosition lets a read wait until the read models it uses have applied
// what the client asks for with Opsledger-Min-Position.
func (s *server) awaitPosition(c echo.Context, contexts []domain.Context) error {
	position, err := readMinPosition(c.Request())
	if err != nil || position == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), projectionWait)
	defer cancel()
	for _, of := range contexts {
		if err := s.Progress.Wait(ctx, of, position); err != nil {
			return fmt.Errorf("%w (%s, position %d): %w", errBehind, of, position, err)
		}
	}
	return nil
}

// pathID reads the id of the path.
func pathID(c echo.Context, kind resource) (int64, error) {
	return parseID(c.Param("id"), kind)
}

func parseID(text string, kind resource) (int64, error) {
	if n, ok := parseInteger(text); ok {
		return n, nil
	}
	digits := strings.TrimPrefix(text, "-")
	if digits != "" && strings.Trim(digits, "0123456789") == "" {
		return 0, kind.missing(text) // an integer beyond all ids
	}
	return 0, domain.Invalid("id", "必须是整数！")
}

// listPiece is how much of a list's reply is held before it is sent. A thousand
// roles with ten thousand privileges each are a gigabyte of text.
const listPiece = 1 << 20

// list replies with one page of a list. The reply's first key is total, its
// last current_page; the rows' key stands between. It is sent piece by piece,
// so that it costs little memory beside the rows.
func list[Row, Item any](c echo.Context, key string, p page, rows []Row, total int, item func(Row) Item) error {
	out := bytes.NewBufferString(`{"total":` + strconv.Itoa(total) + `,"` + key + `":[`)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for i, row := range rows {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := enc.Encode(item(row)); err != nil {
			return fmt.Errorf("encode list: %w", err)
		}
		out.Truncate(out.Len() - len("\n")) // which Encode ends with
		if out.Len() < listPiece {
			continue
		}
		if err := sendPiece(c, out); err != nil {
			return err
		}
	}
	out.WriteString(`],"current_page":` + strconv.FormatInt(p.Current, 10) + "}\n")
	return sendPiece(c, out)
}

// sendPiece sends what the buffer holds, and empties it.
func sendPiece(c echo.Context, out *bytes.Buffer) error {
	reply := c.Response()
	if !reply.Committed {
		reply.Header().Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
		reply.WriteHeader(http.StatusOK)
	}
	_, err := out.WriteTo(reply)
	return err
}

// show replies with one resource and its ETag.
func show(c echo.Context, changed domain.Position, body any) error {
	c.Response().Header().Set(headerETag, etag(changed))
	return writeJSON(c, http.StatusOK, body)
}

// found turns the read models' "not there" into the reply for the path's id.
func found(kind resource, id int64, err error) error {
	if errors.Is(err, projections.ErrNotFound) {
		return kind.missing(strconv.FormatInt(id, 10))
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", kind, err)
	}
	return nil
}

// given returns the text of an optional filter.
func given(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
