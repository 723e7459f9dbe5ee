package sessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/nameserver"
	"github.com/opsledger/opsledger/workers/agents/session"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

// agent is a process of the agent of server 1.
type agent struct {
	*session.Session
	// working has a token for each time that the process began to take orders.
	working chan struct{}
	end     func()
}

// start starts a process of an instance, which works while it has the session.
func start(t *testing.T, p *planetest.Plane, instance uuid.UUID) *agent {
	t.Helper()
	nc := testkit.Connect(t, p.Server, nameserver.Options(1)...)
	key, _ := p.Signer.Known(t.Context())
	s, err := session.New(session.Config{
		NC: nc, ID: 1, Subject: protocol.SubjectSession(1), Key: key, LogID: p.Store.LogID(), Instance: instance,
	})
	p.Check(err)
	a := &agent{Session: s, working: make(chan struct{}, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	asks, works := make(chan error, 1), make(chan error, 1)
	go func() { asks <- s.Run(ctx) }()
	go func() {
		works <- s.While(ctx, func(ctx context.Context) error {
			a.working <- struct{}{}
			<-ctx.Done()
			return nil
		})
	}()
	a.end = func() {
		cancel()
		if err := <-works; err != nil {
			t.Error(err)
		}
		if err := <-asks; err != nil {
			t.Error(err)
		}
		nc.Close()
	}
	return a
}

// known waits until so many processes are known to live.
func known(t *testing.T, p *planetest.Plane, n int) {
	t.Helper()
	p.Eventually("as many processes are known", func() bool {
		all, err := p.Sessions.Live(t.Context())
		p.Check(err)
		return len(all[1]) == n
	})
}

// Of two processes of an agent one gets orders, whichever serve process answers; the other
// does when the first one ends, and at once when it is the first one's successor.
func TestOneOfTwoGetsTheOrders(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Beside()
	p.Enroll(1, dns.ServerData{Host: "ns1", IP: "192.0.2.1", Type: "master"})
	one, other := uuid.New(), uuid.New()
	first := start(t, p, one)
	testkit.Await(t, "the first one works", first.working)
	second := start(t, p, other)
	known(t, p, 2)
	if second.Held() {
		t.Error("the second one works, too")
	}
	successor := start(t, p, one)
	testkit.Await(t, "the successor works", successor.working)
	first.end() // as if it had been killed before: it asks no more
	successor.end()
	testkit.Await(t, "the second one works", second.working)
	second.end()
	known(t, p, 0)
}

// No answer goes where the agent could not listen by itself: the control plane may say more
// than agents may.
func TestAnswersGoToTheAgentAlone(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, dns.ServerData{Host: "ns1", IP: "192.0.2.1", Type: "master"})
	nc, agent := testkit.Connect(t, p.Server), testkit.Connect(t, p.Server, nameserver.Options(1)...)
	asked := func() []byte {
		data, err := json.Marshal(protocol.SessionRequest{Log: p.Store.LogID(), Boot: uuid.New(), Instance: uuid.New()})
		p.Check(err)
		return data
	}
	elsewhere, err := nc.SubscribeSync("elsewhere.*")
	p.Check(err)
	for _, inbox := range []string{"elsewhere.x", protocol.HostInboxPrefix(1) + ".x", protocol.InboxPrefix(2) + ".x"} {
		p.Check(nc.PublishRequest(protocol.SubjectSession(1), inbox, asked()))
	}
	p.Check(nc.FlushTimeout(testkit.Patience))
	for range 3 { // what came before these was answered, if such is answered
		_, err := agent.Request(protocol.SubjectSession(1), asked(), testkit.Patience)
		p.Check(err)
	}
	if all, err := p.Sessions.Live(t.Context()); err != nil || len(all[1]) != 3 {
		t.Errorf("%d processes of the agent are known, %v", len(all[1]), err)
	}
	p.Check(nc.FlushTimeout(testkit.Patience))
	if answers, _, err := elsewhere.Pending(); err != nil || answers > 0 {
		t.Errorf("%d answers went elsewhere (%v)", answers, err)
	}
}

// A process whose server has no agent any more gets no orders.
func TestNoSessionWithoutEnrolment(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, dns.ServerData{Host: "ns1", IP: "192.0.2.1", Type: "master"})
	p.Append(dns.ServerWithdrawn{ID: 1})
	asked, err := json.Marshal(protocol.SessionRequest{Log: p.Store.LogID(), Boot: uuid.New(), Instance: uuid.New()})
	p.Check(err)
	m, err := testkit.Connect(t, p.Server, nameserver.Options(1)...).Request(protocol.SubjectSession(1), asked, testkit.Patience)
	p.Check(err)
	var answer protocol.SessionAnswer
	if err := json.Unmarshal(m.Data, &answer); err != nil || answer.Granted || answer.Error != "the agent is not enrolled" {
		t.Errorf("without an enrolment the answer is %+v, %v", answer, err)
	}
	known(t, p, 0)
	a := start(t, p, uuid.New())
	p.Append(dns.ServerEnrolled{ID: 1})
	testkit.Await(t, "it works", a.working)
	a.end()
}

// An agent is told that its server was deleted, which ends it; one that was withdrawn is told nothing of the kind, nor is
// one of a server that the log never had.
func TestDeletionIsTold(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	ns1 := dns.ServerData{Host: "ns1", IP: "192.0.2.1", Type: "master"}
	p.Enroll(1, ns1)
	p.Enroll(2, dns.ServerData{Host: "ns2", IP: "192.0.2.2", Type: "master"})
	nc := testkit.Connect(t, p.Server, nameserver.Options(1)...)
	key, _ := p.Signer.Known(t.Context())
	s, err := session.New(session.Config{
		NC: nc, ID: 1, Subject: protocol.SubjectSession(1), Key: key, LogID: p.Store.LogID(), Instance: uuid.New(),
	})
	p.Check(err)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	p.Eventually("it has the session", s.Held)
	p.Append(dns.ServerDeleted{ID: 1, Server: ns1}, dns.ServerWithdrawn{ID: 2})
	if err := <-ended; !errors.Is(err, session.ErrDeleted) || s.Held() {
		t.Errorf("of a deleted server: %v, held %t", err, s.Held())
	}
	for _, id := range []int64{2, 3} {
		if answer := answerTo(t, p, id); answer.Deleted || answer.Error == "" {
			t.Errorf("server %d: %+v", id, answer)
		}
	}
}

// answerTo is the answer to a question for the session of a server.
func answerTo(t *testing.T, p *planetest.Plane, id int64) (answer protocol.SessionAnswer) {
	t.Helper()
	nc := testkit.Connect(t, p.Server, nameserver.Options(id)...)
	request, err := protocol.SessionRequest{Log: p.Store.LogID(), Boot: uuid.New(), Instance: uuid.New()}.Encode()
	p.Check(err)
	reply, err := nc.Request(protocol.SubjectSession(id), request, testkit.Patience)
	p.Check(err)
	p.Check(json.Unmarshal(reply.Data, &answer))
	return answer
}
