package eventstore

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// asked is a stream's end that takes messages up to a position and notes which
// of them it was asked to answer.
type asked struct {
	upTo domain.Position

	mu        sync.Mutex
	positions []string
	published int
}

func (a *asked) hear(m *nats.Msg) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.published++
	last, _ := strconv.Atoi(m.Header.Get(jetstream.ExpectedLastSeqHeader))
	if m.Reply == "" {
		return
	}
	a.positions = append(a.positions, strconv.Itoa(last+1))
	answer := fmt.Sprintf(`{"stream":"EVENTS","seq":%d}`, last+1)
	if last >= int(a.upTo) {
		answer = `{"stream":"EVENTS","error":{"code":503,"err_code":10077,"description":"no room"}}`
	}
	_ = m.Respond([]byte(answer))
}

func testWindow(t *testing.T, stream *asked) *publishWindow {
	t.Helper()
	nc := testkit.Connect(t, testkit.NATSServer(t))
	if _, err := nc.Subscribe(protocol.SubjectEvents+".>", stream.hear); err != nil {
		t.Fatal(err)
	}
	w, err := openPublishWindow(nc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}

func windowMessage(t *testing.T, at domain.Position) message {
	t.Helper()
	e := &protocol.Envelope{Position: at, ID: uuid.New(), Type: "T", Context: domain.ContextDNS}
	payload, err := protocol.AppendMessage(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	return message{event: e, payload: payload}
}

// An answer is asked for the first message, for some, and for the last; each
// settles all before it.
func TestAnswersAreAskedForNowAndThen(t *testing.T) {
	t.Parallel()
	stream := &asked{upTo: 1 << 30}
	w := testWindow(t, stream)
	const count = 2*maxUnanswered + 10
	settled := 0
	settle := func(p publishedPart) {
		if settled += p.messages; p.position != domain.Position(settled) {
			t.Errorf("%d messages are settled with that at %d", settled, p.position)
		}
	}
	for at := domain.Position(1); at <= count; at++ {
		if err := w.push(t.Context(), windowMessage(t, at), at == count, settle); err != nil {
			t.Fatal(err)
		}
		if w.messages > maxUnanswered {
			t.Fatalf("%d messages are not answered", w.messages)
		}
	}
	if err := w.drain(t.Context(), settle); err != nil || settled != count || w.messages != 0 || w.bytes != 0 {
		t.Errorf("%d of %d are settled, %d messages and %d bytes are left: %v", settled, count, w.messages, w.bytes, err)
	}
	stream.mu.Lock()
	defer stream.mu.Unlock()
	if n := len(stream.positions); stream.published != count || n != 2+(count-1)/askMessages || !slices.Equal(stream.positions[:3], []string{"1", "65", "129"}) ||
		stream.positions[n-1] != strconv.Itoa(count) {
		t.Errorf("%d messages, answers were asked for %v", stream.published, stream.positions)
	}
}

// What keeps JetStream from taking anything is told in its words, although later
// messages would be refused for the gap that the first one left.
func TestTheFirstRefusalIsTold(t *testing.T) {
	t.Parallel()
	stream := &asked{}
	w := testWindow(t, stream)
	for at := domain.Position(1); at <= 10; at++ {
		if err := w.push(t.Context(), windowMessage(t, at), at == 10, func(publishedPart) {}); err != nil {
			t.Fatal(err)
		}
	}
	err := w.drain(t.Context(), func(publishedPart) { t.Error("settled") })
	stream.mu.Lock()
	defer stream.mu.Unlock()
	if err == nil || !strings.Contains(err.Error(), "no room") || stream.positions[0] != "1" {
		t.Errorf("%v; asked for %v", err, stream.positions)
	}
}

func TestCheckAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer string
		want   error // nil: none, errAny: any other than errResync
	}{
		{`{"stream":"EVENTS","seq":7}`, nil},
		{`{"stream":"EVENTS","seq":8}`, errAny},
		{`{"stream":"EVENTS","seq":0,"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 9"}}`, errResync},
		{`{"error":{"code":400,"err_code":10164,"description":"wrong last sequence"}}`, errResync},
		{`{"error":{"code":500,"err_code":10077,"description":"no room"}}`, errAny},
		{`no JSON`, errAny},
		{``, jetstream.ErrNoStreamResponse},
	} {
		err := checkAnswer(&nats.Msg{Data: []byte(c.answer)}, 7)
		ok := errors.Is(err, c.want)
		if errors.Is(c.want, errAny) {
			ok = err != nil && !errors.Is(err, errResync)
		}
		if !ok {
			t.Errorf("%s: %v, want %v", c.answer, err, c.want)
		}
	}
}

var errAny = errors.New("any")
