package ddns_test

import (
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/access"
)

// class returns a record of another class, without TTL and, but for class NONE, without data.
func class(rr mdns.RR, c uint16) mdns.RR {
	rr.Header().Class, rr.Header().Ttl = c, 0
	if c == mdns.ClassNONE {
		return rr
	}
	return &mdns.ANY{Hdr: *rr.Header()}
}

// of returns a record as one of another class.
func of(rr mdns.RR, c uint16) mdns.RR {
	rr.Header().Class = c
	return rr
}

// as is a record of a class without data, by its type.
func as(name string, rrtype, c uint16) mdns.RR {
	return &mdns.ANY{Hdr: mdns.RR_Header{Name: name, Rrtype: rrtype, Class: c}}
}

const (
	anyClass, none = mdns.ClassANY, mdns.ClassNONE
	noError        = mdns.RcodeSuccess
)

// The tables of RFC 2136, sections 3.2.4 and 3.2.5: each prerequisite, met and not met, and what
// is out of place.
func TestPrerequisites(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	view := s.view("office", "any")
	zone := s.zone("example.com", view)
	s.record(zone, "office", "www", "A", "192.0.2.1", 60)
	s.record(zone, "office", "www", "A", "192.0.2.2", 60)
	s.record(zone, "office", "a.b", "TXT", "x", 60)
	k := s.key("", access.Restriction{})
	for name, c := range map[string]struct {
		require []mdns.RR
		rcode   int
	}{
		"name in use":                       {[]mdns.RR{as("www.example.com.", mdns.TypeANY, anyClass)}, noError},
		"name in use, other case":           {[]mdns.RR{as("WWW.Example.COM.", mdns.TypeANY, anyClass)}, noError},
		"name in use, but is not":           {[]mdns.RR{as("no.example.com.", mdns.TypeANY, anyClass)}, mdns.RcodeNameError},
		"an empty non-terminal is not used": {[]mdns.RR{as("b.example.com.", mdns.TypeANY, anyClass)}, mdns.RcodeNameError},
		"the apex is in use":                {[]mdns.RR{as("example.com.", mdns.TypeANY, anyClass)}, noError},
		"the generated address is there":    {[]mdns.RR{as("master.example.com.", mdns.TypeANY, anyClass)}, noError},
		"name not in use":                   {[]mdns.RR{as("no.example.com.", mdns.TypeANY, none)}, noError},
		"name not in use, but is":           {[]mdns.RR{as("www.example.com.", mdns.TypeANY, none)}, mdns.RcodeYXDomain},
		"RRset exists":                      {[]mdns.RR{as("www.example.com.", mdns.TypeA, anyClass)}, noError},
		"RRset exists, but does not":        {[]mdns.RR{as("www.example.com.", mdns.TypeTXT, anyClass)}, mdns.RcodeNXRrset},
		"the SOA exists":                    {[]mdns.RR{as("example.com.", mdns.TypeSOA, anyClass)}, noError},
		"the generated NS exists":           {[]mdns.RR{as("example.com.", mdns.TypeNS, anyClass)}, noError},
		"RRset does not exist":              {[]mdns.RR{as("www.example.com.", mdns.TypeTXT, none)}, noError},
		"RRset does not exist, but does":    {[]mdns.RR{as("www.example.com.", mdns.TypeA, none)}, mdns.RcodeYXRrset},
		"the SOA does not exist":            {[]mdns.RR{as("example.com.", mdns.TypeSOA, none)}, mdns.RcodeYXRrset},
		"RRset with data":                   {s.rrs("www.example.com. 0 A 192.0.2.2", "www.example.com. 0 A 192.0.2.1"), noError},
		"RRset with data, less":             {s.rrs("www.example.com. 0 A 192.0.2.2"), mdns.RcodeNXRrset},
		"RRset with data, more":             {s.rrs("www.example.com. 0 A 192.0.2.2", "www.example.com. 0 A 192.0.2.1", "www.example.com. 0 A 192.0.2.3"), mdns.RcodeNXRrset},
		"RRset with data, none":             {s.rrs("no.example.com. 0 A 192.0.2.2"), mdns.RcodeNXRrset},
		"the generated NS with data":        {s.rrs("example.com. 0 NS Master.example.com."), noError},
		"the generated NS with other data":  {s.rrs("example.com. 0 NS ns.example.com."), mdns.RcodeNXRrset},
		"two, the second not met":           {[]mdns.RR{as("www.example.com.", mdns.TypeA, anyClass), as("no.example.com.", mdns.TypeANY, anyClass)}, mdns.RcodeNameError},
		"TTL":                               {s.rrs("www.example.com. 1 A 192.0.2.2"), mdns.RcodeFormatError},
		"data of class ANY":                 {[]mdns.RR{of(s.rr("www.example.com. 0 A 192.0.2.1"), anyClass)}, mdns.RcodeFormatError},
		"data of class NONE":                {[]mdns.RR{class(s.rr("www.example.com. 0 A 192.0.2.1"), none)}, mdns.RcodeFormatError},
		"type AXFR":                         {[]mdns.RR{as("www.example.com.", mdns.TypeAXFR, anyClass)}, mdns.RcodeFormatError},
		"type ANY of the zone's class":      {[]mdns.RR{as("www.example.com.", mdns.TypeANY, mdns.ClassINET)}, mdns.RcodeFormatError},
		"another class":                     {[]mdns.RR{of(s.rr("www.example.com. 0 A 192.0.2.1"), mdns.ClassCHAOS)}, mdns.RcodeFormatError},
		"outside":                           {[]mdns.RR{as("www.example.net.", mdns.TypeANY, anyClass)}, mdns.RcodeNotZone},
		"outside, with the zone as its end": {[]mdns.RR{as("wwwexample.com.", mdns.TypeANY, anyClass)}, mdns.RcodeNotZone},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			before := s.head()
			got := s.update(k, "example.com.", func(m *mdns.Msg) { m.Answer = c.require })
			s.wantRcode(got, c.rcode)
			// What is not met, or wrong, is said though the updates are wrong, too.
			bad := s.update(k, "example.com.", func(m *mdns.Msg) {
				m.Answer, m.Ns = c.require, s.rrs("www.example.net. 60 A 192.0.2.1")
			})
			if c.rcode == noError {
				s.wantRcode(bad, mdns.RcodeNotZone)
			} else {
				s.wantRcode(bad, c.rcode)
			}
			if s.head() != before {
				t.Error("something was appended")
			}
		})
	}
}

// The table of RFC 2136, section 3.4.2: what is done, what is ignored, and what is out of place.
func TestUpdates(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	view := s.view("office", "any")
	k := s.key("", access.Restriction{})
	const base = "www A 1m0s 192.0.2.1\nwww A 1m0s 192.0.2.2\nwww TXT 1m0s x\nalias CNAME 1m0s www"
	has := func(more ...string) []string { return append(strings.Split(base, "\n"), more...) }
	www := "www.example.com."
	for name, c := range map[string]struct {
		updates []mdns.RR
		rcode   int
		want    []string // nil: what there was
	}{
		"add":                         {s.rrs("a.example.com. 60 A 192.0.2.9"), noError, has("a A 1m0s 192.0.2.9")},
		"add two":                     {s.rrs("a.example.com. 60 A 192.0.2.9", "a.example.com. 60 TXT y z"), noError, has("a A 1m0s 192.0.2.9", `a TXT 1m0s "y" "z"`)},
		"add what is there":           {s.rrs("WWW.example.com. 60 A 192.0.2.1"), noError, nil},
		"an odd name":                 {s.rrs("a-*.www.example.com. 60 TXT x", `b+c\ d.example.com. 60 TXT y`), noError, has(`a-\*.www TXT 1m0s "x"`, `b\+c\ d TXT 1m0s "y"`)},
		"an odd name, twice":          {append(s.rrs("a-*.example.com. 60 TXT x", "A-*.example.com. 60 TXT x"), as("a-*.example.com.", mdns.TypeTXT, anyClass)), noError, nil},
		"a label that is an asterisk": {s.rrs("a.*.example.com. 60 TXT x"), mdns.RcodeRefused, nil},
		"add twice":                   {s.rrs("a.example.com. 60 A 192.0.2.9", "a.example.com. 60 A 192.0.2.9"), noError, has("a A 1m0s 192.0.2.9")},
		"another TTL":                 {s.rrs(www + " 30 A 192.0.2.1"), noError, []string{"www A 30s 192.0.2.1", "www A 30s 192.0.2.2", "www TXT 1m0s x", "alias CNAME 1m0s www"}},
		"add with a longer TTL":       {s.rrs(www + " 90 A 192.0.2.3"), noError, []string{"www A 1m30s 192.0.2.1", "www A 1m30s 192.0.2.2", "www A 1m30s 192.0.2.3", "www TXT 1m0s x", "alias CNAME 1m0s www"}},
		"CNAME beside data":           {s.rrs(www + " 60 CNAME other.example.com."), noError, nil},
		"CNAME at the apex":           {s.rrs("example.com. 60 CNAME other.example.com."), noError, nil},
		"data beside CNAME":           {s.rrs("alias.example.com. 60 A 192.0.2.9"), noError, nil},
		"CNAME again":                 {s.rrs("alias.example.com. 60 CNAME WWW.example.com."), noError, nil},
		"CNAME to another name":       {s.rrs("alias.example.com. 60 CNAME mail.example.net."), noError, []string{"www A 1m0s 192.0.2.1", "www A 1m0s 192.0.2.2", "www TXT 1m0s x", "alias CNAME 1m0s mail.example.net."}},
		"CNAME in place of data":      {append([]mdns.RR{as(www, mdns.TypeANY, anyClass)}, s.rrs(www+" 60 CNAME x.example.net.")...), noError, []string{"www CNAME 1m0s x.example.net.", "alias CNAME 1m0s www"}},
		"SOA":                         {s.rrs("example.com. 60 SOA a. b. 4000000000 1 1 1 1"), noError, nil},
		"SOA, not at the apex":        {s.rrs("www.example.com. 60 SOA a. b. 4000000000 1 1 1 1"), noError, nil},
		"delete an RRset":             {[]mdns.RR{as(www, mdns.TypeA, anyClass)}, noError, []string{"www TXT 1m0s x", "alias CNAME 1m0s www"}},
		"delete no RRset":             {[]mdns.RR{as(www, mdns.TypeMX, anyClass)}, noError, nil},
		"delete a name":               {[]mdns.RR{as(www, mdns.TypeANY, anyClass)}, noError, []string{"alias CNAME 1m0s www"}},
		"delete no name":              {[]mdns.RR{as("no.example.com.", mdns.TypeANY, anyClass)}, noError, nil},
		"delete a record":             {[]mdns.RR{class(s.rr(www+" A 192.0.2.2"), none)}, noError, []string{"www A 1m0s 192.0.2.1", "www TXT 1m0s x", "alias CNAME 1m0s www"}},
		"delete no record":            {[]mdns.RR{class(s.rr(www+" A 192.0.2.9"), none)}, noError, nil},
		"delete and add":              {append([]mdns.RR{as(www, mdns.TypeA, anyClass)}, s.rrs(www+" 60 A 192.0.2.7")...), noError, []string{"www A 1m0s 192.0.2.7", "www TXT 1m0s x", "alias CNAME 1m0s www"}},
		"add and delete":              {append(s.rrs("a.example.com. 60 A 192.0.2.7"), as("a.example.com.", mdns.TypeANY, anyClass)), noError, nil},
		"delete the SOA":              {[]mdns.RR{as("example.com.", mdns.TypeSOA, anyClass)}, noError, nil},
		"delete generated NS":         {[]mdns.RR{class(s.rr("example.com. NS master.example.com."), none)}, noError, nil},
		"delete all of the apex":      {[]mdns.RR{as("example.com.", mdns.TypeANY, anyClass)}, noError, nil},
		"own NS, then the RRset":      {append(s.rrs("example.com. 60 NS ns.example.net."), as("example.com.", mdns.TypeNS, anyClass)), noError, has("@ NS 1m0s ns.example.net.")},
		"the last NS stays":           {append(s.rrs("example.com. 60 NS ns1.example.net.", "example.com. 60 NS ns2.example.net."), class(s.rr("example.com. NS ns1.example.net."), none), class(s.rr("example.com. NS ns2.example.net."), none)), noError, has("@ NS 1m0s ns2.example.net.")},
		"apex, all but NS":            {append(s.rrs("example.com. 60 NS ns1.example.net.", "example.com. 60 MX 10 mail.example.net."), as("example.com.", mdns.TypeANY, anyClass)), noError, has("@ NS 1m0s ns1.example.net.")},
		"a type by its number":        {s.rrs(`a.example.com. 60 TYPE65400 \# 2 abcd`), noError, has(`a TYPE65400 1m0s \# 2 abcd`)},
		"type ANY":                    {[]mdns.RR{as(www, mdns.TypeANY, mdns.ClassINET)}, mdns.RcodeFormatError, nil},
		"type MAILB":                  {[]mdns.RR{as(www, mdns.TypeMAILB, anyClass)}, mdns.RcodeFormatError, nil},
		"no data":                     {[]mdns.RR{as(www, mdns.TypeA, mdns.ClassINET)}, mdns.RcodeFormatError, nil},
		"RRset with a TTL":            {[]mdns.RR{&mdns.ANY{Hdr: mdns.RR_Header{Name: www, Rrtype: mdns.TypeA, Class: anyClass, Ttl: 1}}}, mdns.RcodeFormatError, nil},
		"RRset with data":             {[]mdns.RR{of(s.rr(www+" 0 A 192.0.2.1"), anyClass)}, mdns.RcodeFormatError, nil},
		"record with a TTL":           {[]mdns.RR{of(s.rr(www+" 1 A 192.0.2.1"), none)}, mdns.RcodeFormatError, nil},
		"another class":               {[]mdns.RR{of(s.rr(www+" 1 A 192.0.2.1"), mdns.ClassCHAOS)}, mdns.RcodeFormatError, nil},
		"outside":                     {s.rrs("www.example.net. 60 A 192.0.2.1"), mdns.RcodeNotZone, nil},
		"good, then outside":          {s.rrs("a.example.com. 60 A 192.0.2.1", "www.example.net. 60 A 192.0.2.1"), mdns.RcodeNotZone, nil},
		"an address as MX":            {s.rrs("a.example.com. 60 MX 10 192.0.2.1."), mdns.RcodeRefused, nil},
		"an NS that is an alias":      {s.rrs("example.com. 60 NS alias.example.com."), mdns.RcodeRefused, nil},
		"a DS without NS":             {s.rrs("a.example.com. 60 DS 1 8 2 " + strings.Repeat("ab", 32)), mdns.RcodeRefused, nil},
		"a type of signers":           {s.rrs("a.example.com. 60 NSEC b.example.com. A"), mdns.RcodeRefused, nil},
		"one refused, the others too": {s.rrs("a.example.com. 60 A 192.0.2.1", "b.example.com. 60 MX 10 192.0.2.1."), mdns.RcodeRefused, nil},
		"a TTL beyond all":            {s.rrs("a.example.com. 2147483648 A 192.0.2.1"), mdns.RcodeRefused, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			zone := s.zone("example.com", view)
			defer func() { s.deleteZone(zone) }()
			for _, r := range strings.Split(base, "\n") {
				f := strings.Fields(r)
				s.record(zone, "office", f[0], f[1], f[3], 60)
			}
			before := s.head()
			got := s.update(k, "example.com.", func(m *mdns.Msg) { m.Ns = c.updates })
			s.wantRcode(got, c.rcode)
			if c.rcode == mdns.RcodeRefused && remark(got) == "" {
				t.Error("it is not said why")
			}
			if c.want == nil {
				c.want = has()
				if s.head() != before && name != "add and delete" && name != "an odd name, twice" {
					t.Error("something was appended")
				}
			}
			s.wantRecords(zone, view, c.want...)
			s.wantOneChange(before)
		})
	}
}
