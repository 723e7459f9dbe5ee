package api

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// streamPause is how long a streamed body, or a reply that is streamed, may pause.
	streamPause = 30 * time.Second
	// StreamTimeout bounds the work of a request whose body or reply is streamed.
	StreamTimeout = 10 * time.Minute
)

// LimitOfStream is the [Route.Limit] of routes whose body or reply is streamed.
func LimitOfStream(*http.Request) time.Duration { return StreamTimeout }

// receive has the body of a write read as it comes, once it is known that the caller may do
// what the write does. A repeat is known by the digest of its body.
func (k *Kernel) receive(w *Request) (err error) {
	if w.Err != nil {
		return w.prefer(w.Err)
	}
	if err := w.refused(); err != nil {
		return w.prefer(err)
	}
	if w.write.Right != nil {
		right, err := w.write.Right(w)
		if err != nil && !errors.Is(err, ErrOwn) {
			return err
		}
		if err == nil {
			if err := w.Caller.Require(right); err != nil {
				return err
			}
		}
	}
	control := http.NewResponseController(w.echo.Response())
	// A server that knows no deadlines has limits of its own.
	_ = control.SetWriteDeadline(time.Now().Add(StreamTimeout + streamPause))
	body := &pausing{from: w.HTTP().Body, control: control}
	digest := sha256.New()
	if err := w.write.Body(w, io.TeeReader(body, digest)); err != nil {
		return bodyReadError(err)
	}
	if _, err := io.Copy(digest, body); err != nil { // what was left unread belongs to the request
		return bodyReadError(err)
	}
	_ = control.SetReadDeadline(time.Time{})
	w.key, err = k.identify(w.HTTP(), w.Caller, append([]byte(w.HTTP().URL.RawQuery+"\x00"), digest.Sum(nil)...))
	return err
}

// bodyReadError returns the error of reading a body as its client is told of it.
func bodyReadError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return tooLargeError{tooLarge.Limit}
	}
	return err
}

// pausing reads a body that may take as long as it likes, but for its pauses.
type pausing struct {
	from    io.Reader
	control *http.ResponseController
}

func (p *pausing) Read(to []byte) (int, error) {
	_ = p.control.SetReadDeadline(time.Now().Add(streamPause))
	return p.from.Read(to)
}
