package main

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) {
	if code, yes := supervising(); yes { // an agent in this process started it
		os.Exit(code)
	}
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	testkit.Main(m)
}

const testPassword = "correct horse"

// devServer is `opsledger dev` in this process, on free ports.
type devServer struct {
	*caller
	app     *App
	stopped bool
}

func startDev(t *testing.T, data string) *devServer {
	t.Helper()
	return startServer(t, testConfig(data), true)
}

// testConfig is that of a server with everything private in the folder.
func testConfig(data string) Config {
	return Config{
		HTTP: "127.0.0.1:0", DNS: "127.0.0.1:0", NATSListen: "127.0.0.1:0", Data: data,
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
	s := &devServer{caller: newCaller(t, app.listener.Addr().String()), app: app}
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

func (s *devServer) head() int64 {
	s.t.Helper()
	head, err := s.app.store.Head(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return int64(head.Position)
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
