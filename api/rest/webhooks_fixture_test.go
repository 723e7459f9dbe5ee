package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/keypair"
	"github.com/opsledger/opsledger/internal/publicdial"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/webhook"
	"github.com/opsledger/opsledger/workers/control/webhooks"
)

// toLoopback sends to receivers on this machine, by http as well.
func toLoopback(t *testing.T, changes ...func(*webhook.SenderConfig)) *webhook.Sender {
	t.Helper()
	cfg := webhook.SenderConfig{Allow: allowing(t, "127.0.0.0/8")}
	for _, change := range changes {
		change(&cfg)
	}
	sender := webhook.NewSender(cfg)
	t.Cleanup(sender.Close)
	return sender
}

func allowing(t *testing.T, texts ...string) (all []publicdial.Allowed) {
	t.Helper()
	for _, text := range texts {
		a, err := publicdial.ParseAllowed(text)
		must(t, err)
		all = append(all, a)
	}
	return all
}

// hostOf is host and port of a receiver.
func hostOf(address string) string { return address[strings.Index(address, "//")+2:] }

// watch is what a test says.
type watch struct {
	mu sync.Mutex
	at time.Time
}

func newWatch() *watch { return &watch{at: time.Now()} }

func (c *watch) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *watch) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// delivering starts what delivers. The worker looks at everything when look is called.
func (s *stack) delivering(now func() time.Time) (look, stop func()) {
	s.t.Helper()
	w := webhooks.New(webhooks.Config{
		Store: s.store, Pool: s.pool, Vault: s.cfg.Vault, Feed: s.cfg.Feed, People: s.cfg.Identity, Sender: s.cfg.Webhooks.Sender, Now: now,
	})
	return w.Look, testkit.Background(s.t, w.Run)
}

// delivered is what a receiver got.
type delivered struct {
	id, timestamp, signature string
	header                   http.Header
	path                     string
	user                     string
	raw                      []byte
	Type                     string
	Timestamp                time.Time
	Data                     shownEvent
	data                     json.RawMessage
}

// position is that of the event, by the message's id.
func (m delivered) position() string { return m.id[strings.LastIndex(m.id, "-")+1:] }

// receiver is one of webhooks.
type receiver struct {
	t   *testing.T
	url string
	got chan delivered
	// answer says what is answered; 200 where it is nil.
	answer func(http.ResponseWriter, *http.Request, delivered)
}

// newReceiver starts a receiver, by TLS where there is an authority.
func newReceiver(t *testing.T, ca *testkit.CA, answer func(http.ResponseWriter, *http.Request, delivered)) *receiver {
	t.Helper()
	r := &receiver{t: t, got: make(chan delivered, 10_000), answer: answer}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := &http.Server{Handler: r, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	serve := func() error { return server.Serve(listener) }
	r.url = "http://" + listener.Addr().String()
	if ca != nil {
		pair, err := keypair.Open(firstOf(ca.Issue("127.0.0.1")))
		must(t, err)
		server.TLSConfig = pair.Config()
		serve = func() error { return server.ServeTLS(listener, "", "") }
		r.url = "https://" + listener.Addr().String()
	}
	testkit.Background(t, func(ctx context.Context) error {
		defer context.AfterFunc(ctx, func() { _ = server.Close() })()
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return r
}

func firstOf(cert, key string) (string, string, *slog.Logger) {
	return cert, key, slog.New(slog.DiscardHandler)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return
	}
	user, password, _ := q.BasicAuth()
	m := delivered{
		id: q.Header.Get("webhook-id"), timestamp: q.Header.Get("webhook-timestamp"), signature: q.Header.Get("webhook-signature"),
		header: q.Header, path: q.URL.RequestURI(), user: user + ":" + password, raw: body,
	}
	var parts struct {
		Type      string
		Timestamp time.Time
		Data      json.RawMessage
	}
	if err := json.Unmarshal(body, &parts); err != nil {
		r.t.Errorf("a message that is no JSON: %s", body)
	}
	m.Type, m.Timestamp, m.data = parts.Type, parts.Timestamp, parts.Data
	_ = json.Unmarshal(parts.Data, &m.Data)
	if r.answer != nil {
		r.answer(w, q, m)
	}
	r.got <- m
}

func (r *receiver) next() delivered {
	r.t.Helper()
	return testkit.Await(r.t, "a message", r.got)
}

// expect takes messages, which must be about these positions.
func (r *receiver) expect(positions ...string) {
	r.t.Helper()
	for _, p := range positions {
		if m := r.next(); m.position() != p {
			r.t.Fatalf("got %s %s, want that of %s", m.Type, m.id, p)
		}
	}
}

// verifies checks a message as its receiver does, by the public library.
func verifies(m delivered, secret string, fresh bool) error {
	wh, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return err
	}
	if fresh {
		return wh.Verify(m.raw, m.header)
	}
	return wh.VerifyIgnoringTimestamp(m.raw, m.header)
}

// hook is a webhook as the API shows it.
type hook struct {
	ID                   int64
	URL, State, Resource *string
	Types                []string
	Paused               bool
	Username             string
	Cursor               domain.Position
	PausedBy             *string `json:"paused_by"`
	LastError            *string `json:"last_error"`
	LastStatus           *int    `json:"last_status"`
	Attempts             int
	NextTry              *time.Time `json:"next_try_at"`
	FailingSince         *time.Time `json:"failing_since"`
	FormerUntil          *time.Time `json:"former_secret_until"`
}

func (s *stack) hook(path string, options ...func(*http.Request)) hook {
	s.t.Helper()
	return decoded[hook](s, s.done("GET", path, nil, options...))
}

// becomes waits until a webhook is in a state.
func (s *stack) becomes(path, state string) hook {
	s.t.Helper()
	testkit.Eventually(s.t, path+" is "+state, func() bool { return *s.hook(path).State == state })
	return s.hook(path)
}

// added makes a webhook, and returns its path and secret.
func (s *stack) added(body m, options ...func(*http.Request)) (path, secret string) {
	s.t.Helper()
	got := s.done("POST", "/v1/webhooks", body, options...)
	return got.header.Get("Location"), field(s.t, got.body, "secret")
}

// addView makes a view, which everybody sees, and returns the position of its event.
func (s *stack) addView(name string) (position string) {
	s.t.Helper()
	s.ok("POST", "/dns/views", m{"name": name, "acl": "any"})
	return s.position()
}

// aWebhook makes a paused webhook of the stack's user.
func (s *stack) aWebhook() (path string) {
	s.t.Helper()
	for _, h := range decoded[struct{ Webhooks []hook }](s, s.done("GET", "/v1/webhooks", nil)).Webhooks {
		s.done("DELETE", fmt.Sprint("/v1/webhooks/", h.ID), nil)
	}
	path, _ = s.added(m{"url": "http://127.0.0.1:1/", "paused": true})
	return path
}
