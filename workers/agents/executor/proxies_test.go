package executor_test

import (
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

// gitServer serves a host's folder upstream by git's smart HTTP.
func gitServer(t *testing.T, h *host) http.Handler {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	return &cgi.Handler{Path: git, Args: []string{"http-backend"}, Stderr: io.Discard, Env: []string{
		"GIT_PROJECT_ROOT=" + h.dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
	}}
}

// proxy is an HTTP proxy by which alone the server is reached, whatever its name.
type proxy struct {
	to string // the server's address
	mu sync.Mutex
	// asked are the requests, with the credentials that came with them.
	asked []string
	serve http.Handler
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth()
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host+" "+user+":"+password)
	p.mu.Unlock()
	if user == "" { // only then git says who it is
		w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	if r.Method != http.MethodConnect {
		p.serve.ServeHTTP(w, r)
		return
	}
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		http.Error(w, "", http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	var copies sync.WaitGroup
	copies.Go(func() { _, _ = io.Copy(server, client); _ = server.(*net.TCPConn).CloseWrite() })
	copies.Go(func() { _, _ = io.Copy(client, server); _ = client.(*net.TCPConn).CloseWrite() })
	copies.Wait()
}

// git fetches by the proxy of the agent's environment.
func TestGitBehindAProxy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ scheme, variable string }{
		"https": {"https", "https_proxy"}, "HTTPS": {"https", "HTTPS_PROXY"}, "all": {"https", "all_proxy"}, "http": {"http", "http_proxy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newRepositories(t)
			h.publish("two")
			backend := gitServer(t, h)
			server := httptest.NewTLSServer(backend)
			t.Cleanup(server.Close)
			through := &proxy{to: server.Listener.Addr().String(), serve: backend}
			at := httptest.NewServer(through)
			t.Cleanup(at.Close)
			address, err := url.Parse(at.URL)
			if err != nil {
				t.Fatal(err)
			}
			address.User = url.UserPassword("li", "geheim/word")
			h.proxies = executor.ProxiesOf([]string{"PATH=/x", c.variable + "=" + address.String(), "HTTP_PROXY=http://evil.test"})
			h.run("git", "-C", "repo", "config", "remote.origin.url", c.scheme+"://git.example.test/upstream/.git")
			h.run("git", "-C", "repo", "config", "http.sslVerify", "false")
			h.start()
			h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "git", Version: "main", Content: "a"})
			h.wantEnd(1, ops.Succeeded, "")
			if got := h.read("web/a"); got != "two" {
				t.Errorf("the file is %q", got)
			}
			through.mu.Lock()
			defer through.mu.Unlock()
			method := map[string]string{"https": "CONNECT git.example.test:443", "http": "GET git.example.test"}[c.scheme]
			if !slices.Contains(through.asked, method+" li:geheim/word") {
				t.Errorf("the proxy was asked %q", through.asked)
			}
		})
	}
}

// No text has a password of an address in it, be it the proxy's or the repository's.
func TestNoPasswordInLogs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ proxy, remote string }{
		"an odd proxy":      {"nonsense://li:geheimwort@127.0.0.1:1", "https://git.example.test/x"},
		"no such port":      {"http://li:geheimwort@127.0.0.1:99999", "https://git.example.test/x"},
		"nobody there":      {"http://li:geheimwort@127.0.0.1:1", "https://git.example.test/x"},
		"no scheme":         {"li:geheimwort@127.0.0.1:1", "https://git.example.test/x"},
		"escaped":           {"http://li:gehe%69mwort@127.0.0.1:1:1", "https://git.example.test/x"},
		"the repository's":  {"", "https://li:geheimwort@127.0.0.1:1/x"},
		"an odd repository": {"", "nonsense://li:geheimwort@127.0.0.1:1/x"},
		"a path with an at": {"", "https://li:geheim@wort/geheimwort@127.0.0.1:1/x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newRepositories(t)
			h.proxies = executor.ProxiesOf([]string{"https_proxy=" + c.proxy})
			h.run("git", "-C", "repo", "config", "remote.origin.url", c.remote)
			h.start()
			h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "git", Version: "main", Content: "a"})
			end := h.wantEnd(1, ops.Failed, "git ls-remote origin")
			if text := end.Message + h.log(1); strings.Contains(text, "geheimwort") || strings.Contains(text, "gehe%69mwort") {
				t.Errorf("the password is in %q", text)
			}
		})
	}
}
