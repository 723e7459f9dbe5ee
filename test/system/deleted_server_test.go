package system

import (
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A server that is deleted serves nothing any more: its agent learns of it from the control plane, ends named, and ends
// itself. Started again it asks once, and ends. One that was away learns of it when it comes back, and not from a
// control plane that does not answer.
func TestDeletedServersStopServing(t *testing.T) {
	t.Parallel()
	s := deployment.StartSite(t)
	s.Serve.Login()
	other := deployment.EnrollNameServerAs(t, "127.0.0.2", "ns2.example", "--data", s.Serve.Data)
	other.Outlives = true
	other.Start()
	s.Serve.MakeLiveZone("a.example", "192.0.2.1")
	for _, named := range []deployment.Named{s.DNS.Named, other.Named} {
		named.WantAnswer("www.a.example.", "A", "192.0.2.1")
	}

	s.Serve.Delete("/dns/servers/1")
	for range 2 {
		s.DNS.Retires()
		s.DNS.Start()
	}
	s.DNS.Retires()

	other.Stop()
	s.Serve.Delete("/dns/servers/2")
	s.Serve.Stop()
	away := other.Said.Printed("NATS does not answer")
	other.Start()
	testkit.Await(t, "the agent finds no control plane", away)
	other.WantAnswer("www.a.example.", "A", "192.0.2.1")
	s.Serve.Start()
	other.Retires()
}

// The agent of a server that is no more trusted is refused; named goes on.
func TestWithdrawnServersGoOnServing(t *testing.T) {
	t.Parallel()
	s := deployment.StartSite(t)
	s.Serve.Login()
	s.Serve.MakeLiveZone("a.example", "192.0.2.1")
	refused := s.DNS.Said.Printed("the credentials may have been withdrawn")
	deployment.Command(t, "agent", "withdraw", "--server", "1", "--data", s.Serve.Data)
	testkit.Await(t, "the agent is refused", refused)
	s.DNS.WantAnswer("www.a.example.", "A", "192.0.2.1")
}

// A machine's agent in the same process goes on when the server is deleted.
func TestMachineOutlivesItsServer(t *testing.T) {
	t.Parallel()
	serve := deployment.StartServe(t, "serve", "--nats-listen", testkit.Address(t))
	m := deployment.EnrollMachine(t, "web01", "10.0.0.1", map[string]string{"hello": "exit 0"}, "--data", serve.Data)
	n := deployment.EnrollNameServer(t, serve.Data)
	ended := m.Said.Printed("the server was deleted")
	m.Start("--creds", n.Creds(), "--dns", n.DNS, "--end-named")
	serve.MakeLiveZone("a.example", "192.0.2.1")
	n.WantAnswer("www.a.example.", "A", "192.0.2.1")
	serve.Delete("/dns/servers/1")
	testkit.Await(t, "the agent learns of it", ended)
	testkit.Eventually(t, "named has ended", func() bool { return !n.Answers("www.a.example.", "A") })
	task := serve.NewTask("10.0.0.1", "hello", "t", "1", "c")
	serve.Execute(task, "update")
	serve.AwaitEnd(task, "succeeded")
}
