package dns_test

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// Rules about several records hold at the end of a change, whatever its order.
func TestRecordsTogether(t *testing.T) {
	t.Parallel()
	add := func(host, rrtype, value string) domain.Command {
		return must(dns.NewAddRecord(recordInput(1, "v1", host, rrtype, value)))
	}
	outer := func(host, rrtype, value string) domain.Command {
		return must(dns.NewAddRecord(recordInput(1, "v2", host, rrtype, value)))
	}
	remove := func(id int64) domain.Command { return must(dns.NewDeleteRecord(id, nil)) }
	ds := "60485 5 1 " + strings.Repeat("ab", 20)
	was := func(host, rrtype, value string) []domain.Event {
		return recordsGiven(record(1, 1, 1, host, rrtype, value))
	}
	const aliased, noNS, lone, beside = "RFC 2181 10.3", "DS记录", "唯一一条", "CNAME"

	for _, c := range []struct {
		name  string
		given []domain.Event
		when  []domain.Command
		text  string // of the refusal, empty for none
	}{
		{"an alias, then its NS", was("alias", "CNAME", "www"), []domain.Command{add("@", "NS", "alias")}, aliased},
		{"an NS, then its alias", was("@", "NS", "ALIAS.a.com."), []domain.Command{add("alias", "CNAME", "www")}, aliased},
		{"both at once", recordsGiven(), []domain.Command{add("alias", "CNAME", "www"), add("@", "NS", "alias")}, aliased},
		{"an NS below a DNAME", was("x", "DNAME", "y.b."), []domain.Command{add("@", "NS", "ns.x")}, aliased},
		{"a DNAME above an NS", was("@", "NS", "ns.x"), []domain.Command{add("x", "DNAME", "y.b.")}, aliased},
		{"a DNAME at the apex above an NS", was("@", "NS", "ns"), []domain.Command{add("@", "DNAME", "y.b.")}, aliased},
		{"an NS at a name of the other view's alias", was("alias", "CNAME", "www"), []domain.Command{outer("@", "NS", "alias")}, ""},
		{"an NS outside", was("alias", "CNAME", "www"), []domain.Command{add("@", "NS", "alias.")}, ""},
		{"made right in the end", was("alias", "CNAME", "www"), []domain.Command{add("@", "NS", "alias"), remove(1)}, ""},
		{"an escaped name", was(`a\.b`, "CNAME", "www"), []domain.Command{add("@", "NS", `a\046b`)}, aliased},

		{"a CNAME before the address goes", was("w", "A", "1.1.1.1"), []domain.Command{add("w", "CNAME", "x"), remove(1)}, ""},
		{"a CNAME, and the address stays", was("w", "A", "1.1.1.1"), []domain.Command{add("w", "CNAME", "x")}, beside},
		{"a duplicate before the first goes", was("w", "A", "1.1.1.1"), []domain.Command{add("w", "A", "1.1.1.1"), remove(1)}, ""},

		{"DS without NS", recordsGiven(), []domain.Command{add("sub", "DS", ds)}, noNS},
		{"DS beside NS", was("sub", "NS", "ns.b."), []domain.Command{add("sub", "DS", ds)}, ""},
		{"DS beside the other view's NS", was("sub", "NS", "ns.b."), []domain.Command{outer("sub", "DS", ds)}, noNS},
		{"DS before NS", recordsGiven(), []domain.Command{add("sub", "DS", ds), add("sub", "NS", "ns.b.")}, ""},
		{"DS at the apex", was("@", "NS", "ns.b."), []domain.Command{add("@", "DS", ds)}, noNS},
		{"the last NS leaves a DS", recordsGiven(record(1, 1, 1, "sub", "NS", "ns.b."), record(2, 1, 1, "sub", "DS", ds)), []domain.Command{remove(1)}, noNS},
		{"another NS stays", recordsGiven(record(1, 1, 1, "sub", "NS", "ns.b."), record(2, 1, 1, "sub", "DS", ds), record(3, 1, 1, "sub", "NS", "n2.b.")), []domain.Command{remove(1)}, ""},
		{"NS and DS go", recordsGiven(record(1, 1, 1, "sub", "NS", "ns.b."), record(2, 1, 1, "sub", "DS", ds)), []domain.Command{remove(1), remove(2)}, ""},

		{"null MX beside an MX", was("@", "MX", "10 mail"), []domain.Command{add("@", "MX", "0 .")}, lone},
		{"an MX beside a null MX", was("@", "MX", "0 ."), []domain.Command{add("@", "MX", "10 mail")}, lone},
		{"two null MX", was("@", "MX", "0 ."), []domain.Command{add("@", "MX", "1 .")}, lone},
		{"null MX beside other types", was("@", "A", "1.1.1.1"), []domain.Command{add("@", "MX", "0 .")}, ""},
		{"null SRV beside an SRV", was("_s._tcp", "SRV", "0 0 80 h"), []domain.Command{add("_s._tcp", "SRV", "0 0 0 .")}, lone},
		{"CAA tags without case", was("@", "CAA", `0 issue "x"`), []domain.Command{add("@", "CAA", `0 ISSUE "x"`)}, "重复的Record"},
		{"alias mode beside service mode", was("@", "HTTPS", "1 ."), []domain.Command{add("@", "HTTPS", "0 x.b.")}, "别名模式"},
		{"two DNAMEs", was("x", "DNAME", "y.b."), []domain.Command{add("x", "DNAME", "z.b.")}, "DNAME"},
		{"DNAME beside NS", was("x", "NS", "y.b."), []domain.Command{add("x", "DNAME", "z.b.")}, "DNAME"},
		{"DNAME beside NS at the apex", was("@", "NS", "y.b."), []domain.Command{add("@", "DNAME", "z.b.")}, ""},
		{"CDS at the apex", recordsGiven(), []domain.Command{add("@", "CDS", ds)}, "DNSSEC签名"},
		{"DNAME at the apex without NS", recordsGiven(), []domain.Command{add("@", "DNAME", "z.b.")}, "必须有指向Zone之外的NS"},
		{"the last NS leaves a DNAME", recordsGiven(record(1, 1, 1, "@", "NS", "y.b."), record(2, 1, 1, "@", "DNAME", "z.b.")), []domain.Command{remove(1)}, "必须有"},
		{"CDS requests", was("sub", "CDS", ds), []domain.Command{add("sub", "CDS", "0 0 0 00")}, lone},
		{"DNAME at a wildcard", recordsGiven(), []domain.Command{add("*", "DNAME", "z.b.")}, "泛解析"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd := c.when[0]
			if len(c.when) > 1 {
				cmd = batchOf(c.when...)
			}
			events, err := cmd.Decide(domaintest.NewHistory(users(c.given...)...), domaintest.Env(admin, cmd))
			if c.text == "" && (err != nil || len(events) != len(c.when)) {
				t.Errorf("decided %v, %v", events, err)
			}
			if c.text != "" && (err == nil || !strings.Contains(err.Error(), c.text)) {
				t.Errorf("decided %v, %v, want a refusal with %q", events, err, c.text)
			}
		})
	}
}

// What a decision about several names has seen must still hold when it is appended.
func TestRecordsTogetherRace(t *testing.T) {
	t.Parallel()
	add := func(host, rrtype, value string) domain.Command {
		return must(dns.NewAddRecord(recordInput(1, "v1", host, rrtype, value)))
	}
	ns := record(1, 1, 1, "sub", "NS", "ns.b.")
	ds := "60485 5 1 " + strings.Repeat("ab", 20)
	runRaces(t, []race{
		{"DS, its NS goes", recordsGiven(ns), add("sub", "DS", ds), dns.RecordDeleted{ID: 1, ZoneID: 1, Record: ns.Record}, true},
		{"NS goes, a DS comes", recordsGiven(ns), must(dns.NewDeleteRecord(1, nil)), record(8, 1, 1, "sub", "DS", ds), true},
		{"apex NS, its name becomes an alias", recordsGiven(), add("@", "NS", "ns"), record(8, 1, 1, "ns", "CNAME", "x"), true},
		{"CNAME, an apex NS comes", recordsGiven(), add("ns", "CNAME", "x"), record(8, 1, 1, "@", "NS", "ns"), true},
		{"apex NS, a DNAME above comes", recordsGiven(), add("@", "NS", "ns.x"), record(8, 1, 1, "x", "DNAME", "y.b."), true},
		{"a delegation above is no condition", recordsGiven(), add("a.b", "A", "1.1.1.1"), record(8, 1, 1, "b", "NS", "x.y."), false},
	})
}

// What is legal and most likely not meant is done, and named.
func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		given               []domain.Event
		host, rrtype, value string
		want                string // empty for no warning
	}{
		{"target ends in the zone's name", nil, "w", "CNAME", "www.a.com", "final dot"},
		{"target ends in a public suffix", nil, "@", "MX", "10 mail.example.co.uk", "final dot"},
		{"such a target that exists", []domain.Event{record(1, 1, 1, "www.a.com", "A", "1.1.1.1")}, "w", "CNAME", "www.a.com", ""},
		{"such a target that a wildcard answers for", []domain.Event{record(1, 1, 1, "*.com", "A", "1.1.1.1")}, "w", "CNAME", "www.a.com", ""},
		{"relative target", nil, "w", "CNAME", "x.y", ""},
		{"absolute target", nil, "w", "CNAME", "www.a.com.", ""},
		{"NS without an address", nil, "@", "NS", "ns1", "has no address"},
		{"NS with an address", []domain.Event{record(1, 1, 1, "ns1", "AAAA", "::1")}, "@", "NS", "ns1", ""},
		{"NS outside", nil, "@", "NS", "ns1.b.", ""},
		{"another TTL", []domain.Event{record(1, 1, 1, "w", "A", "1.1.1.1")}, "w", "A", "1.1.1.2", "different TTLs"},
		{"another TTL of another type", []domain.Event{record(1, 1, 1, "w", "AAAA", "::1")}, "w", "A", "1.1.1.2", ""},
		{"below a delegation", []domain.Event{record(1, 1, 1, "sub", "NS", "ns.b.")}, "x.y.sub", "A", "1.1.1.1", "hidden"},
		{"glue", []domain.Event{record(1, 1, 1, "sub", "NS", "ns.sub")}, "ns.sub", "A", "1.1.1.1", ""},
		{"no glue", []domain.Event{record(1, 1, 1, "sub", "NS", "ns.sub")}, "ns.sub", "TXT", "x", "hidden"},
		{"at a delegation", []domain.Event{record(1, 1, 1, "sub", "NS", "ns.b.")}, "sub", "A", "1.1.1.1", "delegated"},
		{"a delegation over a record", []domain.Event{record(1, 1, 1, "sub", "A", "1.1.1.1")}, "sub", "NS", "ns.b.", "delegated"},
		{"below a DNAME", []domain.Event{record(1, 1, 1, "sub", "DNAME", "x.b.")}, "w.sub", "A", "1.1.1.1", "hidden"},
		{"below another view's delegation", []domain.Event{record(1, 1, 2, "sub", "NS", "ns.b.")}, "w.sub", "A", "1.1.1.1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := recordInput(1, "v1", c.host, c.rrtype, c.value)
			if strings.HasPrefix(c.name, "another TTL") {
				in.TTL = new(uint32(77))
			}
			alone := must(dns.NewAddRecord(in))
			for _, cmd := range []domain.Command{alone, batchOf(alone)} {
				var warnings []domain.Warning
				if _, err := cmd.Decide(domaintest.NewHistory(users(recordsGiven(c.given...)...)...), domaintest.Env(admin, cmd).Warning(&warnings)); err != nil {
					t.Fatal(err)
				}
				if (c.want == "") != (len(warnings) == 0) || c.want != "" && !strings.Contains(warnings[0].Text, c.want) || len(warnings) > 1 {
					t.Errorf("warnings %q, want %q", warnings, c.want)
				}
				for _, w := range warnings {
					if strings.ContainsFunc(w.Text, func(r rune) bool { return r < ' ' || r > '~' }) {
						t.Errorf("not printable ASCII: %q", w)
					}
				}
			}
		})
	}
}

// A record that an older program took is named when it is read, and no other.
func TestStoredWarnings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		record dns.RecordData
		warns  bool
	}{
		{dns.RecordData{Host: "a", Type: "TXT", Value: ` "x"`, Literal: true}, true},
		{dns.RecordData{Host: "a", Type: "TXT", Value: ` "x"`}, false},
		{dns.RecordData{Host: "a", Type: "TXT", Value: "“x”"}, true},
		{dns.RecordData{Host: "a", Type: "MX", Value: "10 192.0.2.1"}, true},
		{dns.RecordData{Host: "a", Type: "MX", Value: "10 mail"}, false},
	} {
		if got := dns.StoredWarning("a.com", c.record); (got != (domain.Warning{})) != c.warns {
			t.Errorf("%+v: %q", c.record, got)
		}
	}
}
