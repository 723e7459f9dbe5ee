package bind

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	mdns "github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	promdto "github.com/prometheus/client_model/go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// host is one engine with a named of its own, and the log that it follows.
type host struct {
	t      *testing.T
	dir    string
	engine *Engine
	cancel context.CancelFunc
	ended  chan error

	// appending is held while the log grows: drift is noted in it beside the test.
	appending sync.Mutex
	position  domain.Position
	ids       int64
	history   []domain.Recorded
	// foreign is where a named of the system listens, if not the engine's own child.
	foreign netip.AddrPort
	// listen is where the engine's own named listens, if not on a port that it picks;
	// without says that named does not get the right to.
	listen  netip.AddrPort
	without bool
	// passing, if set, is told of the engine's steps.
	passing func(step string)
	// patience, if set, replaces the engine's.
	patience time.Duration
	// verify, if set, is how often each zone is compared.
	verify time.Duration
	// agent, if set, is the server whose named it is.
	agent int64
	// outlives lets named go on when the engine ends, and adoptPatience, if set, replaces the engine's.
	outlives      bool
	adoptPatience time.Duration
	// drift, if set, is told of drift.
	drift func(context.Context, protocol.DriftFinding) (protocol.DriftVerdict, error)
	// recursive makes clients ask for recursion.
	recursive bool
}

// newHost starts an engine on an empty log.
func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{t: t, dir: t.TempDir(), ids: 100}
	h.start()
	t.Cleanup(h.stop)
	return h
}

// start runs a new engine on the host's directory and gives it the log so far.
func (h *host) start() {
	h.t.Helper()
	h.startFrom(Snapshot{Log: logOfTests})
	for _, e := range h.history {
		if err := h.engine.Take(Change{Events: []domain.Recorded{e}}); err != nil {
			h.t.Fatal(err)
		}
	}
}

// logOfTests is the id of the log that all hosts follow.
var logOfTests = uuid.New()

// startFrom runs a new engine on the host's directory and gives it a snapshot.
func (h *host) startFrom(s Snapshot) {
	h.t.Helper()
	h.run()
	if err := h.engine.Reset(h.t.Context(), s); err != nil {
		h.t.Fatal(err)
	}
}

// run runs a new engine on the host's directory.
func (h *host) run() {
	h.t.Helper()
	level := slog.LevelWarn
	if os.Getenv("BIND_TEST_DEBUG") != "" {
		level = slog.LevelDebug
	}
	listen := h.listen
	if h.foreign.IsValid() {
		listen = h.foreign
	}
	e, err := New(Config{
		Dir: h.dir, Agent: cmp.Or(h.agent, 7), TransferKeys: transferKeysOfTests, Supervise: !h.foreign.IsValid(), Outlives: h.outlives,
		Listen: listen, DriftEvery: 200 * time.Millisecond, VerifyEvery: cmp.Or(h.verify, 2*time.Second),
		Drift: h.drift,
		Log:   slog.New(slog.NewTextHandler(logWriter{h.t}, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if h.without {
		e.capabilities = nil
	}
	if h.passing != nil {
		e.passing = h.passing
	}
	if h.adoptPatience > 0 {
		e.adoptPatience = h.adoptPatience
	}
	if h.patience > 0 {
		e.patience = h.patience
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.engine, h.cancel, h.ended = e, cancel, make(chan error, 1)
	go func() { h.ended <- e.Run(ctx) }()
}

// transferKeysOfTests are those that the control plane would give.
func transferKeysOfTests(_ context.Context, views []int64) (map[int64][]byte, error) {
	keys := map[int64][]byte{}
	for _, id := range views {
		keys[id] = fmt.Append(nil, "the key of transfers, view ", id)
	}
	return keys, nil
}

// stop ends the engine, if it runs.
func (h *host) stop() {
	if h.ended == nil {
		return
	}
	h.cancel()
	if err := <-h.ended; err != nil {
		h.t.Errorf("Run: %v", err)
	}
	h.ended = nil
}

type logWriter struct{ t *testing.T }

func (w logWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", strings.TrimSpace(string(p)))
	return len(p), nil
}

// emit appends an event to the log and gives it to the engine.
func (h *host) emit(event domain.Event) domain.Position {
	h.t.Helper()
	h.appending.Lock()
	defer h.appending.Unlock()
	h.position++
	e := domain.Recorded{Position: h.position, Prev: h.position - 1, ID: uuid.New(), At: time.Now(), Event: event}
	h.history = append(h.history, e)
	if err := h.engine.Take(Change{Events: []domain.Recorded{e}}); err != nil {
		h.t.Fatal(err)
	}
	return h.position
}

// emitAll appends the events as one change.
func (h *host) emitAll(events ...domain.Event) domain.Position {
	h.t.Helper()
	h.appending.Lock()
	defer h.appending.Unlock()
	change := Change{Events: domainEvents(&h.position, events...), End: h.position}
	h.history = append(h.history, change.Events...)
	if err := h.engine.Take(change); err != nil {
		h.t.Fatal(err)
	}
	return h.position
}

// last is the last position of the log.
func (h *host) last() domain.Position {
	h.appending.Lock()
	defer h.appending.Unlock()
	return h.position
}

func (h *host) id() int64 { h.ids++; return h.ids }

func (h *host) view(name, acl string) int64 {
	id := h.id()
	h.emit(dns.ViewCreated{ID: id, View: dns.ViewData{Name: name, ACL: acl}})
	return id
}

func (h *host) zone(name string, views ...int64) (int64, dns.ZoneData) {
	id, data := h.id(), dns.ZoneData{Name: name, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: views}
	h.emit(dns.ZoneCreated{ID: id, Zone: data})
	return id, data
}

func record(view int64, host, rrtype, value string) dns.RecordData {
	return dns.RecordData{ViewID: view, Host: host, Type: rrtype, TTL: 300, Value: value}
}

func (h *host) add(zone int64, r dns.RecordData) dns.RecordAdded {
	e := dns.RecordAdded{ID: h.id(), ZoneID: zone, Record: r}
	h.emit(e)
	return e
}

func (h *host) drop(e dns.RecordAdded) {
	h.emit(dns.RecordDeleted(e))
}

// applied waits until everything emitted is proved, without failures.
func (h *host) applied() {
	h.t.Helper()
	h.until("all is applied", func(r protocol.Report) bool { return r.Applied == h.last() && len(r.Failures) == 0 })
}

func (h *host) until(what string, ok func(protocol.Report) bool) {
	h.t.Helper()
	deadline := time.After(testkit.Patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		r := h.engine.Status()
		if ok(r) {
			return
		}
		select {
		case <-h.engine.Changed():
		case <-tick.C:
		case <-deadline:
			h.t.Fatalf("in vain: %s; report %+v, log:\n%s", what, r, strings.Join(lastLines(h.engine.layout.log(), 4000), "\n"))
		}
	}
}

// ask queries named from a loopback source address, as a client in that network would.
func (h *host) ask(source, name string, rrtype uint16) *mdns.Msg {
	h.t.Helper()
	m := new(mdns.Msg)
	m.SetQuestion(mdns.Fqdn(name), rrtype)
	m.RecursionDesired = h.recursive
	client := mdns.Client{Net: "tcp", Dialer: &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}}
	return testkit.Exchange(h.t, client, m, h.engine.Addr().String())
}

// answers lists the data of the answer's records of the type.
func (h *host) answers(source, name, rrtype string) []string {
	h.t.Helper()
	code := mdns.StringToType[rrtype]
	var out []string
	for _, rr := range h.ask(source, name, code).Answer {
		if rr.Header().Rrtype == code {
			out = append(out, strings.TrimPrefix(rr.String(), rr.Header().String()))
		}
	}
	slices.Sort(out)
	return out
}

func (h *host) expect(source, name, rrtype string, want ...string) {
	h.t.Helper()
	if got := h.answers(source, name, rrtype); !slices.Equal(got, want) {
		h.t.Errorf("%s asks %s %s: %q, want %q", source, name, rrtype, got, want)
	}
}

func (h *host) serial(source, zone string) uint32 {
	h.t.Helper()
	for _, rr := range h.ask(source, zone, mdns.TypeSOA).Answer {
		if soa, ok := rr.(*mdns.SOA); ok {
			return soa.Serial
		}
	}
	h.t.Fatalf("no SOA of %s from %s", zone, source)
	return 0
}

// metric reads one of the engine's counters.
func metric(t *testing.T, c prometheus.Metric) float64 {
	t.Helper()
	var m promdto.Metric
	if err := c.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

// domainEvents makes events as they happen while the engine is away.
func domainEvents(position *domain.Position, events ...domain.Event) []domain.Recorded {
	var out []domain.Recorded
	for _, event := range events {
		*position++
		out = append(out, domain.Recorded{Position: *position, Prev: *position - 1, ID: uuid.New(), At: time.Now(), Event: event})
	}
	return out
}
