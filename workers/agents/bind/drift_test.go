package bind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// driftHost is a host whose drift is noted in its log, as the control plane does.
type driftHost struct {
	*host
	told chan protocol.DriftFinding
	// adopted is what the log has of an update, nil where it refuses.
	adopted func() []dns.RecordAdded
}

func newDriftHost(t *testing.T) *driftHost {
	t.Helper()
	d := &driftHost{host: &host{t: t, dir: t.TempDir(), ids: 100, verify: time.Second}, told: make(chan protocol.DriftFinding, 64)}
	d.host.drift = d.note
	d.start()
	t.Cleanup(d.stop)
	return d
}

// note lifts the serial over a foreign one, or has the records in the log.
func (d *driftHost) note(_ context.Context, f protocol.DriftFinding) (protocol.DriftVerdict, error) {
	v := protocol.DriftVerdict{Done: f.Done}
	if f.Update != nil && d.adopted != nil {
		v.Done = dns.DriftAdopted
		for _, e := range d.adopted() {
			v.Await = d.emit(e)
		}
	} else if f.Serial != nil && f.Done == dns.DriftRepaired {
		d.engine.mu.Lock()
		now := numbers(d.engine.state)[zoneKey{view: f.ViewID, zone: f.Zone + "."}]
		d.engine.mu.Unlock()
		if dns.SerialLater(*f.Serial, now) {
			v.Await = d.emit(dns.ZoneSettingsChanged{ID: f.ZoneID, Raise: &dns.SerialRaise{Zone: f.Zone, Views: []int64{f.ViewID}, To: *f.Serial + 1}})
		}
	}
	d.told <- f
	return v, nil
}

// finds waits for a finding about a zone.
func (d *driftHost) finds(what dns.DriftKind, zone string, done dns.DriftDone) protocol.DriftFinding {
	d.t.Helper()
	deadline := time.After(testkit.Patience)
	for {
		select {
		case f := <-d.told:
			if f.What != what || f.Zone != zone || f.Done != done {
				d.t.Errorf("found %+v, want %s of %q, %s", f, what, zone, done)
			}
			return f
		case <-deadline:
			d.t.Fatalf("no %s of %q was found; named's log ends: %s", what, zone, strings.Join(lastLines(d.engine.layout.log(), 4<<10), "\n"))
		}
	}
}

func (d *driftHost) mode(m dns.DriftMode) {
	d.emit(dns.ServerSettingsChanged{ID: 7, After: dns.ServerSettings{OnDrift: m}})
}

func (d *driftHost) rndc(command string) {
	d.t.Helper()
	if _, err := d.engine.control(d.t.Context(), command); err != nil {
		d.t.Fatalf("%s: %v", command, err)
	}
}

// edit changes a zone's file while the zone is frozen.
func (d *driftHost) edit(view int64, zone string, change func(text string) string) {
	d.t.Helper()
	key := zoneKey{view: view, zone: zone + "."}
	d.engine.mu.Lock()
	file := d.engine.state.inView[key].installed.file
	d.engine.mu.Unlock()
	d.rndc("freeze " + zoneArgs(key))
	look := fileLook{path: file}
	served := d.serial("127.0.0.1", zone)
	if err := d.engine.await(d.t.Context(), "the zone is dumped", func() (bool, error) { return look.has(served) }); err != nil {
		d.t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = d.engine.layout.write(file+".hand", []byte(change(string(text))))
	}
	if err := os.Remove(file + ".jnl"); err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
	if err = errors.Join(err, os.Rename(file+".hand", file)); err != nil {
		d.t.Fatal(err)
	}
	d.rndc("thaw " + zoneArgs(key))
}

// What somebody does to zones past the log is found, told with what is known of it, and repaired, and a
// serial of theirs above the log's is lifted for everybody.
func TestDriftIsRepairedAndTold(t *testing.T) {
	t.Parallel()
	d := newDriftHost(t)
	v := d.view("all", "any")
	for _, name := range []string{"update.test", "gone.test", "far.test"} {
		z, _ := d.zone(name, v)
		d.add(z, record(v, "www", "A", "10.0.0.1"))
	}
	forward := d.id()
	d.emit(dns.ZoneCreated{ID: forward, Zone: dns.ZoneData{
		Name: "forward.test", Group: dns.GroupInternal, Type: dns.ZoneForwardOnly, Forwarders: []string{"127.0.0.1"}, ViewIDs: []int64{v},
	}})
	d.applied()

	before := d.serial("127.0.0.1", "update.test")
	d.tamper(v, "update.test.", "own.update.test. 60 A 10.0.0.9")
	f := d.finds(dns.DriftRecords, "update.test", dns.DriftRepaired)
	if f.Expected != "no A at own.update.test." || f.Found != "own.update.test. 60 IN A 10.0.0.9" || f.By != "key "+viewKeyName(v)+" at 127.0.0.1" {
		t.Errorf("it is told as %+v", f)
	}
	d.serialsBecome("update.test")
	d.expect("127.0.0.1", "own.update.test", "A")
	if after := d.serial("127.0.0.1", "update.test"); after <= before+1 {
		t.Errorf("serial %d after a foreign %d", after, before+1)
	}

	d.tamper(v, "far.test.", "far.test. 600 SOA ns.far.test. x.far.test. 1000000000 1 1 1 1")
	d.finds(dns.DriftSerial, "far.test", dns.DriftRepaired)
	d.serialsBecome("far.test")
	if after := d.serial("127.0.0.1", "far.test"); after <= 1000000000 {
		t.Errorf("serial %d after a foreign 1000000000", after)
	}

	d.rndc("delzone " + zoneArgs(zoneKey{view: v, zone: "gone.test."}))
	d.finds(dns.DriftZoneMissing, "gone.test", dns.DriftRepaired)
	d.becomes("www.gone.test", "10.0.0.1")
	d.rndc("delzone " + zoneArgs(zoneKey{view: v, zone: "forward.test."}))
	d.finds(dns.DriftZoneMissing, "forward.test", dns.DriftRepaired)
	d.applied()

	file := filepath.Join(d.engine.layout.zones(), "by-hand.db")
	if err := d.engine.layout.write(file, []byte("@ 60 SOA a. b. 1 1 1 1 1\n@ 60 NS a.\n")); err != nil {
		t.Fatal(err)
	}
	d.rndc("addzone added.test IN " + viewName(v) + ` { type primary; file "` + file + `"; };`)
	d.finds(dns.DriftZoneAdded, "added.test", dns.DriftRepaired)

	// Of a zone there is one finding a minute: this one waits, and is repaired all the same.
	d.tamper(v, "update.test.", "again.update.test. 60 A 10.0.0.9")
	d.until("the second is repaired", func(r protocol.Report) bool {
		return r.Applied == d.last() && d.serial("127.0.0.1", "update.test") == numbersOf(d.host)[zoneKey{view: v, zone: "update.test."}]
	})
	d.expect("127.0.0.1", "again.update.test", "A")
	d.quietNow()
}

// A zone's file that somebody edits is drift, also where its serial stays.
func TestEditedFilesAreDrift(t *testing.T) {
	t.Parallel()
	d := newDriftHost(t)
	v := d.view("all", "any")
	for _, name := range []string{"edited.test", "quiet.test"} {
		z, _ := d.zone(name, v)
		d.add(z, record(v, "www", "A", "10.0.0.1"))
	}
	d.applied()
	serial := d.serial("127.0.0.1", "edited.test")
	d.edit(v, "edited.test", func(text string) string {
		text = regexp.MustCompile(`\b`+fmt.Sprint(serial)+`(\s*;|\s+3600)`).ReplaceAllString(text, fmt.Sprint(serial+5)+"$1")
		return strings.ReplaceAll(text, "10.0.0.1", "10.0.0.7")
	})
	f := d.finds(dns.DriftRecords, "edited.test", dns.DriftRepaired)
	if f.By != "" || !strings.Contains(f.Found, "10.0.0.7") {
		t.Errorf("it is told as %+v", f)
	}
	d.serialsBecome("edited.test")
	d.expect("127.0.0.1", "www.edited.test", "A", "10.0.0.1")

	d.edit(v, "quiet.test", func(text string) string { return strings.ReplaceAll(text, "10.0.0.1", "10.0.0.8") })
	d.finds(dns.DriftRecords, "quiet.test", dns.DriftRepaired)
	d.becomes("www.quiet.test", "10.0.0.1")
	if after := d.serial("127.0.0.1", "edited.test"); after <= serial+5 {
		t.Errorf("serial %d after a foreign %d", after, serial+5)
	}
}

// becomes waits for the address of a name.
func (d *driftHost) becomes(name, address string) {
	d.t.Helper()
	d.until(name+" has "+address, func(protocol.Report) bool { return slices.Equal(d.answers("127.0.0.1", name, "A"), []string{address}) })
}

func numbersOf(h *host) map[zoneKey]uint32 {
	h.engine.mu.Lock()
	defer h.engine.mu.Unlock()
	return numbers(h.engine.state)
}

// quietNow fails if anything else was found: what is told goes in order, so that a finding of something
// that is done now comes behind it.
func (d *driftHost) quietNow() {
	d.t.Helper()
	v := d.view("last", "192.0.2.0/24")
	d.zone("last.test", v)
	d.applied()
	d.rndc("delzone " + zoneArgs(zoneKey{view: v, zone: "last.test."}))
	d.finds(dns.DriftZoneMissing, "last.test", dns.DriftRepaired)
}

// What the log asks for, and what comes of an engine or a named that begins anew, is no drift.
func TestWhatIsNoDrift(t *testing.T) {
	t.Parallel()
	d := newDriftHost(t)
	v := d.view("all", "any")
	z, data := d.zone("a.test", v)
	gone, goneData := d.zone("gone.test", v)
	r := d.add(z, record(v, "www", "A", "10.0.0.1"))
	d.applied()
	for i := range 50 {
		d.drop(r)
		r = d.add(z, record(v, "www", "A", fmt.Sprintf("10.0.1.%d", i)))
	}
	d.applied()

	d.stop() // while the engine is away the log goes on
	d.position++
	d.history = append(d.history, domainEvents(&d.position, dns.ZoneDeleted{ID: gone, Zone: goneData}, dns.RecordDeleted(r))...)
	d.start()
	d.applied()

	pid := d.engine.orphan()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// named lets a zone go before it is off its disk: one that dies just then has it again.
	f := d.finds2()
	if f.What == dns.DriftZoneAdded && f.Zone == "gone.test" {
		f = d.finds2()
	}
	if f.What != dns.DriftProcess || f.Done != dns.DriftRepaired {
		t.Errorf("found %+v", f)
	}
	d.until("another named", func(r protocol.Report) bool { return r.Named != "" && d.engine.orphan() != pid })
	linked := data
	linked.ViewIDs = []int64{v, d.view("other", "192.0.2.0/24")}
	d.emit(dns.ZoneUpdated{ID: z, Before: data, After: linked})
	d.applied()
	d.quietNow()
}

// A named that ends before it has read what the engine has written had no other configuration than the engine's.
func TestAnUnreadConfigurationIsNoDrift(t *testing.T) {
	t.Parallel()
	d := newDriftHost(t)
	d.view("all", "any")
	d.applied()
	before, err := os.ReadFile(d.engine.layout.conf())
	if err != nil {
		t.Fatal(err)
	}
	pid := d.engine.orphan()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	d.view("other", "192.0.2.0/24")
	testkit.Eventually(t, "the engine has written named.conf", func() bool {
		now, err := os.ReadFile(d.engine.layout.conf())
		return err == nil && string(now) != string(before)
	})
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// Where that took long the engine has missed named's answers before.
	f := d.finds2()
	for ; f.What == dns.DriftProcess && f.Done == dns.DriftReported; f = d.finds2() {
		d.minuteLater()
	}
	if f.What != dns.DriftProcess || f.Done != dns.DriftRepaired {
		t.Errorf("found %+v", f)
	}
	d.applied()
	d.quietNow()
}

// Drift that is left stays until the zone or the mode changes, and is in every report.
func TestDriftIsLeft(t *testing.T) {
	t.Parallel()
	d := newDriftHost(t)
	d.mode(dns.DriftReport)
	v := d.view("all", "any")
	zones := map[string]int64{}
	for _, name := range []string{"update.test", "gone.test", "back.test"} {
		zones[name], _ = d.zone(name, v)
		d.add(zones[name], record(v, "www", "A", "10.0.0.1"))
	}
	d.applied()
	fails := func(zone string) func(protocol.Report) bool {
		return func(r protocol.Report) bool {
			return slices.ContainsFunc(r.Failures, func(f protocol.Failure) bool {
				return f.Now && f.Zone == zone && strings.HasPrefix(f.Message, "drift is left")
			})
		}
	}
	d.tamper(v, "update.test.", "own.update.test. 60 A 10.0.0.9")
	d.finds(dns.DriftRecords, "update.test", dns.DriftReported)
	d.until("it is said", fails("update.test"))
	d.rndc("delzone " + zoneArgs(zoneKey{view: v, zone: "gone.test."}))
	d.finds(dns.DriftZoneMissing, "gone.test", dns.DriftReported)
	d.until("it is said", fails("gone.test"))
	d.tamper(v, "back.test.", "own.back.test. 60 A 10.0.0.9")
	d.finds(dns.DriftRecords, "back.test", dns.DriftReported)
	d.until("it is said", fails("back.test"))

	// An engine that begins anew does not know what it left, and sees what the log has not led to.
	d.stop()
	d.start()
	again := map[string]bool{d.finds2().Zone: true, d.finds2().Zone: true}
	if !again["update.test"] || !again["back.test"] {
		t.Errorf("found again %v", again)
	}
	d.until("it is said again", fails("update.test"))
	d.expect("127.0.0.1", "own.update.test", "A", "10.0.0.9")

	d.minuteLater()
	d.add(zones["back.test"], record(v, "new", "A", "10.0.0.2"))
	d.finds(dns.DriftRecords, "back.test", dns.DriftRepaired)
	d.until("a change of the log repairs", func(protocol.Report) bool {
		return slices.Equal(d.answers("127.0.0.1", "new.back.test", "A"), []string{"10.0.0.2"}) && len(d.answers("127.0.0.1", "own.back.test", "A")) == 0
	})
	d.mode(dns.DriftRepair)
	d.serialsBecome("update.test", "back.test")
	d.expect("127.0.0.1", "own.update.test", "A")
}

// minuteLater lets findings of zones of which there were some be told at once.
func (d *driftHost) minuteLater() {
	d.engine.mu.Lock()
	defer d.engine.mu.Unlock()
	clear(d.engine.drift.told)
}

// finds2 is the next finding.
func (d *driftHost) finds2() protocol.DriftFinding {
	d.t.Helper()
	select {
	case f := <-d.told:
		return f
	case <-time.After(testkit.Patience):
		d.t.Fatal("nothing was found")
		return protocol.DriftFinding{}
	}
}

// Drift that the log takes over stays in named, with a serial above all; what the log refuses is
// repaired.
func TestDriftIsAdopted(t *testing.T) {
	t.Parallel()
	d := newDriftHost(t)
	d.mode(dns.DriftAdopt)
	v := d.view("all", "any")
	z, _ := d.zone("a.test", v)
	refused, _ := d.zone("refused.test", v)
	d.add(z, record(v, "www", "A", "10.0.0.1"))
	d.add(refused, record(v, "www", "A", "10.0.0.1"))
	d.applied()
	d.adopted = func() []dns.RecordAdded {
		return []dns.RecordAdded{{ID: d.id(), ZoneID: z, Record: record(v, "own", "A", "10.0.0.9")}}
	}
	d.tamper(v, "a.test.", "own.a.test. 600 A 10.0.0.9")
	f := d.finds(dns.DriftRecords, "a.test", dns.DriftRepaired)
	m := new(mdns.Msg)
	if err := m.Unpack(f.Update); err != nil || len(m.Answer) != 1 || len(m.Ns) != 1 || m.Ns[0].Header().Class != mdns.ClassINET {
		t.Errorf("the update is %v, %v", m, err)
	}
	d.serialsBecome("a.test")
	d.expect("127.0.0.1", "own.a.test", "A", "10.0.0.9")

	d.adopted = nil
	d.tamper(v, "refused.test.", "own.refused.test. 600 A 10.0.0.9")
	d.finds(dns.DriftRecords, "refused.test", dns.DriftRepaired)
	d.serialsBecome("refused.test")
	d.expect("127.0.0.1", "own.refused.test", "A")
}

// A configuration that somebody changed, or had named read again, is told and put back, or left.
func TestDriftOfTheConfiguration(t *testing.T) {
	t.Parallel()
	d := newDriftHost(t)
	v := d.view("all", "any")
	d.zone("a.test", v)
	d.applied()
	conf := d.engine.layout.conf()
	right, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	head, view, _ := strings.Cut(string(right), `view "`+viewName(v))
	refusing := head + `view "` + viewName(v) + strings.Replace(view, "any;", "192.0.2.99;", 1)
	edit := func() {
		t.Helper()
		if err := d.engine.layout.write(conf, []byte(refusing)); err != nil {
			t.Fatal(err)
		}
		d.rndc("reconfig")
	}
	edit()
	d.finds(dns.DriftConfiguration, "", dns.DriftRepaired)
	d.until("clients are answered again", func(protocol.Report) bool {
		return d.ask("127.0.0.1", "a.test", mdns.TypeSOA).Rcode == mdns.RcodeSuccess
	})
	now, err := os.ReadFile(conf)
	if err != nil || string(now) != string(right) {
		t.Errorf("named.conf is not what it was: %v", err)
	}
	d.minuteLater()

	d.mode(dns.DriftReport)
	edit()
	d.finds(dns.DriftConfiguration, "", dns.DriftReported)
	d.until("it is said", func(r protocol.Report) bool {
		return slices.ContainsFunc(r.Failures, func(f protocol.Failure) bool { return strings.Contains(f.Message, "another named.conf") })
	})
	d.mode(dns.DriftRepair)
	d.until("clients are answered again", func(r protocol.Report) bool {
		return d.ask("127.0.0.1", "a.test", mdns.TypeSOA).Rcode == mdns.RcodeSuccess && len(r.Failures) == 0
	})
}

// Findings are paced by zone, and counted above 100 zones.
func TestDriftBook(t *testing.T) {
	t.Parallel()
	b, start := newDriftBook(), time.Now()
	in := func(zone string) protocol.DriftFinding {
		return protocol.DriftFinding{Zone: zone, What: dns.DriftRecords, ID: uuid.New()}
	}
	if !b.admits(in("a"), start) || b.admits(in("a"), start.Add(driftPause-1)) {
		t.Error("a zone is told other than once a minute")
	}
	last := in("a")
	b.admits(last, start.Add(driftPause-1))
	if f, is := b.due(dns.DriftRepair, start.Add(driftPause-1)); is {
		t.Errorf("%+v is told early", f)
	}
	if f, is := b.due(dns.DriftRepair, start.Add(driftPause)); !is || f.ID != last.ID {
		t.Errorf("the last one is told as %+v, %v", f, is)
	}
	later := start.Add(3 * driftPause)
	for i := range dns.MaxDriftZones + 7 {
		if b.admits(in(fmt.Sprint(i)), later) != (i < dns.MaxDriftZones) {
			t.Errorf("zone %d", i)
		}
	}
	if f, is := b.due(dns.DriftReport, later); !is || f.What != dns.DriftMany || f.Zones != 7 || f.Done != dns.DriftReported {
		t.Errorf("many are told as %+v, %v", f, is)
	}
	if !b.admits(in("next"), later.Add(driftPause)) {
		t.Error("no zone is told a minute later")
	}
	failed := in("failed")
	b.admits(failed, later.Add(driftPause))
	b.takeBack(failed)
	if f, is := b.due(dns.DriftRepair, later.Add(driftPause)); !is || f.ID != failed.ID {
		t.Errorf("what could not be told is told as %+v, %v", f, is)
	}
}

// What is to be adopted waits with its zone: told by the book it would count as repaired, and the zone's
// worker would never get a turn.
func TestWhatIsToBeAdoptedIsToldByItsZone(t *testing.T) {
	t.Parallel()
	b, start := newDriftBook(), time.Now()
	held := func(zone string) protocol.DriftFinding {
		return protocol.DriftFinding{Zone: zone, What: dns.DriftRecords, ID: uuid.New(), Update: []byte{1}}
	}
	for i := range dns.MaxDriftZones {
		b.admits(held(fmt.Sprint(i)), start)
	}
	if b.admits(held("0"), start.Add(1)) || b.admits(held("beyond"), start.Add(1)) {
		t.Error("more is told than the log takes")
	}
	b.takeBack(held("1"))
	if f, is := b.due(dns.DriftAdopt, start.Add(driftPause)); is {
		t.Errorf("%+v is told by the book", f)
	}
	for _, zone := range []string{"0", "beyond", "1"} {
		if !b.admits(held(zone), start.Add(driftPause)) {
			t.Errorf("zone %s is not told a minute later", zone)
		}
	}
}

func TestForeignUpdate(t *testing.T) {
	t.Parallel()
	const line = "2026-12-01T08:28:23.604Z update: info: client @0x7f00 192.0.2.7#5300/key k: view v1: updating zone 'a.test/IN': adding an RR at 'own.a.test' A 10.0.0.9"
	at, err := time.Parse(namedTime, "2026-12-01T08:28:23.604Z")
	if err != nil {
		t.Fatal(err)
	}
	key, own := zoneKey{view: 1, zone: "a.test."}, []change{{key: setKey{"own", mdns.TypeA}}}
	for name, c := range map[string]struct {
		line    string
		key     zoneKey
		changes []change
		port    int
		after   time.Duration
		want    string
	}{
		"by a key":          {line, key, own, 1, 0, "key k at 192.0.2.7"},
		"in local time":     {strings.Replace(line, "2026-12-01T08:28:23.604Z", at.Local().Format(localTime), 1), key, own, 1, 0, "key k at 192.0.2.7"},
		"unsigned":          {strings.Replace(line, "/key k", "", 1), key, own, 1, 0, "192.0.2.7"},
		"with a question":   {strings.Replace(line, "/key k", "/key k (a.test)", 1), key, own, 1, 0, "key k at 192.0.2.7"},
		"a deletion":        {strings.Replace(line, "adding an RR", "deleting rrset", 1), key, own, 1, 0, "key k at 192.0.2.7"},
		"of no RRset":       {line, key, nil, 1, 0, "key k at 192.0.2.7"},
		"of another RRset":  {line, key, []change{{key: setKey{"own", mdns.TypeTXT}}}, 1, 0, ""},
		"in another view":   {line, zoneKey{view: 2, zone: "a.test."}, own, 1, 0, ""},
		"in another zone":   {line, zoneKey{view: 1, zone: "b.test."}, own, 1, 0, ""},
		"the engine itself": {line, key, own, 5300, 0, ""},
		"long ago":          {line, key, own, 1, time.Hour, ""},
		"nothing of it":     {"01-Dec-2026 08:28:23.604 general: info: zone a.test/IN: loaded serial 3", key, own, 1, 0, ""},
	} {
		if by, _ := foreignUpdate(c.line, c.key, c.changes, func(port int) bool { return port == c.port }, at.Add(c.after)); by != c.want {
			t.Errorf("%s: %q", name, by)
		}
	}
}
