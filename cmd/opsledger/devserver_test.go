package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	testkit.Main(m)
}

const testPassword = "correct horse"

// devServer is `opsledger dev` in this process, on free ports.
type devServer struct {
	t       *testing.T
	app     *App
	client  *http.Client
	token   string
	stopped bool
}

func startDev(t *testing.T, data string) *devServer {
	t.Helper()
	return startServer(t, testConfig(data), true)
}

// testConfig is that of a server with everything private in the folder.
func testConfig(data string) Config {
	return Config{
		HTTP: "127.0.0.1:0", DNS: "127.0.0.1:0", NATSListen: "127.0.0.1:0", Data: data, NATSReplicas: 1,
		AdminPassword: testPassword, Timezone: "Asia/Shanghai", Register: true, LogLevel: "warn",
	}
}

// tryApp starts a server that may fail to start.
func tryApp(t *testing.T, cfg Config, dev bool) (*App, error) {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: cfg.level}))
	return startApp(context.Background(), cfg, dev, log)
}

func startServer(t *testing.T, cfg Config, dev bool) *devServer {
	t.Helper()
	app, err := tryApp(t, cfg, dev)
	if err != nil {
		t.Fatal(err)
	}
	s := &devServer{t: t, app: app, client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}}
	t.Cleanup(s.stop)
	s.login()
	return s
}

// stop is a clean stop; it may be called again.
func (s *devServer) stop() {
	if s.stopped {
		return
	}
	s.stopped = true
	s.client.CloseIdleConnections()
	if err := s.app.life.stop(); err != nil {
		s.t.Errorf("stop: %v", err)
	}
}

func (s *devServer) login() {
	s.t.Helper()
	reply, body := s.call(http.MethodPost, "/auth/login_local", `{"username":"admin","password":"`+testPassword+`"}`)
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || reply.StatusCode != http.StatusOK {
		s.t.Fatalf("login: status %d, %v: %s", reply.StatusCode, err, body)
	}
	s.token = answer.Token
}

// call makes one request and returns the reply with its whole body.
func (s *devServer) call(method, target, body string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.app.listener.Addr().String()+target, bytes.NewBufferString(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		req.Header.Set("Authorization", s.token)
	}
	reply, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply, string(text)
}

func (s *devServer) write(method, target, body string) *http.Response {
	s.t.Helper()
	reply, text := s.call(method, target, body)
	if reply.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s %s: status %d: %s", method, target, body, reply.StatusCode, text)
	}
	return reply
}

func (s *devServer) post(target, body string) *http.Response {
	s.t.Helper()
	return s.write(http.MethodPost, target, body)
}

func (s *devServer) put(target, body string) *http.Response {
	s.t.Helper()
	return s.write(http.MethodPut, target, body)
}

func (s *devServer) delete(target string) *http.Response {
	s.t.Helper()
	return s.write(http.MethodDelete, target, "")
}

// created is the id of what the reply says was created.
func (s *devServer) created(reply *http.Response) string {
	s.t.Helper()
	id := path.Base(reply.Header.Get("Location"))
	if _, err := strconv.Atoi(id); err != nil {
		s.t.Fatalf("Location %q", reply.Header.Get("Location"))
	}
	return id
}

func (s *devServer) head() int64 {
	s.t.Helper()
	head, err := s.app.store.Head(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return int64(head.Position)
}

// live waits until the change is proved to be served.
func (s *devServer) live(position string) {
	s.t.Helper()
	_, body := s.call(http.MethodGet, "/v1/changes/"+position+"?wait=20s", "")
	if !strings.Contains(body, `"INSYNC"`) || !strings.Contains(body, `"percent":100`) {
		s.t.Fatalf("change %s: %s", position, body)
	}
}

func (s *devServer) wantBody(target string, parts ...string) {
	s.t.Helper()
	_, body := s.call(http.MethodGet, target, "")
	for _, part := range parts {
		if !strings.Contains(body, part) {
			s.t.Errorf("%s lacks %s: %s", target, part, body)
		}
	}
}

func (s *devServer) query(name, kind string, class uint16) *mdns.Msg {
	s.t.Helper()
	m := new(mdns.Msg).SetQuestion(name, mdns.StringToType[kind])
	m.Question[0].Qclass = class
	m.RecursionDesired = false // named must not ask the world for what it does not serve
	reply, _, err := new(mdns.Client).ExchangeContext(s.t.Context(), m, s.app.engine.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	return reply
}

func (s *devServer) wantAnswer(name, kind, rdata string) {
	s.t.Helper()
	reply := s.query(name, kind, mdns.ClassINET)
	for _, rr := range reply.Answer {
		if strings.HasSuffix(rr.String(), "\t"+rdata) {
			return
		}
	}
	s.t.Fatalf("%s %s: want %s, got %v", name, kind, rdata, reply)
}

func (s *devServer) wantNoAnswer(name, kind string) {
	s.t.Helper()
	if reply := s.query(name, kind, mdns.ClassINET); len(reply.Answer) > 0 {
		s.t.Fatalf("%s %s is still answered: %v", name, kind, reply.Answer)
	}
}

func (s *devServer) wantSerial(zone, position string) {
	s.t.Helper()
	reply := s.query(zone, "SOA", mdns.ClassINET)
	if len(reply.Answer) == 1 {
		if soa, ok := reply.Answer[0].(*mdns.SOA); ok && strconv.Itoa(int(soa.Serial)) == position {
			return
		}
	}
	s.t.Fatalf("SOA of %s: want serial %s, got %v", zone, position, reply.Answer)
}

func (s *devServer) wantChaos(name, text string) {
	s.t.Helper()
	reply := s.query(name, "TXT", mdns.ClassCHAOS)
	if len(reply.Answer) != 1 || !strings.Contains(reply.Answer[0].String(), text) {
		s.t.Fatalf("%s: %v", name, reply.Answer)
	}
}
