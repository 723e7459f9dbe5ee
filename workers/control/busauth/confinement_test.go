package busauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// thieves are the bearers of stolen credentials, with the consumer that is theirs.
var thieves = map[Identity]string{{KindServer, 1}: "agent-1", {KindHost, 1}: "host-1"}

// What an agent must be able to do works across the accounts.
func TestAnAgentCanDoItsWork(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	for who, consumer := range thieves {
		nc := b.agent(who)
		reply, err := request(nc, "$JS.API.CONSUMER.RESET.EVENTS."+consumer, `{"seq":2}`)
		if err != nil || !strings.Contains(string(reply.Data), `"reset_seq":2`) {
			t.Fatalf("reset: %v %v", reply, err)
		}
		wantUnpinned(t, nc, consumer)
		inbox := nc.NewInbox()
		sub, err := nc.SubscribeSync(inbox)
		if err != nil {
			t.Fatal(err)
		}
		if err := nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT.EVENTS."+consumer, inbox, []byte(`{"batch":10,"expires":30000000000,"idle_heartbeat":2000000000,"group":"agent"}`)); err != nil {
			t.Fatal(err)
		}
		for want := uint64(2); want <= 3; want++ {
			m, err := sub.NextMsg(testkit.Patience)
			if err != nil {
				t.Fatal(err)
			}
			meta, err := m.Metadata()
			if err != nil || meta.Sequence.Stream != want || m.Subject != "events.dns.0.X" {
				t.Fatalf("got %v %v on %s, want sequence %d", meta, err, m.Subject, want)
			}
			if _, err := nc.Request(m.Reply, []byte("+ACK"), testkit.Patience); err != nil {
				t.Fatalf("ack: %v", err)
			}
		}
		if m, err := sub.NextMsg(testkit.Patience); err != nil || m.Header.Get("Status") != "100" {
			t.Fatalf("want a heartbeat, got %v %v", m, err)
		}
	}
}

// wantUnpinned wants the agent's consumer to be unpinned. The agent's own account, which has
// no JetStream, answers as well.
func wantUnpinned(t *testing.T, nc *nats.Conn, consumer string) {
	t.Helper()
	inbox := nc.NewInbox()
	answers, err := nc.SubscribeSync(inbox)
	if err == nil {
		err = nc.PublishRequest("$JS.API.CONSUMER.UNPIN.EVENTS."+consumer, inbox, []byte(`{"group":"`+protocol.PullGroup+`"}`))
	}
	for err == nil {
		var m *nats.Msg
		if m, err = answers.NextMsg(testkit.Patience); err == nil && !strings.Contains(string(m.Data), `"error"`) {
			return
		}
	}
	t.Fatalf("unpin: %v", err)
}

func TestServicesCrossTheAccounts(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	server, host := b.agent(Identity{KindServer, 1}), b.agent(Identity{KindHost, 1})
	for subject, who := range map[string]Identity{
		protocol.SubjectSnapshotOpens: {KindServer, 1}, protocol.SubjectSnapshotChunks("i"): {KindServer, 1}, protocol.SubjectAllSecrets: {KindServer, 1},
		protocol.SubjectHostWorks: {KindHost, 1}, protocol.SubjectHostReports: {KindHost, 1}, protocol.SubjectAllHostLines: {KindHost, 1},
	} {
		if _, err := b.control.Subscribe(subject, func(m *nats.Msg) {
			own := protocol.InboxOf(1, m.Reply)
			if who.Kind == KindHost {
				own = protocol.HostInboxOf(1, m.Reply)
			}
			if !own {
				t.Errorf("reply subject %q is not the agent's", m.Reply)
			}
			_ = m.Respond([]byte(m.Subject))
		}); err != nil {
			t.Fatal(err)
		}
	}
	heard, err := b.control.SubscribeSync(protocol.SubjectReports)
	if err != nil {
		t.Fatal(err)
	}
	alive, err := b.control.SubscribeSync(protocol.SubjectHostHeartbeats)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Subscribe(protocol.SubjectCheckConf(1), func(m *nats.Msg) { _ = m.Respond([]byte("checked")) }); err != nil {
		t.Fatal(err)
	}
	wishes := map[string]*nats.Subscription{}
	for subject, nc := range map[string]*nats.Conn{
		protocol.SubjectReportNow: server, protocol.SubjectHostsHeartbeatNow: host, protocol.SubjectHostFetchWork(1): host,
	} {
		if wishes[subject], err = nc.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(b.control.FlushTimeout(testkit.Patience), server.FlushTimeout(testkit.Patience), host.FlushTimeout(testkit.Patience)); err != nil {
		t.Fatal(err)
	}
	for subject, nc := range map[string]*nats.Conn{
		protocol.SubjectSnapshotOpen(1): server, protocol.SubjectSnapshotChunk(1, "i", "s", 0): server, protocol.SubjectSecrets(1): server,
		protocol.SubjectHostWork(1): host, protocol.SubjectHostReport(1): host, protocol.SubjectHostLines(1, "a", 7): host,
	} {
		if m, err := request(nc, subject, ""); err != nil || string(m.Data) != subject {
			t.Errorf("%s: %v %v", subject, m, err)
		}
	}
	if err := errors.Join(server.Publish(protocol.SubjectReport(1), nil), host.Publish(protocol.SubjectHostHeartbeat(1), nil)); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []*nats.Subscription{heard, alive} {
		if _, err := sub.NextMsg(testkit.Patience); err != nil {
			t.Errorf("%s: %v", sub.Subject, err)
		}
	}
	if m, err := request(b.control, protocol.SubjectCheckConf(1), ""); err != nil || string(m.Data) != "checked" {
		t.Errorf("check: %v %v", m, err)
	}
	for subject, sub := range wishes {
		if err := b.control.Publish(subject, []byte("b")); err != nil {
			t.Fatal(err)
		}
		if m, err := sub.NextMsg(testkit.Patience); err != nil || string(m.Data) != "b" {
			t.Errorf("%s: %v %v", subject, m, err)
		}
	}
}

// forbidden is everything that a thief would like to ask or say.
func forbidden(own Identity) []string {
	list := []string{
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.INFO.EVENTS", "$JS.API.STREAM.DELETE.EVENTS", "$JS.API.STREAM.PURGE.EVENTS",
		"$JS.API.STREAM.MSG.GET.EVENTS", "$JS.API.DIRECT.GET.EVENTS", "$JS.API.STREAM.MSG.DELETE.EVENTS", "$JS.API.STREAM.MSG.GET.OUTPUT", "$JS.API.DIRECT.GET.OUTPUT",
		"$JS.API.CONSUMER.CREATE.EVENTS", "$JS.API.CONSUMER.CREATE.OUTPUT.x.output.>", "$JS.API.CONSUMER.LIST.EVENTS", "$SYS.REQ.CLAIMS.UPDATE", "$SYS.REQ.SERVER.PING",
		"events.dns.0.Forged", "events.ops.1.AttemptAccepted", "agents.report", "hosts.poke", "hosts.2.poke", "agents.2.checkconf", "projections.dns",
		"writer.1.alive", "writer.1.batch.2",
		"report.2.dns", "snap.2.open", "secrets.2", "host.2.report", "host.2.work", "host.2.alive", "host.2.lines.x.1", "output.1.x.1", "output.2.x.1", "_INBOX_agent_2.x", "_INBOX_host_2.x",
	}
	for _, name := range []string{"agent-1", "agent-2", "host-1", "host-2"} {
		for _, verb := range []string{"CREATE", "DURABLE.CREATE", "INFO", "DELETE", "PAUSE"} {
			list = append(list, fmt.Sprintf("$JS.API.CONSUMER.%s.EVENTS.%s", verb, name))
		}
		list = append(list, "$JS.API.CONSUMER.CREATE.EVENTS."+name+".events.>")
		if name != thieves[own] {
			list = append(list, "$JS.API.CONSUMER.MSG.NEXT.EVENTS."+name, "$JS.API.CONSUMER.RESET.EVENTS."+name,
				"$JS.API.CONSUMER.UNPIN.EVENTS."+name, "$JS.ACK.EVENTS."+name+".1.1.1.1.1", "$JS.ACK._.abc.EVENTS."+name+".1.1.1.1.1.x")
		}
	}
	if own.Kind == KindHost {
		return append(list, "secrets.1", "snap.1.open", "report.1.dns", "agents.1.checkconf")
	}
	return append(list, "host.1.report", "host.1.work", "host.1.lines.x.1", "hosts.1.poke")
}

// What an agent must not be able to do is refused by the server.
func TestAnAgentCanDoNothingElse(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	seen, err := b.control.SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.control.FlushTimeout(testkit.Patience); err != nil {
		t.Fatal(err)
	}
	for who := range thieves {
		nc := b.agent(who)
		inbox, subjects := nc.NewInbox(), forbidden(who)
		answers, err := nc.SubscribeSync(inbox + ".*")
		if err != nil {
			t.Fatal(err)
		}
		for i, subject := range subjects {
			if err := nc.PublishRequest(subject, fmt.Sprint(inbox, ".", i), []byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
		if err := nc.FlushTimeout(testkit.Patience); err != nil {
			t.Fatal(err)
		}
		for m := range received(t, b.control, seen) {
			if asked := advised(t, m); asked == "" || slices.Contains(subjects, asked) {
				t.Errorf("%s %s got through to the control plane", m.Subject, asked)
			}
		}
		awaitAnswers(t, nc, thieves[who]) // they are seen, as they may be
		for range received(t, b.control, seen) {
		}
		for m := range received(t, nc, answers) {
			if m.Header.Get("Status") != "503" { // nobody is there who would answer
				t.Errorf("%s: of %q, %s was answered: %s", who, subjects, m.Subject, m.Data)
			}
		}
		for _, subject := range []string{
			">", "events.>", "events.dns.0.X", "report.>", "host.>", "output.>", "agents.2.>", "agents.>", "hosts.2.>", "hosts.>",
			"_INBOX_agent_2.>", "_INBOX_host_2.>", "_INBOX.>", "$JS.>", "_R_.>", "snap.>", "$SYS.>", "writer.>",
		} {
			sub, err := nc.SubscribeSync(subject)
			if err = errors.Join(err, nc.FlushTimeout(testkit.Patience)); err == nil { // the refusal has come, too
				_, err = sub.NextMsg(time.Millisecond)
			}
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("%s: subscription to %s: %v, want a violation", who, subject, err)
			}
		}
	}
	b.unharmed()
}

// forgedReplies are subjects that an agent would like the server to publish to.
// Those of its own account's agents are missing: answers can reach
// agents.<id>.checkconf there, and agents do not believe them, see package nameserver.
var forgedReplies = []string{
	"$JS.API.STREAM.DELETE.EVENTS", "$JS.API.STREAM.PURGE.EVENTS", "$JS.API.CONSUMER.DELETE.EVENTS.agent-2", "$JS.API.CONSUMER.DELETE.EVENTS.host-2",
	"$JS.ACK.EVENTS.agent-2.1.1.1.1.1", "$JS.ACK.EVENTS.host-2.1.1.1.1.1", "report.2.dns", "host.2.report", "host.2.alive", "output.2.x.1",
	"events.dns.0.Forged", "secrets.2", "snap.2.open", "_INBOX_agent_2.x", "_INBOX_host_2.x",
}

// forge makes every request that an agent may make with every forged reply.
func forge(t *testing.T, nc *nats.Conn, consumer string) {
	t.Helper()
	for _, reply := range forgedReplies {
		for _, r := range [][2]string{
			{"$JS.API.CONSUMER.RESET.EVENTS." + consumer, ""},
			{"$JS.API.CONSUMER.UNPIN.EVENTS." + consumer, `{"group":"agent"}`},
			{"$JS.API.CONSUMER.UNPIN.EVENTS." + consumer, `{"group":"$JS.API.STREAM.DELETE.EVENTS"}`},
			{"$JS.API.CONSUMER.MSG.NEXT.EVENTS." + consumer, `{"batch":3,"no_wait":true,"group":"agent"}`},
			{"$JS.API.CONSUMER.MSG.NEXT.EVENTS." + consumer, `{"batch":3,"no_wait":true}`},
			{"$JS.API.CONSUMER.MSG.NEXT.EVENTS." + consumer, `{"batch":1,"expires":1000000}`},
			{"$JS.API.CONSUMER.MSG.NEXT.EVENTS." + consumer, `{"batch":-1}`},
			{"$JS.ACK.EVENTS." + consumer + ".1.1.1.1.0", "+ACK"},
			{"$JS.ACK.EVENTS." + consumer + ".1.1.1.1.0", "+NXT"},
		} {
			if err := nc.PublishRequest(r[0], reply, []byte(r[1])); err != nil {
				t.Fatal(err)
			}
		}
	}
	awaitAnswers(t, nc, consumer)
}

// received are the messages that the server has for a connection's subscriptions by
// now. What another connection published before it was last answered is among them.
func received(t *testing.T, nc *nats.Conn, subs ...*nats.Subscription) iter.Seq[*nats.Msg] {
	t.Helper()
	return func(yield func(*nats.Msg) bool) {
		if err := nc.FlushTimeout(testkit.Patience); err != nil {
			t.Fatal(err)
		}
		for _, sub := range subs {
			for pending, _, err := sub.Pending(); pending > 0; pending, _, err = sub.Pending() {
				m, errNext := sub.NextMsg(testkit.Patience)
				if err := errors.Join(err, errNext); err != nil {
					t.Fatal(err)
				}
				if !yield(m) {
					return
				}
			}
		}
	}
}

// advised returns the subject of the question to JetStream of which the server tells by
// the message, empty if it is another message. What was rightly asked before may be told
// of late.
func advised(t *testing.T, m *nats.Msg) string {
	t.Helper()
	if m.Subject != "$JS.EVENT.ADVISORY.API" {
		return ""
	}
	var told struct{ Subject string }
	if err := json.Unmarshal(m.Data, &told); err != nil {
		t.Fatal(err)
	}
	return told.Subject
}

// awaitAnswers returns once all is answered that an agent has asked of JetStream:
// what it asks now is answered after that.
func awaitAnswers(t *testing.T, nc *nats.Conn, consumer string) {
	t.Helper()
	for range 3 {
		for _, r := range [][2]string{
			{"$JS.API.CONSUMER.RESET.EVENTS." + consumer, ""},
			{"$JS.API.CONSUMER.MSG.NEXT.EVENTS." + consumer, `{"batch":1,"expires":1000000}`},
		} {
			if _, err := request(nc, r[0], r[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The server answers where the client says. In an account of its own an agent
// cannot use that to reach anything. In one account with the control plane it
// deletes the stream so, which this test showed of an earlier form of the bus.
func TestForgedRepliesReachNothing(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	heard := map[*nats.Conn][]*nats.Subscription{}
	for who, subjects := range map[Identity][]string{
		{KindServer, 2}: {"agents.2.>", "_INBOX_agent_2.>"}, {KindHost, 2}: {"hosts.2.>", "_INBOX_host_2.>"},
	} {
		other := b.agent(who)
		for _, subject := range subjects {
			sub, err := other.SubscribeSync(subject)
			if err != nil {
				t.Fatal(err)
			}
			heard[other] = append(heard[other], sub)
		}
		if err := other.FlushTimeout(testkit.Patience); err != nil {
			t.Fatal(err)
		}
	}
	var seen []*nats.Subscription
	for _, s := range []string{"report.>", "host.>", "secrets.>", "snap.>", "agents.>", "hosts.>", "events.>"} {
		sub, err := b.control.SubscribeSync(s)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, sub)
	}
	if err := b.control.FlushTimeout(testkit.Patience); err != nil {
		t.Fatal(err)
	}
	for who, consumer := range thieves {
		forge(t, b.agent(who), consumer)
	}
	for m := range received(t, b.control, seen...) {
		t.Errorf("the control plane got %q on %s", m.Data, m.Subject)
	}
	for other, subs := range heard {
		for m := range received(t, other, subs...) {
			// Another agent's known inbox can be written to; inboxes are not known.
			if !strings.HasPrefix(m.Sub.Subject, "_INBOX") {
				t.Errorf("another agent got %q on %s", m.Data, m.Subject)
			}
		}
	}
	b.unharmed()
}
