package deployment

import (
	"net/http"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
)

// Dev is `opsledger dev`: a server with an agent and a named of its own.
type Dev struct {
	*Server
	Named
}

// NewDev is a `dev` that has not been started yet, with everything private in the
// folder. It ends with the test.
func NewDev(t testing.TB, data string, flags ...string) *Dev {
	t.Helper()
	named := Named{t: t, DNS: testkit.Address(t)}
	command := append([]string{"dev", "--dns", named.DNS, "--nats-listen", "127.0.0.1:0", "--ddns", "127.0.0.1:0"}, flags...)
	return &Dev{newServer(t, "dev", data, command...), named}
}

// StartDev starts a `dev` and logs in.
func StartDev(t testing.TB, data string, flags ...string) *Dev {
	t.Helper()
	d := NewDev(t, data, append([]string{"--admin-password", Password}, flags...)...)
	d.Start()
	d.Login()
	return d
}

// In is the same `dev` for a test within the one that started it: what fails fails that one.
func (d *Dev) In(t testing.TB) *Dev {
	server, caller := *d.Server, *d.Caller
	server.Caller, caller.t = &caller, t
	return &Dev{&server, Named{t: t, DNS: d.DNS}}
}

// Start returns when the program is ready and its named answers: that a change is
// live may be known from what the agent reported before.
func (d *Dev) Start() {
	d.t.Helper()
	d.Server.Start()
	testkit.Eventually(d.t, "named answers", func() bool {
		reply, _, err := d.Ask(http.MethodGet, "/readyz", "", "")
		return err == nil && reply.StatusCode == http.StatusOK
	})
}
