package v1

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
)

const (
	// followQuiet is after how long without an event the client is told that we live.
	followQuiet = 15 * time.Second
	// followWrite bounds the time that one write to the client may take.
	followWrite = 30 * time.Second
)

// eventWriter writes server-sent events. Their data is JSON, which has no line
// breaks, so that no text can end an event or begin another.
type eventWriter struct {
	response *echo.Response
	control  *http.ResponseController
	// said is when something was written last.
	said time.Time
}

// newEventWriter begins a stream that may outlast the server's time limits.
func newEventWriter(c echo.Context) (*eventWriter, error) {
	w := &eventWriter{response: c.Response(), control: http.NewResponseController(c.Response()), said: time.Now()}
	if err := w.control.SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	c.Response().Header().Set(echo.HeaderContentType, mimeEventStream)
	c.Response().WriteHeader(http.StatusOK)
	return w, w.flush()
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
	w.said = time.Now()
	return w.control.SetWriteDeadline(w.said.Add(followWrite))
}
