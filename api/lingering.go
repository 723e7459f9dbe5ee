package api

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// How much of a refused body is read and thrown away, and for how long.
const (
	lingerBytes  = 64 << 20
	lingerWithin = 10 * time.Second
)

// lingering lets clients see the reply to a request whose body was not read to its
// end, such as 413 and 403. Many send all of the body before they look for a reply. A
// connection that is closed while they send is reset, and the reply is lost. So the
// reply goes out first, and what still comes is thrown away.
func lingering(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.ProtoMajor != 1 || r.ContentLength == 0 {
			return next(c) // HTTP/2 refuses a body without closing the connection
		}
		body := &watchedBody{ReadCloser: r.Body}
		r.Body = body
		control := http.NewResponseController(c.Response())
		// Without it net/http reads on before it sends the reply. Not every writer
		// knows it, those of tests do not.
		duplex := control.EnableFullDuplex()
		asks := r.Header.Get("Expect") != ""
		if asks { // whether a body comes after another reply than 100 nobody can tell
			c.Response().Header().Set(echo.HeaderConnection, "close")
		}
		err := next(c)
		if duplex == nil && !body.ended && (body.begun || !asks) {
			body.throwAway(control)
		}
		return err
	}
}

// watchedBody knows how far it was read.
type watchedBody struct {
	io.ReadCloser
	begun, ended bool
}

func (b *watchedBody) Read(p []byte) (n int, err error) {
	b.begun = true
	n, err = b.ReadCloser.Read(p)
	b.ended = b.ended || err != nil
	return n, err
}

// throwAway sends the reply and reads the rest of the body. Whatever goes wrong ends
// the connection, which net/http then does.
func (b *watchedBody) throwAway(control *http.ResponseController) {
	err := errors.Join(control.Flush(), control.SetReadDeadline(time.Now().Add(lingerWithin)))
	if err == nil {
		_, _ = io.CopyN(io.Discard, b, lingerBytes)
	}
}
