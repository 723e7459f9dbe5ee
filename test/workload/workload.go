package workload

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/test/deployment"
)

// Workload is many clients of one site, and what was acknowledged to them.
//
// Invariant: no two acknowledged events have one position.
type Workload struct {
	t       testing.TB
	site    *deployment.Site
	seed    uint64
	token   string
	views   sharedViews
	clients []*client
	// machine runs the tasks, nil where there are none.
	machine *deployment.Machine
	// news says that a client was served, or has given up.
	news chan struct{}

	mu sync.Mutex
	// acked is the type of event that was acknowledged for a position.
	acked map[int64]string
}

// New makes so many clients of a running site, at least [baseViews], and the views
// that they share. The same seed has them try the same, one by one.
func New(t testing.TB, site *deployment.Site, seed uint64, clients int) *Workload {
	t.Helper()
	t.Logf("seed %d", seed)
	w := &Workload{
		t: t, site: site, seed: seed, views: sharedViews{names: map[int64]string{}},
		news: make(chan struct{}, 1), acked: map[int64]string{},
	}
	for id := range max(clients, baseViews) {
		w.clients = append(w.clients, newClient(w, id))
	}
	w.login()
	for id := range baseViews {
		v, c := dns.ViewData{Name: fmt.Sprint("view", id), ACL: "any"}, w.clients[id]
		a, ok := c.write("ViewCreated", http.MethodPost, "/dns/views", viewBody(v))
		if !ok {
			t.Fatalf("no view: %s", a.body)
		}
		c.own.views[a.id] = v
		w.views.rename(a.id, v.Name)
	}
	return w
}

func (w *Workload) login() {
	w.t.Helper()
	admin := map[string]any{"username": "admin", "password": deployment.Password}
	a, err := w.clients[0].ask(http.MethodPost, "/auth/login_local", "", 0, admin)
	var said struct{ Token string }
	if err != nil || json.Unmarshal(a.body, &said) != nil || said.Token == "" {
		w.t.Fatalf("login: %v, %d: %s", err, a.status, a.body)
	}
	w.token = said.Token
}
