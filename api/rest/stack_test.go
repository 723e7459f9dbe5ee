package rest

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/api"
	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/identity/directory"
	"github.com/opsledger/opsledger/internal/openapi"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/webhook"
	"github.com/opsledger/opsledger/workers/control/imports"
)

const adminPassword = "correct horse"

// stack is everything from the log to HTTP, all real but the name servers.
type stack struct {
	t     *testing.T
	url   string
	cfg   config
	store *eventstore.Store
	pool  *pgxpool.Pool
	js    jetstream.JetStream
	// admin is a token of the first user.
	admin string
	// stopProjections ends the read models' runners; reads stay as they are.
	stopProjections func()
	stopped         *atomic.Bool
	importer        *imports.Importer
}

// config is what the API of a stack is made of.
type config struct {
	Config
	// Directory and Now are those of [identity.Config].
	Directory *directory.Directory
	Now       func() time.Time
}

// models are the read models of a stack.
func models(store *eventstore.Store) []projections.Model {
	names := oplog.NewUsernames(store)
	return []projections.Model{accessmodel.New(), dnsmodel.New(names, time.UTC), opsmodel.New(names, time.UTC)}
}

// begun is what the log has begun with that each stack has a copy of: its first user has logged in.
type begun struct {
	vaultKey []byte
	token    string
}

func begin(ctx context.Context, pool *pgxpool.Pool, store *eventstore.Store) (b begun, err error) {
	record := func(actor domain.UserID, cmd domain.Command) error {
		_, err := store.Execute(ctx, eventstore.Request{Command: cmd, Actor: actor, Door: domain.DoorDNS})
		return err
	}
	b.vaultKey, err = modeltest.NewVault(pool, func(secrets *vault.Vault) error {
		if _, _, err := identity.EnsureAdmin(ctx, store, secrets, adminPassword); err != nil {
			return err
		}
		people, err := identity.New(ctx, identity.Config{Store: store, Vault: secrets})
		if err != nil {
			return err
		}
		_, b.token, err = people.LoginLocal(ctx, identity.Login{Name: "admin", Password: adminPassword, Record: record})
		return err
	})
	return b, err
}

// newStack starts a stack of the test's own; changes adjust its configuration.
func newStack(t *testing.T, changes ...func(*config)) *stack {
	t.Helper()
	pool, begun := testkit.PostgresWith(t, "stack", modeltest.Log(models, begin))
	log := modeltest.Run(t, pool, models)
	store, progress := log.Store, log.Progress
	secrets := modeltest.Vault(t, pool, begun.vaultKey)
	registry := prometheus.NewRegistry()
	s := &stack{t: t, store: store, pool: pool, js: log.JS, admin: begun.token, cfg: config{Config: Config{
		Config: api.Config{
			Store: store, Access: accessmodel.NewReader(pool), DNS: dnsmodel.NewReader(pool), Oplogs: oplog.NewReader(pool), Progress: progress, Vault: secrets,
			Location: time.FixedZone("CST", 8*3600), RequestTimeout: testkit.Patience, Log: slog.New(slog.DiscardHandler), Registerer: registry, Gatherer: registry,
		},
		Ops: opsmodel.NewReader(pool), AllowRegister: true, CheckConf: func(context.Context, *dns.BindConf) error { return nil },
	}}}
	s.importer = imports.New(imports.Config{Store: store, Pool: pool, Reader: s.cfg.DNS, Progress: progress, Part: dns.MaxStaged})
	s.cfg.Imports = s.importer
	s.cfg.Webhooks = v1.Webhooks{Sender: toLoopback(t), Deliveries: webhook.NewDeliveries(pool)}
	s.cfg.Proofs = translog.NewReader(pool, store)
	testkit.Background(t, s.importer.Run)
	s.cfg.Feed = feed.New(feed.Config{Store: store, Pool: pool, Progress: progress})
	testkit.Background(t, s.cfg.Feed.Run)
	s.stopped = new(atomic.Bool)
	s.stopProjections = func() {
		s.stopped.Store(true)
		log.StopModels()
	}
	for _, change := range changes {
		change(&s.cfg)
	}
	s.awaitLog()
	s.serve()
	return s
}

func (s *stack) serve() {
	s.t.Helper()
	var err error
	s.cfg.Identity, err = identity.New(s.t.Context(), identity.Config{
		Store: s.cfg.Store, Vault: s.cfg.Vault, Pool: s.pool, Directory: s.cfg.Directory, Now: s.cfg.Now,
	})
	must(s.t, err)
	handler, err := New(s.t.Context(), s.cfg.Config)
	must(s.t, err)
	server := httptest.NewServer(handler)
	s.t.Cleanup(server.Close)
	s.url = server.URL
}

// in returns the stack for a subtest.
func (s *stack) in(t *testing.T) *stack {
	part := *s
	part.t = t
	return &part
}

// reopened returns the stack with another configuration of the API.
func (s *stack) reopened(change func(*config)) *stack {
	s.t.Helper()
	other := *s
	other.cfg.Registerer = nil // the metrics are registered already
	change(&other.cfg)
	other.serve()
	return &other
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// awaitLog returns once the read models have all that the log has.
func (s *stack) awaitLog() {
	s.t.Helper()
	head, err := s.store.Head(s.t.Context())
	must(s.t, err)
	ctx, cancel := context.WithTimeout(s.t.Context(), testkit.Patience)
	defer cancel()
	for _, c := range []domain.Context{domain.ContextAccess, domain.ContextDNS, domain.ContextOps} {
		must(s.t, s.cfg.Progress.Wait(ctx, c, head.Position))
	}
}

// reply is an HTTP reply with its body read.
type reply struct {
	status int
	header http.Header
	body   string
}

// succeeded says whether what was asked for was done.
func (r reply) succeeded() bool { return 200 <= r.status && r.status < 300 }

// with sets a header of a request; an empty value leaves it out.
func with(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if value == "" {
			r.Header.Del(name)
			return
		}
		r.Header[name] = []string{value}
	}
}

// do sends a request as admin. A string body is sent as it is, anything else as JSON.
func (s *stack) do(method, path string, body any, options ...func(*http.Request)) reply {
	s.t.Helper()
	var text string
	switch b := body.(type) {
	case nil:
	case string:
		text = b
	default:
		encoded, err := json.Marshal(b)
		must(s.t, err)
		text = string(encoded)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(text))
	must(s.t, err)
	r.Header.Set("Authorization", s.admin)
	if strings.HasPrefix(path, "/v1/") {
		r.Header.Set("Opsledger-Language", "zh") // so that a text is the same by whatever path
	}
	if text != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, option := range options {
		option(r)
	}
	return s.send(r)
}

// transport is the tests' own: each test server that ends closes the idle connections of the default
// transport, also one that another test has just begun to use.
var transport = http.DefaultTransport.(*http.Transport).Clone()

// described is openapi.yaml, which every reply must be as.
var described = sync.OnceValue(func() *openapi.Description {
	d, err := openapi.Read("../openapi.yaml")
	if err != nil {
		panic(err)
	}
	return d
})

func (s *stack) send(r *http.Request) reply {
	s.t.Helper()
	if r.Header.Get("Accept-Encoding") == "" {
		r.Header.Set("Accept-Encoding", "identity") // else the transport asks for gzip, and hides it
	}
	response, err := transport.RoundTrip(r)
	must(s.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(s.t, err)
	if response.Header.Get("Opsledger-Pending") != "" && !s.stopped.Load() {
		s.awaitLog() // on a slow machine: what comes next may read what was written
	}
	plain := text
	if response.Header.Get("Content-Encoding") == "gzip" && len(text) > 0 {
		plain = []byte(unzipped(s.t, string(text)))
	}
	s.isAsDescribed(r, response, plain)
	return reply{response.StatusCode, response.Header, strings.TrimSuffix(string(text), "\n")}
}

// isAsDescribed checks a reply, and what was asked for if the server did it.
func (s *stack) isAsDescribed(r *http.Request, response *http.Response, body []byte) {
	s.t.Helper()
	path := r.URL.EscapedPath()
	if fault := described().FaultOfReply(openapi.Reply{
		Method: r.Method, Path: path, Status: response.StatusCode, Header: response.Header, Body: body,
	}); fault != "" {
		s.t.Errorf("%s %s replied %d %s\nin openapi.yaml %s", r.Method, r.URL, response.StatusCode, body, fault)
	}
	if response.StatusCode != http.StatusOK || strings.HasPrefix(string(body), `{"ok":false`) || r.GetBody == nil {
		return
	}
	reader, err := r.GetBody()
	must(s.t, err)
	sent, err := io.ReadAll(reader)
	must(s.t, err)
	if fault := described().FaultOfAccepted(openapi.Request{
		Method: r.Method, Path: path, ContentType: r.Header.Get("Content-Type"), Body: sent,
	}); fault != "" {
		s.t.Errorf("%s %s took %.1000s\nin openapi.yaml %s", r.Method, r.URL, sent, fault)
	}
}

// expect checks status and body of a reply.
func (s *stack) expect(got reply, status int, body string) {
	s.t.Helper()
	if got.status != status || got.body != body {
		s.t.Errorf("got  %d %s\nwant %d %s", got.status, got.body, status, body)
	}
}

// ok sends a write that must succeed.
func (s *stack) ok(method, path string, body any, options ...func(*http.Request)) reply {
	s.t.Helper()
	got := s.do(method, path, body, options...)
	if got.status != http.StatusOK || got.body != bodyOK {
		s.t.Fatalf("%s %s %v: %d %s", method, path, body, got.status, got.body)
	}
	return got
}

// What replies say when the read models are behind, when no name server can check a
// configuration, and when a body is too large.
const (
	textBehind    = "查询数据尚未达到Opsledger-Min-Position，请稍后重试！"
	textNoChecker = "暂时没有DNS服务器可以检查配置，请稍后重试！"
	textTooLarge  = "请求正文超过8 MiB！"
)

const bodyOK = `{"message":"OK"}`

// failedWith is the body of a refusal.
func failedWith(text string) string {
	encoded, err := api.EncodeJSON(batchFailedBody{Message: "Failed", Error: text})
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(encoded))
}

// failedOn is the body of a refusal under /v1 that names the field which its text begins with.
func failedOn(text string) string {
	field, _, _ := strings.Cut(text, ": ")
	return strings.TrimSuffix(failedWith(text), "}") + `,"field":"` + field + `"}`
}

func (s *stack) login(username, password string) (token string) {
	s.t.Helper()
	got := s.do("POST", "/auth/login_local", m{"username": username, "password": password}, with("Authorization", ""))
	var body struct{ Token string }
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || got.status != http.StatusOK {
		s.t.Fatalf("login: %d %s", got.status, got.body)
	}
	return body.Token
}

// reader registers a user without roles and returns their token.
func (s *stack) reader(username string) (token string) {
	s.t.Helper()
	s.ok("POST", "/auth/register_local", m{"username": username, "password": "secret", "password2": "secret", "email": username + "@example.org"})
	return s.login(username, "secret")
}

// m is a JSON object.
type m = map[string]any

func aServer(n string) m {
	return m{"host": "s" + n, "ip": "10.0.0." + n, "env": "dev", "dns_server_type": "master",
		"zb_process_itemid": "111", "zb_port_itemid": "112", "zb_resolve_itemid": "113", "zb_resolve_rate_itemid": "114"}
}

// changed returns a copy of the object with one member set; nil removes it.
func changed(o m, name string, value any) m {
	out := m{}
	for k, v := range o {
		out[k] = v
	}
	if value == nil {
		delete(out, name)
	} else {
		out[name] = value
	}
	return out
}
