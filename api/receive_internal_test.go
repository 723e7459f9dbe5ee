package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A body that keeps coming is read no longer than to its end, and not for work that was called off.
func TestBodyIsNotReadForEver(t *testing.T) {
	t.Parallel()
	called, off := context.WithCancel(t.Context())
	off()
	for name, c := range map[string]struct {
		ctx  context.Context
		end  time.Time
		want error
	}{
		"in time":    {t.Context(), time.Now().Add(StreamTimeout), nil},
		"at its end": {t.Context(), time.Now(), context.DeadlineExceeded},
		"called off": {called, time.Now().Add(StreamTimeout), context.Canceled},
	} {
		read := make(chan error, 1)
		s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			_, err := io.Copy(io.Discard, &pausing{ctx: c.ctx, from: r.Body, control: http.NewResponseController(out), end: c.end})
			read <- bodyReadError(err)
		}))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, bytes.NewReader(make([]byte, 4<<20)))
		if err != nil {
			t.Fatal(err)
		}
		if reply, err := s.Client().Do(r); err == nil { // a server that reads no more may close the connection
			_ = reply.Body.Close()
		}
		if err := <-read; !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		s.Close()
	}
}
