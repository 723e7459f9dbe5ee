package api

import (
	"bufio"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// Stream is a reply that is sent as it is made. It begins with the first piece, so that what is
// wrong before that is still answered in the usual way.
//
// Invariants:
//  1. A reply that broke off is no complete reply to anybody: its connection is cut.
type Stream struct {
	c       echo.Context
	out     *bufio.Writer
	control *http.ResponseController
	// still refuses a client who may no longer have what is yet to be sent.
	still func() error
}

// NewStream returns a stream of the content type. Before each piece it asks still.
func NewStream(c echo.Context, contentType string, still func() error) *Stream {
	s := &Stream{c: c, control: http.NewResponseController(c.Response()), still: still}
	s.out = bufio.NewWriterSize(pieces{s}, 64<<10)
	c.Response().Header().Set(echo.HeaderContentType, contentType)
	return s
}

// Line adds a line.
func (s *Stream) Line(text string) error {
	if _, err := s.out.WriteString(text); err != nil {
		return err
	}
	return s.out.WriteByte('\n')
}

// Text adds a text.
func (s *Stream) Text(text string) error {
	_, err := s.out.WriteString(text)
	return err
}

// End sends what is left, given the error of what made the reply.
func (s *Stream) End(err error) error {
	if err == nil {
		err = s.out.Flush()
	}
	if err != nil && s.c.Response().Committed {
		panic(http.ErrAbortHandler) // net/http's own way to cut a connection
	}
	return err
}

// pieces sends what a Stream has collected.
type pieces struct{ *Stream }

func (p pieces) Write(text []byte) (int, error) {
	if err := p.still(); err != nil {
		return 0, err
	}
	_ = p.control.SetWriteDeadline(time.Now().Add(streamPause)) // a server that knows none has its own
	if !p.c.Response().Committed {
		p.c.Response().WriteHeader(http.StatusOK)
	}
	return p.c.Response().Write(text)
}
