package system

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// hooks are the receivers of two webhooks: one takes what comes, the other only later.
type hooks struct {
	t           *testing.T
	url         string
	prompt, lag chan string
	open        atomic.Bool
	// old is the message that the lagging one did not take.
	old string
}

func newHooks(t *testing.T) *hooks {
	t.Helper()
	h := &hooks{t: t, prompt: make(chan string, 100), lag: make(chan string, 100)}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch id := r.Header.Get("webhook-id"); {
	case r.URL.Path == "/prompt":
		h.prompt <- id
	case h.open.Load():
		h.lag <- id
	default:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// behind has a message that one receiver has taken, and the other has not.
func (h *hooks) behind(s *deployment.Server) {
	h.t.Helper()
	for _, path := range []string{"/prompt", "/lag"} {
		s.Post("/v1/webhooks", `{"url":"`+h.url+path+`","types":["RoleCreated"]}`)
	}
	s.Post("/admin/roles", `{"name":"role901","privilege_ids":[1]}`)
	h.old = testkit.Await(h.t, "a message before the backup", h.prompt)
	testkit.Eventually(h.t, "both attempts are noted", func() bool {
		_, list := s.Call(http.MethodGet, "/v1/webhooks", "")
		return strings.Contains(list, `"last_status":200`) && strings.Contains(list, `"last_status":503`)
	})
}

// goOn wants each to get what it has not had, and nothing else.
func (h *hooks) goOn(s *deployment.Server) {
	h.t.Helper()
	h.open.Store(true)
	s.Post("/admin/roles", `{"name":"role902","privilege_ids":[1]}`)
	fresh := testkit.Await(h.t, "a message after the restore", h.prompt)
	if fresh == h.old {
		h.t.Errorf("%s came again", fresh)
	}
	for _, want := range []string{h.old, fresh} {
		if got := testkit.Await(h.t, "what the receiver had not taken", h.lag); got != want {
			h.t.Errorf("%s came instead of %s", got, want)
		}
	}
}
