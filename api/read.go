package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/rights"
)

// awaitPosition lets a read wait until the read models it uses have applied
// what the client asks for with Opsledger-Min-Position.
func (k *Kernel) awaitPosition(c echo.Context, contexts []domain.Context) error {
	position, err := readMinPosition(c.Request())
	if err != nil {
		return err
	}
	return k.awaitApplied(c, contexts, position, errBehind)
}

// awaitApplied waits until the read models have applied the log up to a position; behind is
// the error if they have not in time.
func (k *Kernel) awaitApplied(c echo.Context, contexts []domain.Context, position domain.Position, behind error) error {
	if position == 0 || k.applied(contexts, position) {
		return nil
	}
	leave, err := k.Waiting.Take(c.Request().Context(), Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(c.Request().Context(), projectionWait)
	defer cancel()
	for _, of := range contexts {
		if err := k.Progress.Wait(ctx, of, position); err != nil {
			return fmt.Errorf("%w (%s, position %d): %w", behind, of, position, err)
		}
	}
	return nil
}

// applied says whether there is nothing to wait for.
func (k *Kernel) applied(contexts []domain.Context, position domain.Position) bool {
	for _, of := range contexts {
		if k.Progress.Applied(of) < position {
			return false
		}
	}
	return true
}

// listPiece is how much of a list's reply is held before it is sent. A thousand
// roles with ten thousand privileges each are a gigabyte of text.
const listPiece = 1 << 20

// List replies with one page of a list. The reply's first key is total, its
// last current_page; the rows' key stands between. It is sent piece by piece,
// so that it costs little memory beside the rows.
func List[Row, Item any](c echo.Context, key string, p Page, rows []Row, total int, item func(Row) Item) error {
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

// Show replies with one resource and its ETag. A reply on the past has none: what may be
// changed is the present alone.
func Show(c echo.Context, changed domain.Position, body any) error {
	ShowVersion(c, changed)
	return WriteJSON(c, http.StatusOK, body)
}

// ShowVersion sets the ETag of a reply that shows one resource, as [Show] does.
func ShowVersion(c echo.Context, changed domain.Position) {
	if !IsPast(c) {
		c.Response().Header().Set(HeaderETag, etag(changed))
	}
}

// Viewer is the caller of a request as lists see them.
func Viewer(c echo.Context) rights.Caller {
	caller := Caller(c)
	viewer := rights.NewCaller(caller.ID, caller.Roles, caller.Codes...)
	if caller.Credential != nil {
		viewer = viewer.Within(&caller.Credential.CredentialState)
	}
	return viewer
}

// Viewer is the caller of a write as lists see them.
func (w *Request) Viewer() rights.Caller { return Viewer(w.echo) }

// timeLayout is how replies that name no zone write times.
const timeLayout = time.DateTime

// FormatTime writes a time as replies do that name no zone.
func (k *Kernel) FormatTime(t time.Time) string {
	return t.In(k.Location).Format(timeLayout)
}

// AwaitHead lets what is made from what some read models show wait until they have applied all
// of the log that there is now. It returns the log's head.
func (k *Kernel) AwaitHead(ctx context.Context, contexts ...domain.Context) (domain.Position, error) {
	head, err := k.Store.Head(ctx)
	if err != nil {
		return 0, fmt.Errorf("head of the log: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, projectionWait)
	defer cancel()
	for _, of := range contexts {
		if err := k.Progress.Wait(ctx, of, head.Last[of]); err != nil {
			return 0, fmt.Errorf("%w (%s, position %d): %w", errBehindHead, of, head.Last[of], err)
		}
	}
	return head.Position, nil
}

// errBehindHead: the read models did not reach the head of the log in time.
const errBehindHead = Unavailable("the read model has not reached the end of the log yet, try again")
