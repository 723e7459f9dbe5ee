package pull

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/internal/streamtest"
)

// ack is where event 5 is acknowledged to.
const ack = "$JS.ACK.EVENTS." + consumer + ".1.5.1.1795366025000000000.0"

// numbered is where event 5 is acknowledged to as the consumer's message of this number.
func numbered(number int) string {
	return strings.Replace(ack, ".5.1.", fmt.Sprintf(".5.%d.", number), 1)
}

func genuine(t *testing.T) *nats.Msg {
	t.Helper()
	return about(t, 3, "events.dns.3.RecordAdded", ack)
}

// about is event 5, of the key.
func about(t *testing.T, key int64, subject, reply string) *nats.Msg {
	t.Helper()
	payload, err := json.Marshal(protocol.Envelope{
		Position: 5, Prev: 1, Type: "RecordAdded", Context: domain.ContextDNS, Schema: 1, Key: key, Data: json.RawMessage("{}"), RecordedAt: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &nats.Msg{Subject: subject, Reply: reply, Data: payload, Sub: &nats.Subscription{}}
}

func TestForgedMessagesAreDropped(t *testing.T) {
	t.Parallel()
	f, taken := newFeed(testkit.NATS(t))
	f.Key = 3
	d, acks := &delivery{}, acker{nc: f.NC}
	const own = "events.dns.3.RecordAdded"
	nothing := about(t, 3, own, ack)
	nothing.Data = []byte("{}")
	for name, m := range map[string]*nats.Msg{
		"no reply":         about(t, 3, own, ""),
		"another consumer": about(t, 3, own, strings.Replace(ack, consumer, "agent-8", 1)),
		"another stream":   about(t, 3, own, strings.Replace(ack, "EVENTS", "OTHER", 1)),
		"another position": about(t, 3, own, strings.Replace(ack, ".5.", ".6.", 1)),
		"another subject":  about(t, 3, "events.dns.4.RecordAdded", ack),
		"another's":        about(t, 4, "events.dns.4.RecordAdded", ack),
		"no event":         nothing,
	} {
		if err := f.take(d, m, &acks); err != nil || len(taken) > 0 || acks.pending > 0 {
			t.Errorf("%s: %v, %d taken, %d acknowledged", name, err, len(taken), acks.pending)
		}
	}
	if err := f.take(d, genuine(t), &acks); err != nil || len(taken) != 1 || acks.pending != 1 {
		t.Errorf("its own: %v, %d taken, %d acknowledged", err, len(taken), acks.pending)
	}
	f.Key = 0
	if err := f.take(d, about(t, 4, "events.dns.4.RecordAdded", numbered(2)), &acks); err != nil || len(taken) != 2 {
		t.Errorf("of any key: %v, %d taken", err, len(taken))
	}
}

// What an earlier delivery's requests took is no gap of the stream: the delivery ends. What
// is no event of the log is passed over, so that the gap behind it shows.
func TestMessagesThatWentElsewhereEndTheDelivery(t *testing.T) {
	t.Parallel()
	f, taken := newFeed(testkit.NATS(t))
	const own = "events.dns.3.RecordAdded"
	foreign := about(t, 3, own, numbered(2))
	foreign.Data = []byte("{}")
	acks := acker{nc: f.NC}
	d := &delivery{next: 1}
	for i, m := range []*nats.Msg{about(t, 3, own, numbered(1)), foreign, about(t, 3, own, numbered(3))} {
		if err := f.take(d, m, &acks); err != nil {
			t.Fatalf("message %d: %v", i+1, err)
		}
	}
	if err := f.take(d, about(t, 3, own, numbered(5)), &acks); !errors.Is(err, errTaken) || !errors.Is(err, ErrEnded) || len(taken) != 2 {
		t.Errorf("after a message that went elsewhere: %v, %d taken", err, len(taken))
	}
	if err := f.take(&delivery{next: 1}, about(t, 3, own, numbered(2)), &acks); !errors.Is(err, errTaken) || len(taken) != 2 {
		t.Errorf("at the beginning: %v, %d taken", err, len(taken))
	}
}

// Anybody who knows the inbox can send to it; this test finds out what it is.
func TestWhatOthersSendIsNotBelieved(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	s := streamtest.New(t, server, consumer, domain.ContextDNS)
	requests := requestsTo(t, s)
	f, taken := newFeed(testkit.Connect(t, server))
	following(t, f)
	m, err := requests.NextMsg(long)
	if err != nil {
		t.Fatal(err)
	}
	// The server refuses a client's message whose reply looks like an acknowledgement.
	for _, reply := range []string{"", "_INBOX.x", "EVENTS." + consumer + ".1.5.5.1.0"} {
		if err := s.NC.PublishMsg(&nats.Msg{Subject: m.Reply, Reply: reply, Data: genuine(t).Data}); err != nil {
			t.Fatal(err)
		}
	}
	s.DNS(1)
	want(t, taken, 1, 1)
}
