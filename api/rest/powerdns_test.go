package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// rrset is an RRset as a client of PowerDNS' API sends it.
func rrset(name, rrtype, change string, ttl int, contents ...string) m {
	records := []m{}
	for _, c := range contents {
		records = append(records, m{"content": c, "disabled": false})
	}
	return m{"name": name, "type": rrtype, "changetype": change, "ttl": ttl, "records": records}
}

func rrsets(sets ...m) m { return m{"rrsets": sets} }

// shownZone is a zone as a client reads it.
type shownZone struct {
	ID, URL, Name, Kind string
	Serial              uint32
	RRsets              []shownSet
}

type shownSet struct {
	Name, Type string
	TTL        int
	Records    []struct {
		Content  string
		Disabled bool
	}
	Comments []struct{ Content string }
}

// set is the contents of an RRset, one a line, behind its TTL.
func (z shownZone) set(name, rrtype string) (ttl int, contents string) {
	for _, set := range z.RRsets {
		if set.Name == name && set.Type == rrtype {
			var all []string
			for _, r := range set.Records {
				all = append(all, r.Content)
			}
			slices.Sort(all)
			return set.TTL, strings.Join(all, "\n")
		}
	}
	return 0, ""
}

func (z shownZone) comments(name, rrtype string) (all []string) {
	for _, set := range z.RRsets {
		for _, c := range set.Comments {
			if set.Name == name && set.Type == rrtype {
				all = append(all, c.Content)
			}
		}
	}
	return all
}

// powerDNS is a stack with two views, and a client of PowerDNS' API.
type powerDNS struct {
	*stack
	key string
}

func newPowerDNS(t *testing.T) *powerDNS {
	t.Helper()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "any"})
	s.ok("POST", "/dns/views", m{"name": "home", "acl": "any"})
	return &powerDNS{stack: s, key: s.credential(m{})}
}

// ask sends a request as programs do; the path is below the servers.
func (p *powerDNS) ask(method, path string, body any, options ...func(*http.Request)) reply {
	p.t.Helper()
	return p.do(method, "/api/v1/servers/"+path, body, append([]func(*http.Request){with("Authorization", ""), with("X-Api-Key", p.key), with("Content-Type", "")}, options...)...)
}

func (p *powerDNS) want(got reply, status int, contains string) {
	p.t.Helper()
	if got.status != status || !strings.Contains(got.body, contains) {
		p.t.Errorf("%d %s, want %d …%s…", got.status, got.body, status, contains)
	}
}

func (p *powerDNS) zone(path string) shownZone {
	p.t.Helper()
	return decoded[shownZone](p.stack, p.ask("GET", path, nil))
}

func (p *powerDNS) wantSet(path, name, rrtype string, ttl int, contents string) {
	p.t.Helper()
	if gotTTL, got := p.zone(path).set(name, rrtype); gotTTL != ttl || got != contents {
		p.t.Errorf("%s %s is %d %q, want %d %q", name, rrtype, gotTTL, got, ttl, contents)
	}
}

// TestPowerDNS walks through the API as its clients do.
func TestPowerDNS(t *testing.T) {
	t.Parallel()
	p := newPowerDNS(t)
	p.discovery()
	p.creation()
	p.forms()
	p.refusals()
	p.generated()
	p.kept()
	p.comments()
	p.whole()
	p.views()
	p.bounds()
	p.kernel()
	p.searched()
	p.serials()
}

func (p *powerDNS) discovery() {
	p.t.Helper()
	p.expect(p.do("GET", "/api", nil, with("Authorization", ""), with("X-Api-Key", p.key)), 200, `[{"version":1,"url":"/api/v1"}]`)
	p.expect(p.ask("GET", "../../v1", nil), 404, `{"error":"Not Found"}`)
	local := `{"type":"Server","id":"localhost","url":"/api/v1/servers/localhost","daemon_type":"authoritative","version":"4.9.0","config_url":"/api/v1/servers/localhost/config{/config_setting}","zones_url":"/api/v1/servers/localhost/zones{/zone}","autoprimaries_url":"/api/v1/servers/localhost/autoprimaries{/autoprimary}"}`
	p.expect(p.ask("GET", "localhost", nil), 200, local)
	p.want(p.do("GET", "/api/v1/servers", nil), 200, `[`+local+`,{"type":"Server","id":"`)
	for _, empty := range []string{"config", "statistics", "tsigkeys", "autoprimaries"} {
		p.expect(p.ask("GET", "localhost/"+empty, nil), 200, "[]")
	}
	p.expect(p.ask("GET", "localhost/zones", nil), 200, "[]")
	p.expect(p.ask("GET", "localhost/statistics?statistic=x", nil), 422, `{"error":"Unknown statistic name"}`)
	p.expect(p.ask("PUT", "office/cache/flush?domain=example.org.", nil), 200, `{"count":0,"result":"Flushed cache."}`)
	p.expect(p.ask("PUT", "office/cache/flush?domain=example.org", nil), 422, `{"error":"DNS Name 'example.org' is not canonical"}`)
	p.expect(p.ask("GET", "nowhere", nil), 404, `{"error":"Not Found"}`)
	// Who nobody is, and what is nowhere, is told so in the form that the client takes.
	nobody := with("X-Api-Key", "olk_x")
	p.expect(p.ask("GET", "localhost", nil, nobody), 401, `{"error":"Unauthorized"}`)
	p.expect(p.ask("GET", "localhost", nil, nobody, with("Accept", "application/json")), 401, `{"error":"Unauthorized"}`)
	p.expect(p.ask("GET", "localhost", nil, nobody, with("Accept", "text/html")), 401, "Unauthorized")
	p.expect(p.ask("GET", "nowhere", nil, with("Accept", "text/plain")), 404, "Not Found")
	p.expect(p.ask("DELETE", "localhost", nil), 405, `{"error":"Method Not Allowed"}`)
	// What is below /api and none of it is the operations dialect's.
	p.want(p.do("GET", "/api/v2", nil), 404, `{"ok":false`)
	p.want(p.do("GET", "/api/", nil), 404, `{"ok":false`)
}

func (p *powerDNS) creation() {
	p.t.Helper()
	made := p.ask("POST", "office/zones", m{"name": "Example.org.", "kind": "Master", "nameservers": []string{"ns1.example.net.", "ns2.example.net."}, "soa_edit_api": "EPOCH", "account": "x"})
	p.want(made, 201, `"id":"example.org.","url":"/api/v1/servers/office/zones/example.org.","name":"example.org.","kind":"Native"`)
	p.header(made, "Location", "/api/v1/servers/office/zones/example.org.")
	p.header(made, "Opsledger-Id", "1")
	p.want(made, 201, `{"content":"ns2.example.net.","disabled":false}`)
	p.want(p.ask("POST", "office/zones?rrsets=false", m{"name": "2.0.192.in-addr.arpa.", "kind": "Native"}), 201, `"slave_tsig_key_ids":[]}`)
	p.want(p.ask("POST", "office/zones", m{"name": "text.example.", "kind": "Native", "zone": "@ 300 IN SOA a. b. 1 2 3 4 5\nwww 300 IN A 192.0.2.1\nwww 300 IN A 192.0.2.2\n"}), 201, `"content":"192.0.2.2"`)
	p.want(p.ask("POST", "office/zones", m{"name": "sets.example.", "kind": "Native", "rrsets": []m{
		rrset("sets.example.", "SOA", "", 300, "a. b. 1 2 3 4 5"), rrset("www.sets.example.", "AAAA", "", 300, "2001:db8::1"),
	}}), 201, `"content":"2001:db8::1"`)
	for _, c := range []struct {
		body   m
		status int
		says   string
	}{
		{m{"name": "example.org.", "kind": "Native"}, 409, "Conflict"},
		{m{"name": "example.com", "kind": "Native"}, 422, "DNS Name 'example.com' is not canonical"},
		{m{"name": "example.com."}, 422, "Key 'kind' not present or not a String"},
		{m{"kind": "Native"}, 422, "Key 'name' not present or not a String"},
		{m{"name": "example.com.", "kind": "Slave"}, 422, "Zone 'example.com.': kind 'slave' is not supported, all zones are Native"},
		{m{"name": "example.com.", "kind": "Native", "dnssec": true}, 422, "Zone 'example.com.': DNSSEC is not supported"},
		{m{"name": "example.com.", "kind": "Native", "nameservers": []string{"ns1"}}, 422, "Nameserver is not canonical: 'ns1'"},
		{m{"name": "example.com.", "kind": "Native", "rrsets": []m{}, "zone": "x"}, 422, "You cannot give rrsets AND zone data as text"},
		{m{"name": "ex ample.com.", "kind": "Native"}, 422, "Unable to parse DNS Name 'ex ample.com.': "},
	} {
		before := p.position()
		p.want(p.ask("POST", "office/zones", c.body), c.status, `{"error":"`+c.says)
		if p.position() != before {
			p.t.Errorf("%v: refused, and the log grew", c.body)
		}
	}
	p.want(p.ask("POST", "localhost/zones", m{"name": "example.com.", "kind": "Native"}), 422, "there are several views")
	p.want(p.ask("POST", "office/zones", ""), 400, `{"error":"body: `)
	p.want(p.ask("POST", "office/zones", "["), 400, `{"error":"body: `)
	p.want(p.ask("GET", "office/zones?zone=example.org", nil), 200, `[{"id":"example.org."`)
	p.want(p.ask("GET", "office/zones?zone=EXAMPLE.org.&dnssec=false", nil), 200, `"last_check":0}`)
	p.expect(p.ask("GET", "home/zones", nil), 200, "[]")
	for _, id := range []string{"example.org.", "example.org", "EXAMPLE.ORG.", "example=2Eorg.", "example%2Eorg%2e"} {
		if got := p.zone("localhost/zones/" + id); got.Name != "example.org." || got.URL != "/api/v1/servers/localhost/zones/example.org." {
			p.t.Errorf("%s: %+v", id, got)
		}
	}
	if listed := decoded[[]shownZone](p.stack, p.ask("GET", "office/zones?zone=example.org.", nil)); listed[0].Serial != p.zone("office/zones/example.org.").Serial {
		p.t.Errorf("the list has another serial: %+v", listed)
	}
}

// forms: what a client has written is what it reads.
func (p *powerDNS) forms() {
	p.t.Helper()
	const zone = "office/zones/example.org."
	for _, c := range []struct {
		name, rrtype string
		contents     []string
	}{
		{"a.example.org.", "A", []string{"192.0.2.1", "192.0.2.2"}},
		{"a.example.org.", "AAAA", []string{"2001:db8::1"}},
		{"c.example.org.", "CNAME", []string{"Target.Example.NET."}},
		{"example.org.", "MX", []string{"10 mail.example.org.", "20 mail.example.net."}},
		{"_sip._tcp.example.org.", "SRV", []string{"0 5 5060 sip.example.org."}},
		{"example.org.", "CAA", []string{`0 issue "letsencrypt.org"`, `0 iodef "mailto:a@example.org"`}},
		{"t.example.org.", "TXT", []string{`"v=spf1 include:_spf.example.net ~all"`, `"two" "strings"`, `"a \"quoted\" one; with \\ and \195\164"`, `""`}},
		{"_acme-challenge.example.org.", "TXT", []string{`"LHDhK3oGRvkiefQnx7OOczTY5Tic_xZ6HcMOc_gmtoM"`}},
		{"*.w.example.org.", "A", []string{"192.0.2.9"}},
		{"d.example.org.", "NS", []string{"ns.d.example.org."}},
		{"s.example.org.", "SSHFP", []string{"4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789"}},
		{"_443._tcp.example.org.", "TLSA", []string{"3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3"}},
		{"h.example.org.", "HTTPS", []string{`1 . alpn=h2,h3 ipv4hint=192.0.2.1`}},
		{"n.example.org.", "NAPTR", []string{`100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.gatech.edu.`}},
		{"l.example.org.", "LOC", []string{"51 56 0.123 N 5 54 0.000 E 4.00m 1.00m 10000.00m 10.00m"}},
		{"u.example.org.", "TYPE65400", []string{`\# 3 010203`}},
	} {
		slices.Sort(c.contents)
		got := p.ask("PATCH", zone, rrsets(rrset(c.name, c.rrtype, "REPLACE", 300, c.contents...)))
		p.expect(got, 204, "")
		p.wantSet(zone, c.name, c.rrtype, 300, strings.Join(c.contents, "\n"))
		before := p.position()
		p.expect(p.ask("PATCH", zone, rrsets(rrset(c.name, c.rrtype, "replace", 300, c.contents...))), 204, "")
		if p.position() != before {
			p.t.Errorf("%s %s written again changes something", c.name, c.rrtype)
		}
	}
	// Records of other doors have absolute names and quoted texts, too.
	p.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "o", "record_type": "CNAME", "value": "www"})
	p.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "o2", "record_type": "TXT", "value": "hello; world"})
	p.wantSet(zone, "o.example.org.", "CNAME", 600, "www.example.org.")
	p.wantSet(zone, "o2.example.org.", "TXT", 600, `"hello; world"`)
	p.want(p.ask("GET", zone+"?rrset_name=a.example.org.&rrset_type=A", nil), 200, `"rrsets":[`+"\n"+`{"comments":[],"name":"a.example.org.","records":[{"content":"192.0.2.1","disabled":false},{"content":"192.0.2.2","disabled":false}],"ttl":300,"type":"A"}`+"\n]}")
	p.want(p.ask("GET", zone+"?rrset_name=elsewhere.example.", nil), 200, `"rrsets":[`+"\n]}")
	p.want(p.ask("GET", zone+"?rrsets=false", nil), 200, `"slave_tsig_key_ids":[]}`)
	p.want(p.ask("GET", zone+"?rrsets=x", nil), 422, "'rrsets' request parameter value 'x' is not supported")
	p.want(p.ask("GET", zone+"/export", nil), 200, "a.example.org.\t300\tIN\tA\t192.0.2.1\n")
	p.want(p.ask("GET", zone+"/export", nil, with("Accept", "application/json")), 200, `a.example.org.\t300\tIN\tA\t192.0.2.1\n`)
	// Old values and a new one are one change, and so are many RRsets; what is there keeps its id.
	id := p.recordID("a")
	before := p.end()
	p.expect(p.ask("PATCH", zone, rrsets(
		rrset("a.example.org.", "A", "REPLACE", 300, "192.0.2.1", "192.0.2.3"), m{"name": "c.example.org.", "type": "CNAME", "changetype": "DELETE"},
		rrset("c.example.org.", "A", "REPLACE", 60, "192.0.2.4"), m{"name": "gone.example.org.", "type": "A", "changetype": "DELETE"},
	)), 204, "")
	p.wantSet(zone, "a.example.org.", "A", 300, "192.0.2.1\n192.0.2.3")
	p.wantSet(zone, "c.example.org.", "A", 60, "192.0.2.4")
	if now := p.recordID("a"); now != id || p.end() != before+3 {
		p.t.Errorf("record %s became %s, by %d events", id, now, p.end()-before)
	}
	p.wantOneChange(before)
}

// recordID is the id of the oldest A record of a host of the first zone.
func (p *powerDNS) recordID(host string) string {
	p.t.Helper()
	body := decoded[struct {
		Records []struct {
			ID   int64
			Host string
		}
	}](p.stack, p.do("GET", "/dns/records?zone_id=1&record_type=A&host="+host+"&pageSize=1000", nil))
	for _, r := range slices.Backward(body.Records) {
		if r.Host == host {
			return fmt.Sprint(r.ID)
		}
	}
	return ""
}

// wantOneChange: what the log has behind a position is one change, by this door and credential.
func (p *powerDNS) wantOneChange(before int64) {
	p.t.Helper()
	body := decoded[struct {
		Events []struct {
			Change int64
			Door   string
		}
	}](p.stack, p.do("GET", "/v1/events?limit=10", nil))
	for _, e := range body.Events {
		if e.Change > before && (e.Change != p.end() || e.Door != "powerdns") {
			p.t.Errorf("%+v, want the change %d", e, p.end())
		}
	}
}

func (p *powerDNS) refusals() {
	p.t.Helper()
	const zone = "office/zones/example.org."
	a := func(content string) m { return rrset("x.example.org.", "A", "REPLACE", 60, content) }
	for _, c := range []struct {
		body any
		says string
	}{
		{m{}, "No rrsets given in update request"},
		{rrsets(m{"name": "x.example.org.", "type": "A"}), "Key 'changetype' not present or not a String"},
		{rrsets(m{"name": "x.example.org.", "type": "A", "changetype": "EXTEND", "ttl": 60, "records": []m{}}), "Changetype not understood"},
		{rrsets(m{"name": "x.example.org.", "type": "A", "changetype": "REPLACE"}), "No change for RRset x.example.org. IN A"},
		{rrsets(m{"name": "x.example.org.", "type": "A", "changetype": "REPLACE", "records": []m{}}), "Key 'ttl' not an Integer or not present"},
		{rrsets(rrset("x.example.org", "A", "REPLACE", 60, "192.0.2.1")), "DNS Name 'x.example.org' is not canonical"},
		{rrsets(rrset("www.example.com.", "A", "REPLACE", 60, "192.0.2.1")), "RRset www.example.com. IN A: Name is out of zone"},
		{rrsets(rrset("xexample.org.", "A", "REPLACE", 60, "192.0.2.1")), "RRset xexample.org. IN A: Name is out of zone"},
		{rrsets(rrset("x.example.org.", "NOSUCH", "REPLACE", 60, "x")), "RRset x.example.org. IN NOSUCH: unknown type given"},
		{rrsets(a("192.0.2.300")), "Record x.example.org./A '192.0.2.300': "},
		{rrsets(a("192.0.2.1"), a("192.0.2.2")), "Duplicate RRset x.example.org. IN A with changetype: REPLACE"},
		{rrsets(rrset("x.example.org.", "A", "REPLACE", 60, "192.0.2.1", "192.0.2.1")), `Duplicate record in RRset x.example.org. IN A with content \"192.0.2.1\"`},
		{rrsets(rrset("x.example.org.", "CNAME", "REPLACE", 60, "a.example.", "b.example.")), "RRset x.example.org. IN CNAME has more than one record"},
		{rrsets(rrset("x.example.org.", "CNAME", "REPLACE", 60, "www")), "Record x.example.org./CNAME 'www': Not in expected format (parsed as 'www.')"},
		{rrsets(rrset("x.example.org.", "MX", "REPLACE", 60, "10 mail")), "Record x.example.org./MX '10 mail': Not in expected format (parsed as '10 mail.')"},
		{rrsets(rrset("x.example.org.", "TXT", "REPLACE", 60, "plain")), `Record x.example.org./TXT 'plain': Data field in DNS should start with quote (\") at position 0 of 'plain'`},
		{rrsets(m{"name": "x.example.org.", "type": "A", "changetype": "REPLACE", "ttl": 60, "records": []m{{"content": "192.0.2.1", "disabled": true}}}), "disabled records are not supported"},
		{rrsets(m{"name": "x.example.org.", "type": "A", "changetype": "REPLACE", "ttl": 60, "records": []m{{}}}), "Key 'content' not present or not a String"},
		{rrsets(rrset("x.example.org.", "SOA", "REPLACE", 60, "a. b. 1 2 3 4 5")), "Record x.example.org. IN SOA is only allowed at apex"},
		{rrsets(rrset("a.example.org.", "CNAME", "REPLACE", 60, "b.example.")), "RRset a.example.org. IN CNAME: Conflicts with pre-existing RRset"},
		{rrsets(m{"name": "none.example.org.", "type": "A", "changetype": "REPLACE", "comments": []m{{"content": "c", "account": ""}}}), "RRset none.example.org. IN A: there are more comments than records"},
		{rrsets(a("192.0.2.1"), rrset("www.example.com.", "A", "REPLACE", 60, "192.0.2.1")), "Name is out of zone"},
	} {
		before := p.position()
		got := p.ask("PATCH", zone, c.body)
		p.want(got, 422, c.says)
		if p.position() != before {
			p.t.Errorf("%v: refused, and the log grew", c.body)
		}
	}
	p.want(p.ask("PATCH", zone, "[]"), 400, `{"error":"body: `)
	p.want(p.ask("PATCH", zone, `{"rrsets":[7]}`), 422, "Key 'name' not present or not a String")
	p.expect(p.ask("PATCH", zone, rrsets(rrset("x.example.com.", "A", "REPLACE", 60, "192.0.2.1")), with("Accept", "text/plain")), 422, "RRset x.example.com. IN A: Name is out of zone")
	p.expect(p.ask("PATCH", "office/zones/nowhere.example.", rrsets()), 404, `{"error":"Not Found"}`)
	p.expect(p.ask("PATCH", "home/zones/example.org.", rrsets()), 404, `{"error":"Not Found"}`)
	p.want(p.ask("PUT", zone+"/axfr-retrieve", nil), 422, "Domain 'example.org.' is not a secondary domain (or has no primary defined)")
	p.expect(p.ask("PUT", zone+"/notify", nil), 200, `{"result":"Notification queued"}`)
	p.expect(p.ask("PUT", zone+"/rectify", nil), 200, `{"result":"Rectified"}`)
	p.expect(p.ask("GET", zone+"/cryptokeys", nil), 200, "[]")
	p.expect(p.ask("GET", zone+"/metadata", nil), 200, "[]")
	p.expect(p.ask("GET", zone+"/metadata/IXFR", nil), 200, `{"kind":"IXFR","metadata":[],"type":"Metadata"}`)
	p.expect(p.ask("POST", zone+"/metadata", m{"kind": "IXFR", "metadata": []string{"1"}}), 422, `{"error":"metadata of zones is not supported"}`)
	p.expect(p.ask("GET", zone+"/cryptokeys/1", nil), 404, `{"error":"Not Found"}`)
	p.expect(p.ask("PUT", "office/zones/nowhere.example./cryptokeys/1", m{}), 404, `{"error":"Not Found"}`)
	p.expect(p.ask("POST", "nowhere/tsigkeys", m{}), 404, `{"error":"Not Found"}`)
}

// generated: what is generated is shown, and to write it as it is changes nothing.
func (p *powerDNS) generated() {
	p.t.Helper()
	const zone, name = "office/zones/2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa."
	soaTTL, soa := p.zone(zone).set(name, "SOA")
	nsTTL, ns := p.zone(zone).set(name, "NS")
	if soaTTL == 0 || ns != "master."+name {
		p.t.Fatalf("SOA %d %q, NS %d %q", soaTTL, soa, nsTTL, ns)
	}
	before := p.position()
	for _, set := range []m{
		rrset(name, "SOA", "REPLACE", 60, "a. b. 1 2 3 4 5"), {"name": name, "type": "SOA", "changetype": "DELETE"},
		rrset(name, "NS", "REPLACE", nsTTL, ns), {"name": name, "type": "NS", "changetype": "DELETE"},
	} {
		p.expect(p.ask("PATCH", zone, rrsets(set)), 204, "")
	}
	if p.position() != before {
		p.t.Error("what is generated was changed")
	}
	p.expect(p.ask("PATCH", zone, rrsets(rrset(name, "NS", "REPLACE", 60, "ns1.example.net."))), 204, "")
	p.wantSet(zone, name, "NS", 60, "ns1.example.net.")
	p.expect(p.ask("PATCH", zone, rrsets(m{"name": name, "type": "NS", "changetype": "DELETE"})), 204, "")
	p.wantSet(zone, name, "NS", nsTTL, ns)
}

// kept: the PTRs that a reverse zone has of others are shown as what is generated is, and as little changed.
func (p *powerDNS) kept() {
	p.t.Helper()
	const zone, name = "office/zones/2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa."
	p.ok("PUT", "/v1/zones/2/settings", m{"ptr": m{"from": []string{"example.org"}}})
	p.wantSet(zone, name, "PTR", 300, "a.example.org.")
	p.wantSet(zone+"?rrset_name="+name, name, "PTR", 300, "a.example.org.")
	p.wantSet(zone+"?rrset_name=3."+name[2:], name, "PTR", 0, "")
	p.want(p.ask("GET", zone+"/export", nil), 200, name+"\t300\tIN\tPTR\ta.example.org.\n")
	other := with("X-Api-Key", p.credential(m{"restrict": m{"names": []string{"3.2.0.192.in-addr.arpa"}}}))
	if shown := decoded[shownZone](p.stack, p.ask("GET", zone, nil, other)); len(shown.RRsets) != 1 || shown.RRsets[0].Name != "3."+name[2:] {
		p.t.Errorf("a credential for one PTR sees %+v", shown.RRsets)
	}
	before := p.position()
	p.expect(p.ask("PATCH", zone, rrsets(rrset(name, "PTR", "REPLACE", 300, "a.example.org."))), 204, "")
	p.expect(p.ask("PATCH", zone, rrsets(m{"name": name, "type": "PTR", "changetype": "DELETE"})), 204, "")
	if p.position() != before {
		p.t.Error("a PTR that is kept was changed")
	}
	p.expect(p.ask("PATCH", zone, rrsets(rrset(name, "PTR", "REPLACE", 60, "mine.example.org."))), 204, "")
	for _, query := range []string{"", "?rrset_name=" + name} {
		p.wantSet(zone+query, name, "PTR", 60, "mine.example.org.")
		if got := p.ask("GET", zone+query, nil); strings.Count(got.body, `"name":"`+name) != 1 {
			p.t.Errorf("what a person made stands beside what is kept: %s", got.body)
		}
	}
	p.expect(p.ask("PATCH", zone, rrsets(m{"name": name, "type": "PTR", "changetype": "DELETE"})), 204, "")
	p.wantSet(zone, name, "PTR", 300, "a.example.org.")
}

func (p *powerDNS) comments() {
	p.t.Helper()
	const zone, name = "office/zones/example.org.", "k.example.org."
	set := rrset(name, "A", "REPLACE", 60, "192.0.2.1", "192.0.2.2")
	set["comments"] = []m{{"content": "why", "account": "somebody", "modified_at": 1}}
	has := func(want ...string) {
		p.t.Helper()
		if got := p.zone(zone).comments(name, "A"); !slices.Equal(got, want) {
			p.t.Errorf("comments %q, want %q", got, want)
		}
	}
	p.expect(p.ask("PATCH", zone, rrsets(set)), 204, "")
	has("why")
	p.expect(p.ask("PATCH", zone, rrsets(rrset(name, "A", "REPLACE", 60, "192.0.2.3"))), 204, "")
	has("why")
	p.expect(p.ask("PATCH", zone, rrsets(m{"name": name, "type": "A", "changetype": "REPLACE", "comments": []m{{"content": "because", "account": ""}}})), 204, "")
	has("because")
	p.wantSet(zone, name, "A", 60, "192.0.2.3")
	p.expect(p.ask("PATCH", zone, rrsets(m{"name": name, "type": "A", "changetype": "REPLACE", "comments": []m{}})), 204, "")
	has()
}

// whole: PUT replaces all RRsets, or none.
func (p *powerDNS) whole() {
	p.t.Helper()
	const zone = "office/zones/text.example."
	soa := rrset("text.example.", "SOA", "", 60, "a. b. 1 2 3 4 5")
	p.expect(p.ask("PUT", zone, m{"kind": "Native", "account": ""}), 204, "")
	p.wantSet(zone, "www.text.example.", "A", 300, "192.0.2.1\n192.0.2.2")
	p.want(p.ask("PUT", zone, rrsets(rrset("m.text.example.", "A", "", 60, "192.0.2.7"))), 422, "Must give SOA record for zone when replacing all RR sets")
	p.expect(p.ask("PUT", zone, rrsets(soa, rrset("m.text.example.", "A", "", 60, "192.0.2.7"))), 204, "")
	p.wantSet(zone, "m.text.example.", "A", 60, "192.0.2.7")
	p.wantSet(zone, "www.text.example.", "A", 0, "")
}

// views: a zone of several views is one in each of them.
func (p *powerDNS) views() {
	p.t.Helper()
	linked := p.ask("POST", "home/zones", m{"name": "sets.example.", "kind": "Native", "rrsets": []m{rrset("www.sets.example.", "A", "", 60, "192.0.2.8")}})
	p.want(linked, 201, `"url":"/api/v1/servers/home/zones/sets.example."`)
	p.wantSet("home/zones/sets.example.", "www.sets.example.", "A", 60, "192.0.2.8")
	p.wantSet("office/zones/sets.example.", "www.sets.example.", "A", 0, "")
	p.expect(p.ask("POST", "home/zones", m{"name": "sets.example.", "kind": "Native"}), 409, `{"error":"Conflict"}`)
	for _, got := range []reply{
		p.ask("GET", "localhost/zones/sets.example.", nil), p.ask("PATCH", "localhost/zones/sets.example.", rrsets()), p.ask("DELETE", "localhost/zones/sets.example.", nil),
	} {
		p.want(got, 422, "Zone 'sets.example.' is in several views")
	}
	if got := p.ask("GET", "localhost/zones", nil); strings.Contains(got.body, "sets.example") || !strings.Contains(got.body, "example.org") {
		p.t.Errorf("%s", got.body)
	}
	home := p.credential(m{"view": "home"})
	key := with("X-Api-Key", home)
	p.want(p.ask("GET", "localhost/zones/sets.example.", nil, key), 200, "192.0.2.8")
	p.want(p.ask("GET", "office/zones/sets.example.", nil, key), 403, `{"error":"not allowed`)
	p.want(p.ask("GET", "office/zones", nil, key), 403, `{"error":"not allowed`)
	p.want(p.ask("GET", "localhost/zones", nil, key), 200, `/api/v1/servers/localhost/zones/sets.example.`)
	p.want(p.ask("PATCH", "localhost/zones/sets.example.", rrsets(rrset("h.sets.example.", "A", "REPLACE", 60, "192.0.2.8")), key), 204, "")
	p.want(p.ask("DELETE", "localhost/zones/sets.example.", nil, key), 204, "")
	p.expect(p.ask("GET", "home/zones/sets.example.", nil), 404, `{"error":"Not Found"}`)
	p.wantSet("office/zones/sets.example.", "www.sets.example.", "AAAA", 300, "2001:db8::1")
	p.want(p.ask("POST", "localhost/zones", m{"name": "sets.example.", "kind": "Native"}, key), 201, `"name":"sets.example."`)
	p.want(p.ask("DELETE", "localhost/zones/sets.example.", nil, key), 204, "")
	p.expect(p.ask("DELETE", "localhost/zones/sets.example.", nil), 204, "")
	p.expect(p.ask("GET", "office/zones/sets.example.", nil), 404, `{"error":"Not Found"}`)
	p.want(p.do("POST", "/dns/views", m{"name": "LocalHost", "acl": "any"}), 400, "name: 不能是localhost！")
}

// bounds: a credential for some records sees and writes these, by this door, too.
func (p *powerDNS) bounds() {
	p.t.Helper()
	const zone = "office/zones/example.org."
	key := with("X-Api-Key", p.credential(m{"restrict": m{"names": []string{"_acme-challenge.**"}, "types": []string{"TXT"}}}))
	challenge := rrset("_acme-challenge.example.org.", "TXT", "REPLACE", 60, `"one"`, `"two"`)
	p.expect(p.ask("PATCH", zone, rrsets(challenge), key), 204, "")
	shown := decoded[shownZone](p.stack, p.ask("GET", zone, nil, key))
	if _, got := shown.set("_acme-challenge.example.org.", "TXT"); got != "\"one\"\n\"two\"" || len(shown.RRsets) != 1 {
		p.t.Errorf("%+v", shown)
	}
	reader := with("X-Api-Key", p.credential(m{"restrict": m{"read_only": true}}))
	before := p.position()
	for _, set := range []m{
		rrset("_acme-challenge.example.org.", "A", "REPLACE", 60, "192.0.2.1"), rrset("a.example.org.", "TXT", "REPLACE", 60, `"x"`),
		{"name": "a.example.org.", "type": "A", "changetype": "DELETE"}, {"name": "gone.example.org.", "type": "A", "changetype": "DELETE"},
	} {
		p.want(p.ask("PATCH", zone, rrsets(challenge, set), key), 403, `{"error":"not allowed`)
	}
	for _, got := range []reply{
		p.ask("DELETE", zone, nil, key), p.ask("PUT", zone, m{"kind": "Native"}, key), p.ask("POST", "office/zones", m{"name": "b.example.", "kind": "Native"}, key),
		p.ask("GET", zone+"/export", nil, key),
	} {
		p.want(got, 403, `{"error":"not allowed`)
	}
	p.expect(p.ask("PUT", zone+"/notify", nil, key), 200, `{"result":"Notification queued"}`) // lego gives up where it may not
	p.want(p.ask("PATCH", zone, rrsets(challenge), reader), 403, `{"error":"not allowed`)
	p.want(p.ask("PATCH", zone, rrsets(challenge), reader, asDryRun), 200, `"dry_run":true`)
	if p.position() != before {
		p.t.Error("refused, and the log grew")
	}
	// One for all records of a zone has the zone as a whole.
	const text = "office/zones/text.example."
	whole := with("X-Api-Key", p.credential(m{"restrict": m{"zones": []string{"text.example"}}}))
	for _, path := range []string{"/export", "/metadata", "/cryptokeys"} {
		p.want(p.ask("GET", text+path, nil, whole), 200, "")
		p.expect(p.ask("GET", zone+path, nil, whole), 404, `{"error":"Not Found"}`)
	}
	p.expect(p.ask("PUT", text, m{"kind": "Native"}, whole), 204, "")
	p.expect(p.ask("PUT", text, rrsets(rrset("text.example.", "SOA", "", 60, "a. b. 1 2 3 4 5"), rrset("n.text.example.", "A", "", 60, "192.0.2.7")), whole), 204, "")
	p.wantSet(text, "m.text.example.", "A", 0, "")
	p.expect(p.ask("PUT", zone, m{"kind": "Native"}, whole), 404, `{"error":"Not Found"}`)
	// Who may add no zone is told the same of a name that is taken and of one that is free, and nothing is read before.
	nobody := as(p.member("nobody"))
	for _, name := range []string{"example.org.", "free.example."} {
		p.want(p.do("POST", "/api/v1/servers/office/zones", m{"name": name, "kind": "Native", "zone": "$GENERATE"}, nobody), 403, `{"error":"not allowed`)
	}
	// Who may not ACCESS a zone finds none, and learns of its name what anybody does who wants it.
	adder := as(p.member("adder", p.role("adders", 2)))
	p.expect(p.do("GET", "/api/v1/servers/"+zone, nil, adder), 404, `{"error":"Not Found"}`)
	p.expect(p.do("GET", "/api/v1/servers/office/zones", nil, adder), 200, "[]")
	for _, server := range []string{"office", "home"} {
		p.expect(p.do("POST", "/api/v1/servers/"+server+"/zones", m{"name": "example.org.", "kind": "Native"}, adder), 409, `{"error":"Conflict"}`)
	}
}

// kernel: what holds for every write holds for these.
func (p *powerDNS) kernel() {
	p.t.Helper()
	const zone = "office/zones/example.org."
	set := rrsets(rrset("once.example.org.", "A", "REPLACE", 60, "192.0.2.1"))
	said, got := p.dry("PATCH", "/api/v1/servers/"+zone, set)
	if got.status != 200 || len(said.Events) != 1 || !strings.Contains(got.body, `once.example.org.\t60\tIN\tA\t192.0.2.1`) {
		p.t.Errorf("%d %s", got.status, got.body)
	}
	before := p.end()
	once := with("Idempotency-Key", "k1")
	p.expect(p.ask("PATCH", zone, set, once), 204, "")
	p.ask("PATCH", zone, rrsets(m{"name": "once.example.org.", "type": "A", "changetype": "DELETE"}))
	p.expect(p.ask("PATCH", zone, set, once), 204, "")
	p.wantSet(zone, "once.example.org.", "A", 0, "")
	p.want(p.ask("PATCH", zone, rrsets(), once), 409, "Idempotency-Key")
	refused := rrsets(rrset("x.example.com.", "A", "REPLACE", 60, "192.0.2.1"))
	for range 2 {
		p.want(p.ask("PATCH", zone, refused, with("Idempotency-Key", "k2")), 422, `{"error":"RRset x.example.com. IN A: Name is out of zone"}`)
	}
	p.expect(p.ask("PATCH", zone, refused, with("Idempotency-Key", "k2"), with("Accept", "text/plain")), 422, "RRset x.example.com. IN A: Name is out of zone")
	then := p.ask("GET", zone+"?rrset_name=once.example.org.&as_of="+fmt.Sprint(before+1), nil)
	p.want(then, 200, "192.0.2.1")
	p.header(then, "Opsledger-As-Of", fmt.Sprint(before+1))
	p.want(p.ask("GET", "office/zones/sets.example.?as_of="+fmt.Sprint(before), nil), 404, "Not Found")
	p.want(p.ask("GET", "office/zones?as_of="+fmt.Sprint(before), nil), 200, "example.org.")
	p.want(p.ask("GET", zone+"?as_of=999999", nil), 400, `{"error":"as_of`)
	seen := with("If-Match", p.ask("GET", zone+"?rrsets=false", nil).header.Get("Etag"))
	p.expect(p.ask("PUT", zone, m{"kind": "Native"}, seen), 204, "")
	p.expect(p.ask("PATCH", zone, m{"rrsets": []m{}}, seen), 204, "")
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		p.want(p.ask(method, zone, m{"kind": "Native", "rrsets": nil}, with("If-Match", `"1"`)), 412, `{"error":"`)
	}
}

func (p *powerDNS) searched() {
	p.t.Helper()
	found := func(query, want string) {
		p.t.Helper()
		p.want(p.ask("GET", "office/search-data?"+query, nil), 200, want)
	}
	found("q=example.org", `[{"object_type":"zone","zone_id":"example.org.","name":"example.org."}`)
	found("q=a.example.org&object_type=record&max=1", `"zone_id":"example.org.","zone":"example.org.","name":"a.example.org.","type":"`)
	found("q=192.0.2.*&object_type=record&max=1", `"content":"192.0.2.`)
	found("q=*nowhere*", "[]")
	p.want(p.ask("GET", "office/search-data?q=", nil), 422, "Query q can't be blank")
	p.want(p.ask("GET", "office/search-data?q="+strings.Repeat("x", 1025), nil), 422, "q must not have more than 1024 octets")
	p.want(p.ask("GET", "office/search-data?q=x&max=0", nil), 422, "Maximum entries must be larger than 0")
	p.want(p.ask("GET", "office/search-data?q=x&object_type=y", nil), 422, "object_type must be one of the following options")
}

// serials: a list of zones has the serials that the zones have, whatever of the fleet they depend on.
func (p *powerDNS) serials() {
	p.t.Helper()
	p.want(p.ask("POST", "office/zones", m{"name": "inside.example.", "kind": "Native", "nameservers": []string{"ns.inside.example."}}), 201, "")
	p.want(p.ask("POST", "office/zones", m{"name": "below.example.", "kind": "Native", "rrsets": []m{
		rrset("below.example.", "NS", "", 60, "ns.below.example."), rrset("*.below.example.", "A", "", 60, "192.0.2.1"),
	}}), 201, "")
	p.want(p.ask("POST", "office/zones", m{"name": "own.example.", "kind": "Native", "rrsets": []m{
		rrset("own.example.", "NS", "", 60, "ns.own.example."), rrset("ns.own.example.", "A", "", 60, "192.0.2.1"),
	}}), 201, "")
	before := p.end()
	p.ok("POST", "/dns/servers", aServer("1"))
	p.ok("PUT", "/v1/fleet", m{"ns": []string{"ns1.example.net."}, "addresses": []string{"192.0.2.53"}})
	moved := 0
	for _, at := range []string{"", fmt.Sprint("as_of=", before)} {
		listed := decoded[[]shownZone](p.stack, p.ask("GET", "office/zones?"+at, nil))
		for _, z := range listed {
			if own := p.zone("office/zones/" + z.ID + "?rrsets=false&" + at).Serial; z.Serial != own {
				p.t.Errorf("%s %s has the serial %d, and in the list %d", z.Name, at, own, z.Serial)
			}
			if at == "" && int64(z.Serial) > before {
				moved++
			}
		}
		if len(listed) < 5 {
			p.t.Errorf("%+v", listed)
		}
	}
	if moved == 0 || moved == len(decoded[[]shownZone](p.stack, p.ask("GET", "office/zones", nil))) {
		p.t.Errorf("%d zones depend on the fleet", moved)
	}
}
