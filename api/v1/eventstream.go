package v1

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
)

const (
	// followQuiet is after how long without an event the client is told that we live: clients
	// may count on a sign of it every 15 s.
	followQuiet = 10 * time.Second
	// followWrite bounds the time that one write to the client may take.
	followWrite = 30 * time.Second
	// followEnd bounds the time that the end of the reply may take.
	followEnd = time.Second
)

// eventWriter writes server-sent events. Their data is JSON, which has no line
// breaks, so that no text can end an event or begin another.
//
// Invariants:
//  1. Once its context has ended, no write waits for the client any longer.
type eventWriter struct {
	response *echo.Response
	control  *http.ResponseController
	ctx      context.Context
	// deadline is held while that of writes is set.
	deadline sync.Mutex
	// still returns false where the end of ctx has begun to end writes, after which ended is
	// closed.
	still func() bool
	ended chan struct{}
	// said is when something was written last.
	said time.Time
}

// newEventWriter begins a stream that may outlast the server's time limits. It ends with ctx.
// Its close must be called before ctx is ended by whoever ends the stream otherwise.
func newEventWriter(ctx context.Context, c echo.Context) (*eventWriter, error) {
	w := &eventWriter{
		response: c.Response(), control: http.NewResponseController(c.Response()), ctx: ctx, ended: make(chan struct{}), said: time.Now(),
	}
	if err := w.control.SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	c.Response().Header().Set(echo.HeaderContentType, mimeEventStream)
	c.Response().WriteHeader(http.StatusOK)
	w.still = context.AfterFunc(ctx, w.cut)
	if err := w.flush(); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// cut ends a write that waits for the client.
func (w *eventWriter) cut() {
	defer close(w.ended)
	w.deadline.Lock()
	defer w.deadline.Unlock()
	_ = w.control.SetWriteDeadline(time.Unix(1, 0)) // a server that knows none has its own
}

// close leaves the connection to the server, which has an end of the reply to write.
func (w *eventWriter) close() {
	if !w.still() {
		<-w.ended
	}
	_ = w.control.SetWriteDeadline(time.Now().Add(followEnd))
}

func (w *eventWriter) event(name, id string, data any) error {
	text, err := api.EncodeJSON(data)
	if err != nil {
		return err
	}
	if name != "" {
		name = "event: " + name + "\n"
	}
	// The encoder ends its text with a line feed.
	return w.write(name + "id: " + id + "\ndata: " + string(text) + "\n")
}

// keepAlive writes a comment, if nothing was written for long.
func (w *eventWriter) keepAlive() error {
	if time.Since(w.said) < followQuiet {
		return nil
	}
	if err := w.write(":\n\n"); err != nil {
		return err
	}
	return w.flush()
}

func (w *eventWriter) write(text string) error {
	if err := w.extend(); err != nil {
		return err
	}
	_, err := w.response.Write([]byte(text))
	return err
}

func (w *eventWriter) flush() error {
	if err := w.extend(); err != nil {
		return err
	}
	return w.control.Flush()
}

func (w *eventWriter) extend() error {
	w.deadline.Lock()
	defer w.deadline.Unlock()
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	w.said = time.Now()
	return w.control.SetWriteDeadline(w.said.Add(followWrite))
}
