package dns_test

import (
	"strings"
	"testing"
	"unicode"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

// FuzzRecord: whatever is accepted is one record of its type at its name. It
// packs into a message, reads back as the same, and is one line of zone text
// that a zone parser takes for that record alone.
func FuzzRecord(f *testing.F) {
	g := newGenerator(42)
	for range 300 {
		host, rrtype, value := g.record()
		f.Add("a.com", host, rrtype, value)
	}
	f.Fuzz(func(t *testing.T, zone, host, rrtype, value string) {
		zone, err := dns.ParseZoneName(zone)
		if err != nil {
			return
		}
		if host, err = dns.ParseHost(host); err != nil {
			return
		}
		rr, err := dns.RecordRR(zone, dns.RecordData{Host: host, Type: rrtype, TTL: 60, Value: value})
		if err != nil {
			return
		}
		checkPacks(t, rr)
		if uri, ok := rr.(*mdns.URI); !ok || len(uri.Target) <= 255 { // the library does not read more
			checkOneLine(t, lineOf(t, rr))
		}
		checkBelow(t, zone, rr.Header().Name)
	})
}

func checkPacks(t *testing.T, rr mdns.RR) {
	t.Helper()
	wire := make([]byte, 64<<10)
	n, err := mdns.PackRR(rr, wire, 0, nil, false)
	if err != nil {
		t.Fatalf("does not pack: %v: %s", err, rr)
	}
	back, end, err := mdns.UnpackRR(wire[:n], 0)
	if err != nil || end != n || back.String() != rr.String() {
		t.Fatalf("packed and read back: %v (%v), want %v", back, err, rr)
	}
}

func checkOneLine(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsFunc(text, func(r rune) bool { return r != '\t' && (r > '~' || unicode.IsControl(r)) }) {
		t.Fatalf("not one line of printable ASCII: %q", text)
	}
	parser := mdns.NewZoneParser(strings.NewReader(text+"\n"), ".", "")
	first, ok := parser.Next()
	if !ok || lineOf(t, first) != text {
		t.Fatalf("read back: %v (%v), want %s", first, parser.Err(), text)
	}
	if second, ok := parser.Next(); ok || parser.Err() != nil {
		t.Fatalf("more than one record: %v (%v)", second, parser.Err())
	}
}

func checkBelow(t *testing.T, zone, owner string) {
	t.Helper()
	if !mdns.IsSubDomain(zone+".", owner) {
		t.Fatalf("%s is not below %s", owner, zone)
	}
}

// FuzzNames: a name that is accepted is accepted again as it came out, and has
// nothing in it that a generated file would have to quote.
func FuzzNames(f *testing.F) {
	g := newGenerator(43)
	for range 200 {
		f.Add(g.spoil(g.name()))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) (string, error){dns.ParseZoneName, dns.ParseHost, dns.ParseViewName} {
			name, err := parse(text)
			if err != nil {
				continue
			}
			if again, err := parse(name); err != nil || again != name {
				t.Errorf("%q became %q became %q, %v", text, name, again, err)
			}
			if len(name) > 4*253 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./*@") != "" && !strings.Contains(name, `\`) {
				t.Errorf("%q became %q", text, name)
			}
		}
	})
}

// FuzzLists: what comes out of address lists is written in a few safe characters.
func FuzzLists(f *testing.F) {
	for _, text := range []string{"10.0.0.0/8, !any", "1.1.1.1; ::1;", "none", "any }; zone", "fe80::1%lo", "!!1", "1.1.1.1\n\n2.2.2.2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if entries, err := dns.ParseACL(text); err == nil {
			for _, e := range entries {
				if strings.Trim(e.String(), "0123456789abcdef.:/!nyo") != "" {
					t.Errorf("%q became %q", text, e)
				}
			}
		}
		if list, err := dns.ParseForwarders(text); err == nil {
			written := dns.FormatForwarders(list)
			if strings.Trim(written, "0123456789abcdef.:; ") != "" {
				t.Errorf("%q became %q", text, written)
			}
			if again, err := dns.ParseForwarders(written); err != nil || dns.FormatForwarders(again) != written {
				t.Errorf("%q is not stable: %q, %v", written, again, err)
			}
		}
	})
}

// FuzzBindConf: a configuration that is accepted keeps its statements when it
// is written and read again, and no statement that is not allowed comes up.
func FuzzBindConf(f *testing.F) {
	for _, text := range []string{dns.DefaultBindConf, acceptedConf, "options { };", "acl a { any; };;", "/**/", "// x", `key "a" { };`, "a/*/b;", "options{recursion yes;};"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		conf, err := dns.ParseBindConf(text)
		if err != nil || conf.Validate() != nil {
			return
		}
		written := conf.String()
		again, err := dns.ParseBindConf(written)
		if err != nil || again.String() != written {
			t.Fatalf("%q was written as %q and read as %v (%v)", text, written, again, err)
		}
		if err := again.Validate(); err != nil {
			t.Fatalf("%q was written as %q: %v", text, written, err)
		}
		for _, s := range again.Statements {
			switch s.Name() {
			case "view", "zone", "controls", "include", "dyndb", "plugin", "dlz", "":
				t.Fatalf("%q has the statement %q", text, s.Name())
			}
		}
	})
}
