package bind

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

func TestViewsAndConfiguration(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("one", "127.0.0.2")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	h.expect("127.0.0.3", "www.a.test", "A")
	before := metric(t, h.engine.metrics.reconfigs)

	h.emit(dns.ViewUpdated{ID: v, Before: dns.ViewData{Name: "one", ACL: "127.0.0.2"}, After: dns.ViewData{Name: "uno", ACL: "127.0.0.2"}})
	h.applied()
	if after := metric(t, h.engine.metrics.reconfigs); after != before {
		t.Errorf("%v reconfigurations for a view's name", after-before)
	}
	h.emit(dns.ViewUpdated{ID: v, Before: dns.ViewData{Name: "uno", ACL: "127.0.0.2"}, After: dns.ViewData{Name: "uno", ACL: "127.0.0.2\n127.0.0.3"}})
	h.applied()
	h.expect("127.0.0.3", "www.a.test", "A", "10.0.0.1")

	// the user says who may query, which does not keep the engine out
	h.emit(dns.BindConfChanged{Text: "options { allow-query { 127.0.0.2; }; notify no; };"})
	h.applied()
	h.expect("127.0.0.3", "www.a.test", "A")
	h.expect("127.0.0.2", "www.a.test", "A", "10.0.0.1")

	// a configuration that named refuses leaves the last good one in force, and does
	// not hold up other changes
	bad := h.emit(dns.BindConfChanged{Text: "options { recursion perhaps; };"})
	h.until("the configuration is reported", func(r protocol.Report) bool {
		return r.Applied == h.position && len(r.Failures) == 1 && r.Failures[0].ZoneID == 0 && r.Failures[0].Since == bad &&
			strings.Contains(r.Failures[0].Message, "perhaps") && !strings.Contains(r.Failures[0].Message, h.dir)
	})
	h.expect("127.0.0.2", "www.a.test", "A", "10.0.0.1")
	h.expect("127.0.0.3", "www.a.test", "A")
	w := h.view("late", "any")
	zw, _ := h.zone("b.test", w)
	h.add(zw, record(w, "www", "A", "10.0.0.2"))
	h.until("a new view is served all the same", func(r protocol.Report) bool { return r.Applied == h.position && len(r.Failures) == 1 })
	h.expect("127.0.0.2", "www.b.test", "A")
	h.emit(dns.BindConfChanged{Text: "options { recursion no; };"})
	h.applied()
	h.expect("127.0.0.4", "www.b.test", "A", "10.0.0.2")

	// a view goes, with its zone
	h.emit(dns.ZoneDeleted{ID: zw, Zone: dns.ZoneData{Name: "b.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{w}}})
	h.emit(dns.ViewDeleted{ID: w, View: dns.ViewData{Name: "late", ACL: "any"}})
	h.applied()
}

func TestSecretsAndCheckConf(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.view("one", "any")
	h.applied()
	for text, want := range map[string]string{
		`options { recursion yes; }; key "k" { algorithm hmac-sha256; secret "c2VjcmV0"; };`: "",
		`options { recursion perhaps; };`:                        "perhaps",
		`options { allow-query { "no-such-acl"; }; };`:           "no-such-acl",
		`options { directory "/tmp"; };`:                         "directory",
		`view "x" { };`:                                          "view",
		`options { recursion yes; } ; logging { category x { };`: "",
	} {
		err := h.engine.CheckConf(context.Background(), text)
		switch {
		case want == "" && strings.Count(text, "{") == strings.Count(text, "}") && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "/tmp/opsl")):
			t.Errorf("%s: %v, want an error that names %q", text, err, want)
		}
	}
}

// A zone that named refuses is reported by itself and blocks no other.
func TestFailureIsolation(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	h.emit(dns.BindConfChanged{Text: "options { empty-zones-enable yes; recursion yes; };"})
	h.applied()
	since := h.position + 1
	bad, data := h.zone("10.in-addr.arpa", v)
	good, _ := h.zone("a.test", v)
	h.add(good, record(v, "www", "A", "10.0.0.1"))
	h.add(bad, record(v, "1", "PTR", "www.a.test."))
	h.until("one failure", func(r protocol.Report) bool {
		return r.Applied == h.position && len(r.Failures) == 1 && r.Failures[0].ZoneID == bad && r.Failures[0].ViewID == v &&
			r.Failures[0].Since == since && strings.Contains(r.Failures[0].Message, "already exists")
	})
	h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
	h.emit(dns.BindConfChanged{Text: "options { recursion yes; };"})
	h.applied()
	h.expect("127.0.0.1", "1.10.in-addr.arpa", "PTR", "www.a.test.")
	h.emit(dns.ZoneDeleted{ID: bad, Zone: data})
	h.applied()
}

// The server-id is a value of its own: a user's text that looks like one must
// not take its place, or the engine would wait for a digest that named never gives.
func TestServerIDIsNotFoundByText(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.emit(dns.BindConfChanged{Text: `logging { channel "x" { file "opsledger-server-id.log"; }; };`})
	h.applied()
}

// named's statistics channels listen on this host alone, whatever a configuration of an
// earlier version says.
func TestStatisticsListenOnLoopback(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`inet 127.0.0.1 port 8053 allow { any; };`:  "inet 127.0.0.1 port 8053",
		`inet * port 8053;`:                         "inet 127.0.0.1 port 8053",
		`inet 0.0.0.0 port 8053;`:                   "inet 127.0.0.1 port 8053",
		`inet "10.0.0.1" port 8053 allow { any; };`: "inet 127.0.0.1 port 8053",
		`inet :: port 8053;`:                        "inet ::1 port 8053",
		`inet ::1;`:                                 "inet ::1",
		`inet 127.0.0.2; inet 2001:db8::1 port 1; inet 10.0.0.1 port 2;`: "inet ::1 port 1",
	} {
		conf, err := dns.ParseBindConf("statistics-channels { " + text + " };")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		before := conf.String()
		got := dns.FormatStatements(onLoopback(conf.Others()), 0)
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s", text, got)
		}
		for _, open := range []string{"*", "0.0.0.0", "10.0.0.1", "inet ::;", "inet :: ", "2001"} {
			if strings.Contains(got, open) {
				t.Errorf("%s listens at %s: %s", text, open, got)
			}
		}
		if conf.String() != before {
			t.Errorf("%s: the parsed configuration was changed", text)
		}
	}
}

// What the configuration says about transfers and notifications holds in every view.
func TestTransfersAndNotificationsAreTheUsers(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	secondary, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer secondary.Close()
	one, two := h.view("one", "127.0.0.2"), h.view("two", "any")
	z, _ := h.zone("a.test", one, two)
	h.emit(dns.BindConfChanged{Text: fmt.Sprintf(
		"options { allow-transfer { 127.0.0.2; 127.0.0.5; }; also-notify { 127.0.0.1 port %d; }; };", secondary.LocalAddr().(*net.UDPAddr).Port)})
	h.applied()
	for source, allowed := range map[string]bool{"127.0.0.2": true, "127.0.0.5": true, "127.0.0.6": false} {
		if got := h.ask(source, "a.test", mdns.TypeAXFR); (got.Rcode == mdns.RcodeSuccess) != allowed {
			t.Errorf("%s asks for a transfer: %s", source, mdns.RcodeToString[got.Rcode])
		}
	}
	h.add(z, record(one, "www", "A", "10.0.0.1"))
	h.applied()
	if err := secondary.SetReadDeadline(time.Now().Add(testkit.Patience)); err != nil {
		t.Fatal(err)
	}
	for buf := make([]byte, 512); ; {
		n, _, err := secondary.ReadFrom(buf)
		if err != nil {
			t.Fatal(err)
		}
		m := new(mdns.Msg)
		if m.Unpack(buf[:n]) == nil && m.Opcode == mdns.OpcodeNotify && m.Question[0].Name == "a.test." {
			break
		}
	}
}
