package rest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/internal/testkit"
)

// eventStream is an open stream of events of the log.
type eventStream struct {
	s        *stack
	response *http.Response
	lines    *bufio.Reader
	close    func()
}

func (s *stack) stream(query string, options ...func(*http.Request)) *eventStream {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/v1/events?"+query, nil)
	must(s.t, err)
	r.Header.Set("Authorization", s.admin)
	r.Header.Set("Accept", "text/event-stream")
	for _, option := range options {
		option(r)
	}
	response, err := transport.RoundTrip(r)
	must(s.t, err)
	e := &eventStream{s: s, response: response, lines: bufio.NewReader(response.Body)}
	e.close = func() { cancel(); _ = response.Body.Close() }
	s.t.Cleanup(e.close)
	return e
}

// next is the next event; false at the stream's end.
func (e *eventStream) next() (id domain.Position, typ string, event shownEvent, ok bool) {
	e.s.t.Helper()
	for {
		line, err := e.lines.ReadString('\n')
		if err != nil {
			return id, typ, event, false
		}
		switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); name {
		case "id":
			id = domain.Position(mustID(e.s.t, value))
		case "event":
			typ = value
		case "data":
			must(e.s.t, json.Unmarshal([]byte(value), &event))
		case "":
			if typ != "" {
				return id, typ, event, true
			}
		}
	}
}

// expect reads events, and checks what they are on.
func (e *eventStream) expect(want ...string) (last domain.Position) {
	e.s.t.Helper()
	for _, on := range want {
		id, typ, event, ok := e.next()
		if !ok || event.on() != on || event.Type != typ || event.Position != id {
			e.s.t.Fatalf("event %d %s %v, want %s", id, typ, ok, on)
		}
		last = id
	}
	return last
}

func TestEventStream(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	before := s.position()
	add := func(host string) { s.ok("POST", "/dns/records", aRecord(1, host, "192.0.2.1")) }
	add("old")
	live, records := s.stream(""), s.stream("resource=record:2&type=RecordAdded,RecordDeleted")
	if kind := live.response.Header.Get("Content-Type"); live.response.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("%d %s", live.response.StatusCode, kind)
	}
	add("www")
	add("ftp")
	middle := live.expect("RecordAdded record:2 www.a.com", "RecordAdded record:3 ftp.a.com") - 1
	s.ok("DELETE", "/dns/records/2", nil)
	live.expect("RecordDeleted record:2 www.a.com")
	records.expect("RecordAdded record:2 www.a.com", "RecordDeleted record:2 www.a.com")
	s.stream("after="+before).expect("RecordAdded record:1 old.a.com", "RecordAdded record:2 www.a.com")
	s.stream("after="+before, with("Last-Event-ID", strconv.Itoa(int(middle)))).expect("RecordAdded record:3 ftp.a.com", "RecordDeleted record:2 www.a.com")
	s.stream("since=0&type=ViewCreated,ZoneCreated").expect("ViewCreated view:1 v1", "ZoneCreated zone:1 a.com")
	_, _, old, _ := s.stream("type=RecordAdded&after=" + before).next()
	late := "since=" + url.QueryEscape(old.Time.Add(time.Microsecond).Format(time.RFC3339Nano))
	s.stream(late, with("Last-Event-ID", "0")).expect("RecordAdded record:2 www.a.com")

	for query, field := range map[string]string{
		"before=3": "before", "until=0": "until", "order=desc": "order", "limit=3": "limit", "cursor=3": "cursor", "after=1000000": "after",
	} {
		got := s.do("GET", "/v1/events?"+query, nil, with("Accept", "text/event-stream"))
		if got.status != 400 || !strings.Contains(got.body, `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	for _, id := range []string{"x", "-1", "1000000"} {
		got := s.do("GET", "/v1/events", nil, with("Accept", "text/event-stream"), with("Last-Event-ID", id))
		if got.status != 400 || !strings.Contains(got.body, `"field":"Last-Event-ID"`) {
			t.Errorf("%s: %d %s", id, got.status, got.body)
		}
	}
}

// Rights are looked at for each event: what is taken away ends what comes.
func TestEventStreamFollowsRights(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	s.ok("POST", "/admin/privileges", m{"name": "ZONE~example.com#ACCESS", "operation": 0, "resource_type": 2, "zones": "example.com"})
	var made struct{ Privileges []struct{ ID int64 } }
	must(t, json.Unmarshal([]byte(s.do("GET", "/admin/privileges?name=example.com", nil).body), &made))
	var hand int64
	for _, p := range made.Privileges {
		hand = max(hand, p.ID)
	}
	s.ok("POST", "/admin/roles", m{"name": "by hand", "privilege_ids": []int64{hand}})
	s.reader("alice")
	s.ok("PUT", "/admin/users/2", m{"role_ids": []int64{8}})
	alice := s.login("alice", "secret")
	stream := s.stream("", as(alice))
	add := func(zone int, host string) {
		s.ok("POST", "/dns/records", m{"zone_id": zone, "view_name": "office", "host": host, "value": "192.0.2.1"})
	}
	add(2, "unseen")
	add(1, "seen")
	stream.expect("RecordAdded record:10 seen.example.com")
	s.ok("DELETE", fmt.Sprintf("/admin/privileges/%d", hand), nil)
	add(1, "unseen")
	s.ok("POST", "/dns/views", m{"name": "last", "acl": "any"}) // which everybody sees
	stream.expect("ViewCreated view:3 last")
}

// A stream ends with what its reader showed.
func TestEventStreamEnds(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	s.reader("alice")
	s.reader("bob")
	alice, bob := s.login("alice", "secret"), s.login("bob", "secret")
	id := s.done("POST", "/v1/credentials", m{"name": "robot", "kind": "token"})
	byPassword, byUser := s.stream("", as(alice)), s.stream("", as(bob))
	byCredential := s.stream("type=ZoneDeleted", as(field(t, id.body, "secret")))
	s.ok("PUT", "/v1/users/2/password", m{"old_password": "secret", "password": "another"}, as(alice))
	s.ok("DELETE", "/admin/users/3", nil)
	s.ok("DELETE", id.header.Get("Location"), nil)
	for _, stream := range []*eventStream{byPassword, byUser, byCredential} {
		_, err := io.Copy(io.Discard, stream.lines) // alice may have seen what she did herself
		if err != nil {
			t.Errorf("the stream broke off: %v", err)
		}
	}
}

func TestEventStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	var open []*eventStream
	for range 8 {
		open = append(open, s.stream(""))
	}
	got := s.do("GET", "/v1/events", nil, with("Accept", "text/event-stream"))
	if got.status != http.StatusTooManyRequests || !strings.Contains(got.body, "8") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if other := s.stream("", as(s.reader("alice"))); other.response.StatusCode != 200 {
		t.Errorf("another user: %d", other.response.StatusCode)
	}
	open[0].close()
	testkit.Eventually(t, "the server sees that a stream is closed", func() bool {
		return s.do("HEAD", "/v1/events", nil, with("Accept", "text/event-stream")).status == http.StatusOK
	})
}

// However a reader comes to the end of the log, while the log grows and by whatever
// connections, it gets each event once and in order.
func TestEventStreamLosesNothing(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	const writers, each, readers = 4, 60, 6
	begin, err := s.store.Head(t.Context())
	must(t, err)
	end := begin.Position + writers*each*3
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				host := func(n int) string { return fmt.Sprintf("h%d-%d-%d", w, i, n) }
				s.done("POST", "/v1/batch", operations(addRecord(1, host(0), "192.0.2.1"), addRecord(1, host(1), "192.0.2.1"), addRecord(1, host(2), "192.0.2.1")))
			}
		})
	}
	for reader := range readers {
		wg.Go(func() {
			for at := begin.Position; at < end; {
				stream := s.stream("", with("Last-Event-ID", strconv.FormatInt(int64(at), 10)))
				if stream.response.StatusCode == http.StatusTooManyRequests {
					stream.close()
					continue // streams that were closed a moment ago still have their places
				}
				for range 1 + reader*20 {
					id, _, _, ok := stream.next()
					if !ok || id != at+1 {
						t.Errorf("reader %d got %d %v behind %d", reader, id, ok, at)
						return
					}
					if at = id; at == end {
						break
					}
				}
				stream.close()
			}
		})
	}
	wg.Wait()
}

// A reader that was at the end and is too far behind is cut.
func TestFeedReaderFallsBehind(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	who, err := s.cfg.Identity.Authenticate(t.Context(), s.admin)
	must(t, err)
	head, err := s.store.Head(t.Context())
	must(t, err)
	reader := s.cfg.Feed.Follow(t.Context(), s.cfg.Identity, who, eventstore.Selection{}, head.Position)
	defer reader.Close()
	s.ok("POST", "/dns/records", aRecord(1, "www", "192.0.2.1"))
	events, err := reader.Next(time.Now().Add(testkit.Patience))
	if must(t, err); len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	follow := func(after domain.Position) (read func(upTo domain.Position)) {
		other := s.cfg.Feed.Follow(t.Context(), s.cfg.Identity, who, eventstore.Selection{}, after)
		t.Cleanup(other.Close)
		return func(upTo domain.Position) {
			t.Helper()
			for after < upTo {
				events, err := other.Next(time.Now().Add(testkit.Patience))
				must(t, err)
				for _, e := range events {
					if after++; e.Position != after {
						t.Fatalf("event %d, want %d", e.Position, after)
					}
				}
			}
		}
	}
	// A reader who keeps up sees to it that the window grows step by step.
	end, keepUp := reader.Position(), follow(reader.Position())
	for batch := range 3 {
		s.done("POST", "/v1/batch", manyRecords(feed.MostBehind*2/5, 1, fmt.Sprint("x", batch)))
		end += feed.MostBehind * 2 / 5
		keepUp(end)
	}
	events, err = reader.Next(time.Now().Add(testkit.Patience))
	if must(t, err); len(events) == 0 {
		t.Fatal("a portion is shown to who is behind for the first time")
	}
	if _, err := reader.Next(time.Now().Add(testkit.Patience)); !errors.Is(err, feed.ErrBehind) {
		t.Fatalf("the reader was behind twice, and got %v", err)
	}
	follow(reader.Position())(end)
}

// A stream begins with its position.
func TestEventStreamBeginsWithItsPosition(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	head := s.position()
	for query, want := range map[string]string{"": head, "after=1": "1", "type=UserDeleted&after=2": "2"} {
		stream := s.stream(query)
		id, err := stream.lines.ReadString('\n')
		must(t, err)
		end, err := stream.lines.ReadString('\n')
		must(t, err)
		if id != "id: "+want+"\n" || end != "\n" {
			t.Errorf("%s: begins with %q%q, want %s", query, id, end, want)
		}
	}
}

// A stream whose filter lets nothing through tells now and then how far it is.
func TestEventStreamTellsItsPosition(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	stream := s.stream("type=UserDeleted")
	s.ok("POST", "/dns/records", aRecord(1, "www", "192.0.2.1"))
	for head := s.position(); ; {
		line, err := stream.lines.ReadString('\n')
		must(t, err)
		if line == "id: "+head+"\n" {
			break
		}
	}
}

// Pages that wait for the read models are in nobody's way.
func TestEventPagesWaitWithoutAPlace(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.stopProjections()
	create, err := dns.NewCreateView(dns.ViewInput{Name: new("v"), ACL: new("any")})
	must(t, err)
	_, err = s.store.Execute(t.Context(), eventstore.Request{Command: create, Actor: access.AdminID, Door: domain.DoorV1})
	must(t, err)
	var asking sync.WaitGroup
	for range 20 { // more than one user has places and waiting ones
		asking.Go(func() {
			if got := s.do("GET", "/v1/events", nil); got.status != http.StatusServiceUnavailable {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	asking.Wait()
}
