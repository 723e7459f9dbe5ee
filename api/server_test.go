package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// TestInternalErrors: nothing of a panic or an error reaches the client.
func TestInternalErrors(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]echo.HandlerFunc{
		"panic": func(echo.Context) error { panic("secret detail") },
		"error": func(echo.Context) error { return errors.New("secret detail") },
	} {
		var log strings.Builder
		k := &Kernel{Config: Config{Log: slog.New(slog.NewTextHandler(&log, nil))}}
		plain := Plain()
		served, err := k.Handler(plain.Routes(Route{Method: "GET", Path: "/", Access: AccessPublic, Offline: true, Handle: handler}))
		must(t, err)
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header.Set("X-Request-Id", "abc")
		served.ServeHTTP(w, r)
		if w.Code != 500 || strings.TrimSpace(w.Body.String()) != `{"message":"Failed","error":"internal error, request id abc"}` {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if strings.Count(log.String(), "secret detail") != 1 || !strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("%s: logged %s", name, log.String())
		}
	}
}

// closing is a listener that tells when it is closed.
type closing struct {
	net.Listener
	closed chan struct{}
}

func (l *closing) Close() error {
	defer close(l.closed)
	return l.Listener.Close()
}

// TestServe: requests in flight finish when the server is told to stop.
func TestServe(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	listener := &closing{inner, make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stop()
		<-listener.closed // the request outlives the order to stop
		w.WriteHeader(http.StatusNoContent)
	})
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener, nil, handler, slog.New(slog.DiscardHandler)) }()
	request, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+listener.Addr().String(), nil)
	must(t, err)
	request.Close = true
	response, err := new(http.Transport).RoundTrip(request)
	must(t, err)
	must(t, response.Body.Close())
	if must(t, <-done); response.StatusCode != http.StatusNoContent {
		t.Error(response.Status)
	}
}
