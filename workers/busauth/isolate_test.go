package busauth

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/protocol"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// bus is a real server with agents 1 and 2 as the control plane sets them up;
// anybody may connect as an agent, since passwords are another test's business.
type bus struct {
	server  *server.Server
	agents  *server.Account
	control *nats.Conn
	js      jetstream.JetStream
}

// Check implements [server.Authentication].
func (b *bus) Check(c server.ClientAuthentication) bool {
	user := c.GetOpts().Username
	if user == "control" {
		c.RegisterUser(&server.User{Username: user})
		return true
	}
	agent, ok := agentOf(user)
	if ok {
		c.RegisterUser(&server.User{Username: user, Permissions: Permissions(agent), Account: b.agents})
	}
	return ok
}

func startBus(t *testing.T, isolated bool) *bus {
	t.Helper()
	b := &bus{}
	var err error
	b.server, err = server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
		CustomClientAuthentication: b,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.server.Start()
	t.Cleanup(func() { b.server.Shutdown(); b.server.WaitForShutdown() })
	if !b.server.ReadyForConnections(10 * time.Second) {
		t.Fatal("server is not ready")
	}
	if isolated {
		if b.agents, err = Isolate(b.server); err != nil {
			t.Fatal(err)
		}
	}
	b.control = b.connect(t, nats.UserInfo("control", ""))
	if b.js, err = jetstream.New(b.control); err != nil {
		t.Fatal(err)
	}
	b.fill(t)
	return b
}

func (b *bus) connect(t *testing.T, opts ...nats.Option) *nats.Conn {
	t.Helper()
	// Violations are what the tests provoke; the default handler would print them.
	opts = append(opts, nats.PermissionErrOnSubscribe(true), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	nc, err := nats.Connect(b.server.ClientURL(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func (b *bus) agent(t *testing.T, id int64) *nats.Conn {
	t.Helper()
	return b.connect(t, nats.UserInfo(protocol.User(id), ""), nats.CustomInboxPrefix(protocol.InboxPrefix(id)))
}

// fill makes the stream with three events and both agents' consumers.
func (b *bus) fill(t *testing.T) {
	t.Helper()
	stream, err := b.js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "EVENTS", Subjects: []string{"events.>"}, DenyDelete: true, DenyPurge: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []int64{1, 2} {
		if _, err := stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{
			Durable: protocol.Consumer(id), FilterSubject: "events.dns.>", AckPolicy: jetstream.AckAllPolicy,
		}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if _, err := b.js.Publish(t.Context(), "events.dns.0.X", []byte(`{"secret":"no"}`)); err != nil {
			t.Fatal(err)
		}
	}
}

func request(nc *nats.Conn, subject, payload string) (*nats.Msg, error) {
	return nc.Request(subject, []byte(payload), 5*time.Second)
}

// What an agent must be able to do works across the accounts.
func TestAnAgentCanDoItsWork(t *testing.T) {
	t.Parallel()
	b := startBus(t, true)
	nc := b.agent(t, 1)

	reply, err := request(nc, "$JS.API.CONSUMER.RESET.EVENTS.agent-1", `{"seq":2}`)
	if err != nil || !strings.Contains(string(reply.Data), `"reset_seq":2`) {
		t.Fatalf("reset: %v %v", reply, err)
	}
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT.EVENTS.agent-1", inbox, []byte(`{"batch":10,"expires":30000000000,"idle_heartbeat":2000000000}`)); err != nil {
		t.Fatal(err)
	}
	for want := uint64(2); want <= 3; want++ {
		m, err := sub.NextMsg(5 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		meta, err := m.Metadata()
		if err != nil || meta.Sequence.Stream != want || m.Subject != "events.dns.0.X" {
			t.Fatalf("got %v %v on %s, want sequence %d", meta, err, m.Subject, want)
		}
		if _, err := nc.Request(m.Reply, []byte("+ACK"), 5*time.Second); err != nil {
			t.Fatalf("ack: %v", err)
		}
	}
	if _, err := b.js.Publish(t.Context(), "events.dns.0.Y", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if m, err := sub.NextMsg(5 * time.Second); err != nil || m.Subject != "events.dns.0.Y" {
		t.Fatalf("an event that comes while a pull waits: %v %v", m, err)
	}
	if m, err := sub.NextMsg(5 * time.Second); err != nil || m.Header.Get("Status") != "100" {
		t.Fatalf("want a heartbeat, got %v %v", m, err)
	}
}

func TestServicesCrossTheAccounts(t *testing.T) {
	t.Parallel()
	b := startBus(t, true)
	nc := b.agent(t, 1)
	echo := func(m *nats.Msg) {
		if !protocol.InboxOf(1, m.Reply) {
			t.Errorf("reply subject %q is not the agent's", m.Reply)
		}
		_ = m.Respond([]byte(m.Subject))
	}
	for _, subject := range []string{protocol.SubjectSnapshotOpens, protocol.SubjectSnapshotChunks("i"), protocol.SubjectAllSecrets} {
		if _, err := b.control.Subscribe(subject, echo); err != nil {
			t.Fatal(err)
		}
	}
	reports, err := b.control.SubscribeSync(protocol.SubjectReports)
	if err != nil {
		t.Fatal(err)
	}
	wishes, err := nc.SubscribeSync(protocol.SubjectReportNow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Subscribe(protocol.SubjectCheckConf(1), func(m *nats.Msg) { _ = m.Respond([]byte("checked")) }); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.control.Flush(), nc.Flush()); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{protocol.SubjectSnapshotOpen(1), protocol.SubjectSnapshotChunk(1, "i", "s", 0), protocol.SubjectSecrets(1)} {
		if m, err := request(nc, subject, ""); err != nil || string(m.Data) != subject {
			t.Errorf("%s: %v %v", subject, m, err)
		}
	}
	if err := nc.Publish(protocol.SubjectReport(1), []byte("r")); err != nil {
		t.Fatal(err)
	}
	if m, err := reports.NextMsg(5 * time.Second); err != nil || m.Subject != protocol.SubjectReport(1) {
		t.Errorf("report: %v %v", m, err)
	}
	if m, err := request(b.control, protocol.SubjectCheckConf(1), ""); err != nil || string(m.Data) != "checked" {
		t.Errorf("check: %v %v", m, err)
	}
	if err := b.control.Publish(protocol.SubjectReportNow, []byte("b")); err != nil {
		t.Fatal(err)
	}
	if m, err := wishes.NextMsg(5 * time.Second); err != nil || string(m.Data) != "b" {
		t.Errorf("wish: %v %v", m, err)
	}
}

// What an agent must not be able to do is refused by the server.
func TestAnAgentCanDoNothingElse(t *testing.T) {
	t.Parallel()
	b := startBus(t, true)
	nc := b.agent(t, 1)
	seen, err := b.control.SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.control.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.INFO.EVENTS", "$JS.API.STREAM.DELETE.EVENTS", "$JS.API.STREAM.PURGE.EVENTS",
		"$JS.API.STREAM.MSG.GET.EVENTS", "$JS.API.DIRECT.GET.EVENTS", "$JS.API.STREAM.MSG.DELETE.EVENTS",
		"$JS.API.CONSUMER.CREATE.EVENTS", "$JS.API.CONSUMER.CREATE.EVENTS.agent-1", "$JS.API.CONSUMER.CREATE.EVENTS.agent-1.events.>",
		"$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.agent-1", "$JS.API.CONSUMER.INFO.EVENTS.agent-1", "$JS.API.CONSUMER.LIST.EVENTS",
		"$JS.API.CONSUMER.DELETE.EVENTS.agent-2", "$JS.API.CONSUMER.MSG.NEXT.EVENTS.agent-2", "$JS.API.CONSUMER.RESET.EVENTS.agent-2",
		"$JS.ACK.EVENTS.agent-2.1.1.1.1.1", "$JS.ACK._.abc.EVENTS.agent-2.1.1.1.1.1.x",
		"events.dns.0.Forged", "report.2.dns", "snap.2.open", "secrets.2", "agents.report", "agents.2.checkconf", "projections.dns", "_INBOX_agent_2.x",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if m, err := nc.RequestWithContext(ctx, subject, []byte("{}")); err == nil {
			t.Errorf("%s was answered: %s", subject, m.Data)
		}
		cancel()
	}
	if m, err := seen.NextMsg(200 * time.Millisecond); err == nil {
		t.Errorf("%s got through to the control plane", m.Subject)
	}
	for _, subject := range []string{">", "events.>", "events.dns.0.X", "report.>", "agents.2.>", "agents.>", "_INBOX_agent_2.>", "_INBOX.>", "$JS.>", "_R_.>", "snap.>"} {
		sub, err := nc.SubscribeSync(subject)
		if err == nil {
			_, err = sub.NextMsg(100 * time.Millisecond)
		}
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("subscription to %s: %v, want a violation", subject, err)
		}
	}
	b.unharmed(t)
}

// forgedReplies are subjects that an agent would like the server to publish to.
// Those of its own account's agents are missing: answers can reach
// agents.<id>.checkconf there, and agents do not believe them, see package agent.
var forgedReplies = []string{
	"$JS.API.STREAM.DELETE.EVENTS", "$JS.API.STREAM.PURGE.EVENTS", "$JS.API.CONSUMER.DELETE.EVENTS.agent-2",
	"$JS.ACK.EVENTS.agent-2.1.1.1.1.1", "report.2.dns", "events.dns.0.Forged", "secrets.2", "snap.2.open", "_INBOX_agent_2.x",
}

// forge makes every request that an agent may make with every forged reply.
func forge(t *testing.T, nc *nats.Conn) {
	t.Helper()
	for _, reply := range forgedReplies {
		for _, r := range [][2]string{
			{"$JS.API.CONSUMER.RESET.EVENTS.agent-1", ""},
			{"$JS.API.CONSUMER.MSG.NEXT.EVENTS.agent-1", `{"batch":3,"no_wait":true}`},
			{"$JS.API.CONSUMER.MSG.NEXT.EVENTS.agent-1", `{"batch":1,"expires":1000000}`},
			{"$JS.API.CONSUMER.MSG.NEXT.EVENTS.agent-1", `{"batch":-1}`},
			{"$JS.ACK.EVENTS.agent-1.1.1.1.1.0", "+ACK"},
			{"$JS.ACK.EVENTS.agent-1.1.1.1.1.0", "+NXT"},
		} {
			if err := nc.PublishRequest(r[0], reply, []byte(r[1])); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
}

// The server answers where the client says. In an account of its own an agent
// cannot use that to reach anything.
func TestForgedRepliesReachNothing(t *testing.T) {
	t.Parallel()
	b := startBus(t, true)
	other := b.agent(t, 2)
	heard, err := other.SubscribeSync("agents.2.>")
	if err != nil {
		t.Fatal(err)
	}
	seen := b.watchForged(t)
	if err := other.Flush(); err != nil {
		t.Fatal(err)
	}
	nc := b.agent(t, 1)
	forge(t, nc)
	settle(t, nc)
	select {
	case m := <-seen:
		t.Errorf("the control plane got %q on %s", m.Data, m.Subject)
	case <-time.After(200 * time.Millisecond):
	}
	if m, err := heard.NextMsg(100 * time.Millisecond); err == nil {
		t.Errorf("another agent got %q on %s", m.Data, m.Subject)
	}
	b.unharmed(t)
}

// This is why Isolate exists; should it fail one day, the server has learned to
// check reply subjects.
func TestWithoutIsolationForgedRepliesDestroyTheStream(t *testing.T) {
	t.Parallel()
	b := startBus(t, false)
	nc := b.agent(t, 1)
	forge(t, nc)
	deadline := time.Now().Add(5 * time.Second)
	for time.Now().Before(deadline) {
		if _, err := b.js.Stream(t.Context(), "EVENTS"); errors.Is(err, jetstream.ErrStreamNotFound) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the stream survived")
}

// watchForged sees what arrives on the subjects of the control plane that an
// agent could forge.
func (b *bus) watchForged(t *testing.T) <-chan *nats.Msg {
	t.Helper()
	seen := make(chan *nats.Msg, 1000)
	for _, s := range []string{"report.>", "secrets.>", "snap.>", "agents.>", "events.>"} {
		if _, err := b.control.ChanSubscribe(s, seen); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.control.Flush(); err != nil {
		t.Fatal(err)
	}
	return seen
}

// settle returns once the server has handled what the agent sent before.
func settle(t *testing.T, nc *nats.Conn) {
	t.Helper()
	for range 3 {
		if _, err := request(nc, "$JS.API.CONSUMER.RESET.EVENTS.agent-1", ""); err != nil {
			t.Fatal(err)
		}
	}
}

// unharmed checks that stream and consumers are as they were.
func (b *bus) unharmed(t *testing.T) {
	t.Helper()
	stream, err := b.js.Stream(t.Context(), "EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo().State; got.Msgs != 3 || got.LastSeq != 3 {
		t.Errorf("the stream has %d messages up to %d, want 3", got.Msgs, got.LastSeq)
	}
	consumer, err := stream.Consumer(t.Context(), protocol.Consumer(2))
	if err != nil {
		t.Fatal(err)
	}
	if info := consumer.CachedInfo(); info.Delivered.Consumer != 0 || info.AckFloor.Stream != 0 || info.NumWaiting != 0 {
		data, _ := json.Marshal(info)
		t.Errorf("agent 2's consumer was touched: %s", data)
	}
}
