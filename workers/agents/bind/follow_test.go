package bind

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// fleet are name servers that follow one log, each at an address of its own.
type fleet struct {
	t     *testing.T
	hosts []*host
}

// newFleet starts a named for each type, and has the log register it.
func newFleet(t *testing.T, types ...string) *fleet {
	t.Helper()
	f := &fleet{t: t}
	for i := range types {
		addr := fmt.Sprintf("127.0.0.%d", i+2)
		h := &host{t: t, dir: t.TempDir(), ids: 100, agent: int64(i + 1), listen: netip.MustParseAddrPort(addr + ":53")}
		h.start()
		t.Cleanup(h.stop)
		f.hosts = append(f.hosts, h)
	}
	for i, kind := range types {
		f.emit(dns.ServerCreated{ID: int64(i + 1), Server: serverOf(i, kind)})
		f.emit(dns.ServerEnrolled{ID: int64(i + 1)})
	}
	return f
}

func serverOf(i int, kind string) dns.ServerData {
	return dns.ServerData{Host: fmt.Sprint("s", i), IP: fmt.Sprintf("127.0.0.%d", i+2), Type: kind}
}

func (f *fleet) emit(e domain.Event) (p domain.Position) {
	f.t.Helper()
	for _, h := range f.hosts {
		p = h.emit(e)
	}
	return p
}

// become changes the type of a server.
func (f *fleet) become(i int, before, after string) {
	f.t.Helper()
	f.emit(dns.ServerUpdated{ID: int64(i + 1), Before: serverOf(i, before), After: serverOf(i, after)})
}

func (f *fleet) applied() {
	f.t.Helper()
	for _, h := range f.hosts {
		h.applied()
	}
}

// wantKind wants named to have a zone as one of a type.
func (h *host) wantKind(view int64, zone, kind string) {
	h.t.Helper()
	have, err := h.engine.showZone(h.t.Context(), zoneKey{view: view, zone: zone + "."})
	if err != nil || have.kind != kind {
		h.t.Errorf("%s is %q, %v; want %q", zone, have.kind, err, kind)
	}
}

// transfers asks for a whole zone by a key, and returns how many records come.
func (h *host) transfers(key dnsclient.Key, zone string) (records []string, err error) {
	h.t.Helper()
	conn, err := dnsclient.Dial(h.t.Context(), h.engine.dialAddr())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	err = conn.Transfer(h.t.Context(), key, zone, func(rr mdns.RR) { records = append(records, rr.String()) })
	return records, err
}

func transferKeyOf(view int64) dnsclient.Key {
	keys, _ := transferKeysOfTests(context.Background(), []int64{view})
	return dnsclient.Key{Name: transferKeyName(view) + ".", Secret: base64.StdEncoding.EncodeToString(keys[view])}
}

// received lists how many records each transfer had, by named's own log.
func (h *host) received(zone string, view int64) (records []int) {
	h.t.Helper()
	text, err := os.ReadFile(h.engine.layout.log())
	if err != nil {
		h.t.Fatal(err)
	}
	line := regexp.MustCompile(fmt.Sprintf(`transfer of '%s/IN/%s' from .* Transfer completed: \d+ messages, (\d+) records`, zone, viewName(view)))
	for _, m := range line.FindAllStringSubmatch(string(text), -1) {
		n, _ := strconv.Atoi(m[1])
		records = append(records, n)
	}
	return records
}

// A slave has both views' zones from the master, each by the view's own key, and changes by IXFR. What it
// has not read back is pending, and it serves what it has while the master is away, also from its files.
func TestASlaveFollows(t *testing.T) {
	t.Parallel()
	if !testkit.InNetwork(t, "127.0.0.2", "127.0.0.3", "127.0.0.4") {
		return
	}
	f := newFleet(t, "master", "slave")
	m, s := f.hosts[0], f.hosts[1]
	one, two := int64(51), int64(52)
	f.emit(dns.ViewCreated{ID: one, View: dns.ViewData{Name: "one", ACL: "127.0.0.9"}})
	f.emit(dns.ViewCreated{ID: two, View: dns.ViewData{Name: "two", ACL: "any"}})
	data := dns.ZoneData{Name: "a.test", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{one, two}}
	f.emit(dns.ZoneCreated{ID: 60, Zone: data})
	id := int64(1000)
	add := func(view int64, host, value string) dns.RecordAdded {
		id++
		e := dns.RecordAdded{ID: id, ZoneID: 60, Record: record(view, host, "A", value)}
		f.emit(e)
		return e
	}
	for i := range 300 {
		add(two, fmt.Sprint("h", i), "10.2.1.1")
	}
	add(one, "www", "10.1.0.1")
	www := add(two, "www", "10.2.0.1")
	f.applied()
	for _, h := range f.hosts {
		h.expect("127.0.0.9", "www.a.test", "A", "10.1.0.1")
		h.expect("127.0.0.8", "www.a.test", "A", "10.2.0.1")
		h.expect("127.0.0.9", "h1.a.test", "A")
	}
	m.wantKind(two, "a.test", kindPrimary)
	s.wantKind(two, "a.test", kindSecondary)

	t.Run("changes", func(t *testing.T) {
		changed := www
		changed.Record.Value = "10.2.0.2"
		f.emit(dns.RecordUpdated{ID: www.ID, ZoneID: 60, Before: www.Record, After: changed.Record})
		f.applied()
		s.expect("127.0.0.8", "www.a.test", "A", "10.2.0.2")
		s.expect("127.0.0.9", "www.a.test", "A", "10.1.0.1")
		if a, b := m.serial("127.0.0.8", "a.test"), s.serial("127.0.0.8", "a.test"); a != b || a != uint32(m.position) {
			t.Errorf("serials %d and %d, position %d", a, b, m.position)
		}
		if got := s.received("a.test", two); len(got) < 2 || got[len(got)-1] > 10 {
			t.Errorf("transfers of %v records: the last is no IXFR", got)
		}
		// What clients cannot see is read back, too: below a delegation, and many at once.
		f.emit(dns.RecordAdded{ID: 5001, ZoneID: 60, Record: record(two, "sub", "NS", "ns.other.test.")})
		f.emit(dns.RecordAdded{ID: 5002, ZoneID: 60, Record: record(two, "x.sub", "TXT", "hidden")})
		var many []domain.Event
		for i := range 250 {
			many = append(many, dns.RecordAdded{ID: int64(6000 + i), ZoneID: 60, Record: record(two, fmt.Sprint("m", i), "A", "10.2.3.4")})
		}
		for _, h := range f.hosts {
			h.emitAll(many...)
		}
		f.applied()
		s.expect("127.0.0.8", "m249.a.test", "A", "10.2.3.4")
	})

	t.Run("transfers", func(t *testing.T) {
		if _, err := m.transfers(dnsclient.Key{}, "a.test."); err == nil {
			t.Error("a transfer without a key")
		}
		for view, want := range map[int64]string{one: "10.1.0.1", two: "10.2.0.2"} {
			records, err := m.transfers(transferKeyOf(view), "a.test.")
			if all := strings.Join(records, "\n"); err != nil || !strings.Contains(all, want) || strings.Contains(all, "10.1.0.1") != (view == one) {
				t.Errorf("view %d: %v, %v", view, len(records), err)
			}
		}
		forged := transferKeyOf(one)
		forged.Name = transferKeyOf(two).Name
		if _, err := m.transfers(forged, "a.test."); err == nil {
			t.Error("a transfer by another view's secret")
		}
		if got := s.tampered(two, "a.test.", "x.a.test. 60 IN A 10.6.6.6"); got != mdns.RcodeRefused {
			t.Errorf("an update of a slave: %s", mdns.RcodeToString[got])
		}
	})

	t.Run("forward zones and configuration", func(t *testing.T) {
		forwards := forwarder(t, "10.11.11.11")
		f.emit(dns.BindConfChanged{Text: "options { recursion yes; also-notify { 127.0.0.7; }; notify yes; dnssec-validation no; };"})
		f.emit(dns.ZoneCreated{ID: 70, Zone: dns.ZoneData{
			Name: "f.test", Group: dns.GroupInternal, Type: dns.ZoneForwardOnly, Forwarders: []string{forwards}, ViewIDs: []int64{two},
		}})
		f.applied()
		s.recursive = true
		s.expect("127.0.0.8", "x.f.test", "A", "10.11.11.11")
		s.recursive = false
		add(two, "after", "10.2.0.3")
		f.applied()
	})

	t.Run("the master away", func(t *testing.T) {
		m.stop()
		p := s.emit(dns.RecordAdded{ID: 9001, ZoneID: 60, Record: record(two, "late", "A", "10.2.9.9")})
		s.until("the slave has seen the change", func(r protocol.Report) bool { return r.Seen == p })
		s.stop() // its files are what it serves now
		s.start()
		s.until("the slave has seen the change", func(r protocol.Report) bool { return r.Seen == p && r.Named != "" })
		s.expect("127.0.0.8", "www.a.test", "A", "10.2.0.2")
		s.expect("127.0.0.8", "late.a.test", "A")
		m.history, m.position = s.history, s.position
		m.start()
		f.applied()
		s.expect("127.0.0.8", "late.a.test", "A", "10.2.9.9")
	})

	t.Run("drift", func(t *testing.T) {
		m.tamper(two, "a.test.", "foreign.a.test. 60 IN A 10.6.6.6")
		f.applied()
		add(two, "end", "10.2.0.4")
		f.applied()
		s.expect("127.0.0.8", "end.a.test", "A", "10.2.0.4")
		s.expect("127.0.0.8", "foreign.a.test", "A")
	})
}

// watched asks a server for a name again and again until stopped, and wants no answer but the one. It returns
// the longest time without it.
func watched(t *testing.T, at, name, want string) (stop func() time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan time.Duration)
	go func() {
		client := mdns.Client{Timeout: time.Second}
		var longest time.Duration
		last := time.Now()
		for ctx.Err() == nil {
			reply, _, err := client.Exchange(question(name, mdns.TypeA), at)
			if err != nil || !reply.Authoritative || reply.Rcode == mdns.RcodeServerFailure {
				continue // named does not have the zone: it refuses, or knows of other servers
			}
			if len(reply.Answer) != 1 || !strings.HasSuffix(reply.Answer[0].String(), want) {
				t.Errorf("%s answers %v", at, reply)
			}
			longest, last = max(longest, time.Since(last)), time.Now()
		}
		result <- max(longest, time.Since(last))
	}()
	return func() time.Duration { cancel(); return <-result }
}

// A slave becomes master, and the master slave, under clients who get no wrong answer.
func TestPromotionAndDemotion(t *testing.T) {
	t.Parallel()
	if !testkit.InNetwork(t, "127.0.0.2", "127.0.0.3", "127.0.0.4") {
		return
	}
	f := newFleet(t, "master", "slave", "slave")
	const view = 51
	f.emit(dns.ViewCreated{ID: view, View: dns.ViewData{Name: "all", ACL: "any"}})
	records := 20
	if n, err := strconv.Atoi(os.Getenv("BIND_TEST_RECORDS")); err == nil {
		records = n
	}
	f.emit(dns.FleetChanged{After: dns.FleetData{Addresses: []string{"192.0.2.1"}}})
	f.emit(dns.ZoneCreated{ID: 60, Zone: dns.ZoneData{Name: "a.test", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{view}}})
	var all []domain.Event
	for i := range records {
		all = append(all, dns.RecordAdded{ID: int64(1000 + i), ZoneID: 60, Record: record(view, fmt.Sprint("h", i), "A", "10.0.0.1")})
	}
	for _, h := range f.hosts {
		h.emitAll(all...)
	}
	f.applied()
	id := int64(500_000)
	step := func(what string, changed []int, change func(), primaries ...int) {
		t.Helper()
		stops := map[int]func() time.Duration{}
		for i := range f.hosts {
			stops[i] = watched(t, net.JoinHostPort(serverOf(i, "").IP, "53"), "h7.a.test.", "10.0.0.1")
		}
		change()
		f.applied()
		for i, stop := range stops {
			gap := stop()
			if slices.Contains(changed, i) {
				t.Logf("%s: the longest gap of server %d at %d records is %s", what, i, records, gap)
			}
		}
		id++
		f.emit(dns.RecordAdded{ID: id, ZoneID: 60, Record: record(view, fmt.Sprint("n", id), "A", "10.0.0.9")})
		f.applied()
		for i, h := range f.hosts {
			h.wantKind(view, "a.test", kindOf(!slices.Contains(primaries, i)))
			h.expect("127.0.0.1", fmt.Sprintf("n%d.a.test", id), "A", "10.0.0.9")
		}
	}
	step("promotion", []int{1}, func() { f.become(1, "slave", "master") }, 0, 1)
	step("demotion", []int{0}, func() { f.become(0, "master", "slave") }, 1)
	step("both", []int{0, 1}, func() { f.become(0, "slave", "master"); f.become(1, "master", "slave") }, 0)
	// One that is withdrawn has keys that nobody takes any more, and the others go on.
	f.emit(dns.ServerWithdrawn{ID: 3})
	id++
	f.emit(dns.RecordAdded{ID: id, ZoneID: 60, Record: record(view, "last", "A", "10.0.0.9")})
	f.hosts[0].applied()
	f.hosts[1].applied()
}
