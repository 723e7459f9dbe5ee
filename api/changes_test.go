package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
)

// somewhere is name servers that are always at position 7.
type somewhere struct{ waited time.Duration }

func (w *somewhere) Change(_ context.Context, position domain.Position, wait time.Duration) (Change, error) {
	w.waited = wait
	if position > 7 {
		return Change{}, ErrNoSuchPosition
	}
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return Change{Position: position, State: StateInSync, Percent: 100, Servers: []ServerChange{{
		ServerID: 1, Host: "s1", IP: "10.0.0.1", Applied: true, Percent: 100, Since: &since, AppliedPosition: 7, Online: true,
	}}}, nil
}

func (s *stack) contractChanges(servers *somewhere) {
	s.t.Helper()
	s.expect(s.do("GET", "/v1/changes/5?wait=90s", nil), 200, `{"position":5,"state":"INSYNC","percent":100,"servers":[{"server_id":1,"host":"s1","ip":"10.0.0.1","applied":true,"percent":100,"since":"2026-01-02T03:04:05Z","applied_position":7,"online":true,"error":""}]}`)
	if servers.waited != maxChangeWait {
		s.t.Errorf("waited %s", servers.waited)
	}
	s.expect(s.do("GET", "/v1/changes/8", nil), 404, failedWith("Change 8 不存在！"))
	s.expect(s.do("GET", "/v1/changes/x", nil), 400, failedWith("position: 必须是正整数！"))
	s.expect(s.do("GET", "/v1/changes/5?wait=soon", nil), 400, failedWith("wait: 必须是时间长度，例如5s！"))
	s.expect(s.do("GET", "/v1/changes/5", nil, with("Authorization", "")), 403, bodyTokenMissing)
	s.expect(s.do("GET", "/v1/changes/5", nil, with("Opsledger-Min-Position", "1000000")), 503, failedWith(errBehind.Error()))
}

// operation: health, metrics, and routing errors in the dialect's form.
func (s *stack) operation() {
	s.t.Helper()
	s.expect(s.do("GET", "/dns/nothing", nil), 404, failedWith(http.StatusText(404)))
	got := s.do("PATCH", "/dns/servers", nil)
	s.expect(got, http.StatusMethodNotAllowed, failedWith(http.StatusText(http.StatusMethodNotAllowed)))
	s.header(got, "Allow", "OPTIONS, GET, POST")
	s.expect(s.do("GET", "/healthz", nil, with("Authorization", "")), 200, `{"status":"ok"}`)
	s.expect(s.do("GET", "/readyz", nil, with("Authorization", "")), 200, `{"status":"ready"}`)
	if got := s.do("GET", "/metrics", nil, with("Authorization", "")); got.status != 200 ||
		!regexp.MustCompile(`opsledger_http_request_duration_seconds_count\{method="PATCH",route="/dns/servers",status="405"\} 1`).MatchString(got.body) {
		s.t.Errorf("metrics: %d %.2000s", got.status, got.body)
	}
}

// TestOpenAPI: the description and the route table have the same routes.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("openapi.yaml")
	must(t, err)
	described, path := map[string]bool{}, ""
	paths, _, _ := strings.Cut(string(text), "\ncomponents:")
	for line := range strings.Lines(paths) {
		line = strings.TrimRight(line, "\n")
		if regexp.MustCompile(`^  /\S+:$`).MatchString(line) {
			path = strings.TrimSuffix(strings.TrimSpace(line), ":")
		} else if regexp.MustCompile(`^    (get|post|put|delete):$`).MatchString(line) {
			described[strings.ToUpper(strings.Trim(line, " :"))+" "+path] = true
		}
	}
	parameter := regexp.MustCompile(`:(\w+)`)
	for _, r := range Routes() {
		name := r.Method + " " + parameter.ReplaceAllString(r.Path, "{$1}")
		if !described[name] {
			t.Errorf("%s is not described", name)
		}
		delete(described, name)
	}
	for name := range described {
		t.Errorf("%s is described and does not exist", name)
	}
}

// TestInternalErrors: nothing of a panic or an error reaches the client.
func TestInternalErrors(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]echo.HandlerFunc{
		"panic": func(echo.Context) error { panic("secret detail") },
		"error": func(echo.Context) error { return errors.New("secret detail") },
	} {
		var log strings.Builder
		s := &server{Config: Config{Log: slog.New(slog.NewTextHandler(&log, nil))}}
		observe, err := observer(nil)
		must(t, err)
		e := echo.New()
		e.HTTPErrorHandler = s.answerError
		e.Use(requestID, accessLog(s.Log, observe), recoverPanic)
		e.GET("/", handler)
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header.Set("X-Request-Id", "abc")
		e.ServeHTTP(w, r)
		if w.Code != 500 || strings.TrimSpace(w.Body.String()) != failedWith("internal error, request id abc") {
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
	go func() { done <- Serve(ctx, listener, handler, slog.New(slog.DiscardHandler)) }()
	request, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+listener.Addr().String(), nil)
	must(t, err)
	request.Close = true
	response, err := http.DefaultTransport.RoundTrip(request)
	must(t, err)
	must(t, response.Body.Close())
	if must(t, <-done); response.StatusCode != http.StatusNoContent {
		t.Error(response.Status)
	}
}
