package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"os"
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
	end := time.Now().Add(StreamTimeout)
	// A server that knows no deadlines has limits of its own.
	_ = control.SetWriteDeadline(end.Add(streamPause))
	body := &pausing{ctx: w.Context(), from: w.HTTP().Body, control: control, end: end}
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
	if errors.Is(err, os.ErrDeadlineExceeded) { // the client was waited for, and nobody else
		return context.DeadlineExceeded
	}
	return err
}

// pausing reads a body that may be slow. A body holds a place among those in work.
//
// Invariants:
//  1. No pause is longer than [streamPause].
//  2. Nothing is waited for after the end, nor read once the request's work is called off.
type pausing struct {
	ctx     context.Context
	from    io.Reader
	control *http.ResponseController
	end     time.Time
}

func (p *pausing) Read(to []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	deadline := time.Now().Add(streamPause)
	if p.end.Before(deadline) {
		deadline = p.end
	}
	_ = p.control.SetReadDeadline(deadline)
	return p.from.Read(to)
}
