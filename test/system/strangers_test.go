package system

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// mostGrowth is how much memory strangers may make the process take.
const mostGrowth = 100 << 20

// One address sends all that it can without a login: connections that say nothing,
// bodies that are too large, have too many members or never end, logins and
// registrations. Somebody elsewhere works on meanwhile; the process takes little
// memory for it; and in the end a change is live as before.
func TestFloodOfStrangers(t *testing.T) {
	t.Parallel()
	site := deployment.StartSite(t)
	s := site.Serve
	s.Login()
	zone := s.MakeLiveZone("example.com", "192.0.2.1")
	before, _ := s.Memory()
	s.ForgetPeak()

	f := newFlood(t, s.Address)
	defer f.end()
	f.openSlowConnections(700)
	var flooding sync.WaitGroup
	for name, wave := range map[string]func(n int) (path, body string){
		"large": func(int) (string, string) { return "/auth/login_local", strings.Repeat(" ", 9<<20) },
		"large for users": func(int) (string, string) {
			return "/v1/batch", `{"operations":[` + strings.Repeat("1,", 4<<20) + `1]}`
		},
		"members": func(int) (string, string) {
			return "/api/login", `{"name":[` + strings.Repeat("[],", 20_000) + `1]}`
		},
		"logins": func(n int) (string, string) {
			return "/auth/login_local", fmt.Sprintf(`{"username":"nobody%d","password":"guess"}`, n)
		},
		"logins by the other dialect": func(n int) (string, string) {
			return "/api/login", fmt.Sprintf(`{"name":"nobody%d","password":"guess"}`, n)
		},
		"registrations": func(n int) (string, string) {
			return "/auth/register_local", fmt.Sprintf(`{"username":"stranger%d","password":"secret","password2":"secret","email":"s%d@example.org"}`, n, n)
		},
	} {
		for worker := range 4 {
			flooding.Go(func() {
				for n := range 10 {
					path, body := wave(worker*1000 + n)
					if len(body) > 1<<20 && n >= 6 {
						return
					}
					if err := f.post(path, body); err != nil {
						t.Logf("%s: %v", name, err) // a flood may be cut off
					}
				}
			})
		}
	}
	over := make(chan struct{})
	go func() { defer close(over); flooding.Wait() }()
	worked := 0
	for working := true; working; worked++ {
		s.Post("/dns/records", deployment.RecordBody(fmt.Sprintf("w%d", worked), "192.0.2.9", zone))
		select {
		case <-over:
			working = false
		default:
		}
	}
	began := time.Now()
	s.PostLive("/dns/records", deployment.RecordBody("after", "192.0.2.2", zone))
	live := time.Since(began)
	_, peak := s.Memory()
	t.Logf("%d records during the flood; live after %v; %d MiB before, at most %d MiB more", worked, live, before>>20, (peak-before)>>20)
	if grown := peak - before; grown > mostGrowth && !testkit.RaceDetector {
		t.Errorf("strangers made the process take %d MiB more", grown>>20)
	}
	reply, body := s.Call(http.MethodGet, "/readyz", "")
	if reply.StatusCode != http.StatusOK {
		t.Errorf("not ready: %s", body)
	}
	site.DNS.WantAnswer("after.example.com.", "A", "192.0.2.2")
	s.OpenLog().SameAsReplay()
}

// flood is a client at another address.
type flood struct {
	t       *testing.T
	address string
	dialer  net.Dialer
	client  *http.Client
	slow    []net.Conn
}

func newFlood(t *testing.T, address string) *flood {
	f := &flood{t: t, address: address, dialer: net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 66)}, Timeout: testkit.Patience}}
	f.client = &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{DialContext: f.dialer.DialContext, DisableKeepAlives: true}}
	return f
}

func (f *flood) end() {
	for _, conn := range f.slow {
		_ = conn.Close()
	}
	f.client.CloseIdleConnections()
}

// openSlowConnections opens connections that begin a request and never end it. Some are
// closed at once, which is the point.
func (f *flood) openSlowConnections(n int) {
	f.t.Helper()
	for range n {
		conn, err := f.dialer.DialContext(context.Background(), "tcp", f.address)
		if err != nil {
			continue
		}
		_, _ = io.WriteString(conn, "POST /auth/login_local HTTP/1.1\r\nHost: x\r\nX-Slow: "+strings.Repeat("s", 8000))
		f.slow = append(f.slow, conn)
	}
	// Half of them make room for the waves that follow.
	for _, conn := range f.slow[:min(n/2, len(f.slow))] {
		_ = conn.Close()
	}
}

func (f *flood) post(path, body string) error {
	reply, err := f.client.Post("http://"+f.address+path, "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if strings.Contains(string(text), "token\"") {
		f.t.Errorf("%s let a stranger in: %s", path, text)
	}
	return err
}
