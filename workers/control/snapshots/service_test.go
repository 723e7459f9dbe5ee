package snapshots_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/nameserver"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

func enrolled(t *testing.T) (*planetest.Plane, *nats.Conn) {
	t.Helper()
	p := planetest.Start(t)
	p.Enroll(1, dns.ServerData{Host: "ns1", IP: "192.0.2.1", Type: "master"})
	return p, testkit.Connect(t, p.Server, nameserver.Options(1)...)
}

func known(t *testing.T, p *planetest.Plane) ed25519.PublicKey {
	key, _ := p.Signer.Known(t.Context())
	return key
}

func open(t *testing.T, nc *nats.Conn) protocol.SnapshotInfo {
	t.Helper()
	m, err := nc.Request(protocol.SubjectSnapshotOpen(1), nil, testkit.Patience)
	if err != nil {
		t.Fatal(err)
	}
	var info protocol.SnapshotInfo
	if err := json.Unmarshal(m.Data, &info); err != nil || info.Error != "" {
		t.Fatalf("%s %v", m.Data, err)
	}
	return info
}

func TestASnapshotShowsAllThatWasWritten(t *testing.T) {
	t.Parallel()
	p, nc := enrolled(t)
	for i := range int64(5) {
		position := p.Append(dns.ViewCreated{ID: i, View: dns.ViewData{Name: fmt.Sprint("v", i), ACL: "any"}})
		info := open(t, nc)                                                                                                                       // without waiting for the read model
		if info.Log != p.Store.LogID() || info.LastDNS != position || info.Position < position || info.Head < position || info.Rows != int(i)+3 { // the server, the fleet, the views
			t.Errorf("after %d: %+v", position, info)
		}
	}
	first := open(t, nc)
	if again := open(t, nc); again.ID != first.ID {
		t.Error("two snapshots of one position")
	}
}

func TestChunksOfTwoInstances(t *testing.T) {
	t.Parallel()
	p, nc := enrolled(t)
	q := p.Beside()
	q.Eventually("the other process knows the agent", func() bool { return q.Roster.Has(1) })
	makers := map[string]protocol.SnapshotInfo{}
	p.Eventually("both have answered", func() bool {
		info := open(t, nc)
		makers[info.Instance] = info
		return len(makers) == 2
	})
	for _, info := range makers {
		m, err := nc.Request(protocol.SubjectSnapshotChunk(1, info.Instance, info.ID, 0), nil, testkit.Patience)
		if err != nil || len(m.Data) == 0 || m.Header.Get(protocol.HeaderError) != "" {
			t.Errorf("%+v: %v %v", info, m, err)
		}
		for _, subject := range []string{
			protocol.SubjectSnapshotChunk(1, info.Instance, info.ID, 1), protocol.SubjectSnapshotChunk(1, info.Instance, "gone", 0),
			protocol.SubjectSnapshotChunk(1, info.Instance, info.ID, -1),
		} {
			if m, err := nc.Request(subject, nil, testkit.Patience); err != nil || m.Header.Get(protocol.HeaderError) == "" {
				t.Errorf("%s: %v %v", subject, m, err)
			}
		}
	}
	if _, err := nc.Request(protocol.SubjectSnapshotChunk(1, "nobody", "x", 0), nil, testkit.Patience); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("an instance that is gone: %v", err)
	}
}

// An agent that asks before the roster has seen its enrolment is answered, not left to wait.
func TestAnAgentOfThisMomentIsAnswered(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	for id := int64(1); id <= 5; id++ {
		nc := testkit.Connect(t, p.Server, nameserver.Options(id)...)
		p.Append(dns.ServerCreated{ID: id, Server: dns.ServerData{Host: fmt.Sprint("ns", id), IP: fmt.Sprint("192.0.2.", id), Type: "master"}}, dns.ServerEnrolled{ID: id})
		if _, err := nc.Request(protocol.SubjectSnapshotOpen(id), nil, testkit.Patience); err != nil {
			t.Errorf("agent %d: %v", id, err)
		}
	}
}

func TestOnlyEnrolledAgentsAreAnswered(t *testing.T) {
	t.Parallel()
	p, nc := enrolled(t)
	for _, subject := range []string{protocol.SubjectSnapshotOpen(2), protocol.SubjectSecrets(2), "snap.x.open", "snap.01.open"} {
		other := testkit.Connect(t, p.Server, nameserver.Options(2)...)
		if m, err := other.Request(subject, []byte("{}"), 300*time.Millisecond); err == nil {
			t.Errorf("%s was answered: %s", subject, m.Data)
		}
	}
	// The answer is for the agent's own inbox, wherever the request wants it.
	stray, err := p.NC.SubscribeSync("report.2.dns")
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{protocol.SubjectSnapshotOpen(1), protocol.SubjectSecrets(1)} {
		if err := nc.PublishRequest(subject, "report.2.dns", []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	open(t, nc)
	if m, err := stray.NextMsg(200 * time.Millisecond); err == nil {
		t.Errorf("answered on %s: %s", m.Subject, m.Data)
	}
	p.Append(dns.ServerWithdrawn{ID: 1})
	p.Eventually("the withdrawal is known", func() bool { return !p.Roster.Has(1) })
	if m, err := nc.Request(protocol.SubjectSnapshotOpen(1), nil, 300*time.Millisecond); err == nil {
		t.Errorf("a withdrawn agent was answered: %s", m.Data)
	}
}

// All agents get the same keys of transfers, from whichever process, a key for each view; and others once a
// server has lost its agent.
func TestTransferKeys(t *testing.T) {
	t.Parallel()
	p, one := enrolled(t)
	p.Beside()
	p.Enroll(2, dns.ServerData{Host: "ns2", IP: "192.0.2.2", Type: "slave"})
	two := testkit.Connect(t, p.Server, nameserver.Options(2)...)
	ask := func(nc *nats.Conn, agent int64) map[int64][]byte {
		t.Helper()
		keys, err := nameserver.TransferKeys(nc, agent, known(t, p))(t.Context(), []int64{5, 6})
		if err != nil || len(keys) != 2 || len(keys[5]) != 32 || bytes.Equal(keys[5], keys[6]) {
			t.Fatalf("keys %v, %v", keys, err)
		}
		return keys
	}
	same := func(a, b map[int64][]byte) bool { return maps.EqualFunc(a, b, bytes.Equal) }
	first := ask(one, 1)
	for range 8 {
		if !same(first, ask(one, 1)) || !same(first, ask(two, 2)) {
			t.Fatal("agents get different keys")
		}
	}
	p.Append(dns.ServerCreated{ID: 3, Server: dns.ServerData{Host: "ns3", IP: "192.0.2.3", Type: "slave"}})
	p.Append(dns.ServerDeleted{ID: 3, Server: dns.ServerData{Host: "ns3", IP: "192.0.2.3", Type: "slave"}}) // had no agent
	if !same(first, ask(one, 1)) {
		t.Error("other keys, and nobody has lost any")
	}
	p.Append(dns.ServerWithdrawn{ID: 2})
	second := ask(one, 1)
	if same(first, second) {
		t.Error("who is withdrawn has the keys of the others")
	}
	p.Append(dns.ServerEnrolled{ID: 2})
	if !same(second, ask(one, 1)) || !same(second, ask(two, 2)) {
		t.Error("other keys, and nobody has lost any since")
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	p, nc := enrolled(t)
	put := func(text string) string {
		id, err := p.Vault.Put(t.Context(), "bind", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return id.String()
	}
	old, current, private := put("old"), put("current"), put("private")
	ask := nameserver.Secrets(nc, 1, known(t, p))
	if got, err := ask(t.Context(), []string{old}); err == nil {
		t.Errorf("nothing is configured yet: %v", got)
	}
	p.Append(dns.BindConfChanged{Text: "a", Secrets: []string{old}})
	p.Append(dns.BindConfChanged{Text: "b", Secrets: []string{current, uuid.NewString()}})
	// At once, as an agent does that has the event before the read model.
	if got, err := ask(t.Context(), []string{current}); err != nil || got[current] != "current" {
		t.Errorf("got %v %v", got, err)
	}
	for _, ids := range [][]string{{old}, {private}, {current, private}, {"x"}, {""}} {
		if got, err := ask(t.Context(), ids); err == nil {
			t.Errorf("%v: got %v", ids, got)
		}
	}
}
