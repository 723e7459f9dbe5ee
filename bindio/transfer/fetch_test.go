package transfer_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/bindio/transfer"
	"github.com/opsledger/opsledger/internal/testkit"
)

const secret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

func fetch(t *testing.T, s transfer.Source, zone string) (transfer.Zone, error) {
	t.Helper()
	return s.Fetch(t.Context(), zone, func(int) {})
}

// A named gives its zones to who signs with the key, and to nobody else.
func TestFetchFromNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	zone := "$TTL 60\n@ SOA ns root 2026112901 1 2 3 4\n@ NS ns\nns A 192.0.2.1\n$GENERATE 1-2000 h$ A 192.0.2.7\n\\$odd TXT \"a;b\" \"\\\"\"\n"
	if err := os.WriteFile(filepath.Join(dir, "zone"), []byte(zone), 0o600); err != nil {
		t.Fatal(err)
	}
	named := testkit.StartNamed(t, dir, `key mover { algorithm hmac-sha256; secret "`+secret+`"; };
options { `+testkit.LoopbackOptions+` allow-transfer { key mover; }; recursion no; };
zone "a.test" { type primary; file "zone"; };`)
	key, err := transfer.ParseKey("Mover:HMAC-SHA256:" + secret)
	if err != nil {
		t.Fatal(err)
	}
	got, err := fetch(t, transfer.Source{Address: named.Addr, Key: &key}, "A.Test")
	if err != nil || got.Records != 2004 || got.Serial != 2026112901 || got.LeftOut != 0 {
		t.Fatalf("%d records, serial %d, %v", got.Records, got.Serial, err)
	}
	text := string(got.Text)
	for _, line := range []string{"a.test.\t60\tIN\tSOA\t", "h2000.a.test.\t60\tIN\tA\t192.0.2.7\n", "\\$odd.a.test.\t60\tIN\tTXT\t\"a;b\" \"\\\"\"\n"} {
		if strings.Count(text, line) != 1 {
			t.Errorf("%q is %d times in the text", line, strings.Count(text, line))
		}
	}
	other := key
	other.Secret = "b3RoZXI="
	for want, s := range map[string]transfer.Source{
		"it answers REFUSED": {Address: named.Addr}, "it answers NOTAUTH": {Address: named.Addr, Key: &other},
	} {
		if _, err := fetch(t, s, "a.test"); err == nil || !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "bad") {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	if _, err := fetch(t, transfer.Source{Address: named.Addr, Key: &key}, "b.test"); err == nil {
		t.Error("a zone came that named does not have")
	}
}

func rrs(t *testing.T, lines ...string) (all []mdns.RR) {
	t.Helper()
	for _, line := range lines {
		rr, err := mdns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rr)
	}
	return all
}

// answering is a server that answers each question with the messages, and hangs up. No named
// breaks off when it is told to.
func answering(t *testing.T, messages ...[]mdns.RR) transfer.Source {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &mdns.Server{Listener: l, ReadTimeout: testkit.Patience, Handler: mdns.HandlerFunc(func(w mdns.ResponseWriter, q *mdns.Msg) {
		for _, records := range messages {
			m := new(mdns.Msg).SetReply(q)
			m.Answer = records
			_ = w.WriteMsg(m)
		}
		_ = w.Close()
	})}
	ended := make(chan error, 1)
	go func() { ended <- server.ActivateAndServe() }()
	t.Cleanup(func() {
		_ = server.Shutdown()
		<-ended
	})
	return transfer.Source{Address: l.Addr().String()}
}

const soa, later = "a.test. 60 SOA ns. root. 7 1 2 3 4", "a.test. 60 SOA ns. root. 8 1 2 3 4"

// What is not a whole zone is an error, and never an empty zone or a part of one.
func TestFetchWholeOrNot(t *testing.T) {
	t.Parallel()
	www := "www.a.test. 60 A 192.0.2.1"
	for name, c := range map[string]struct {
		want     string
		messages [][]mdns.RR
	}{
		"nothing":          {"dns: ", [][]mdns.RR{{}}},
		"hangs up":         {"EOF", nil},
		"breaks off":       {"EOF", [][]mdns.RR{rrs(t, soa, www)}},
		"SOA alone":        {"EOF", [][]mdns.RR{rrs(t, soa)}},
		"no SOA":           {"dns: ", [][]mdns.RR{rrs(t, www, soa)}},
		"another serial":   {"begins with serial 7 and ends with 8", [][]mdns.RR{rrs(t, soa), rrs(t, www, later)}},
		"another zone":     {"the SOA is that of b.test.", [][]mdns.RR{rrs(t, "b.test. 60 SOA ns. root. 7 1 2 3 4", www, soa)}},
		"more behind":      {"follow the end", [][]mdns.RR{rrs(t, soa, www, soa, www, soa)}},
		"another class":    {"class", [][]mdns.RR{rrs(t, soa, "x.a.test. 60 CH TXT x", soa)}},
		"":                 {"", [][]mdns.RR{rrs(t, soa), rrs(t, www), rrs(t, soa)}},
		"in one message":   {"", [][]mdns.RR{rrs(t, soa, www, soa)}},
		"nothing but that": {"", [][]mdns.RR{rrs(t, soa, soa)}},
	} {
		got, err := fetch(t, answering(t, c.messages...), "a.test")
		if c.want == "" && (err != nil || len(got.Text) == 0) || c.want != "" && (err == nil || got.Text != nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %q, %v", name, got.Text, err)
		}
	}
}

// A name server that does not sign is not believed where a key is given.
func TestFetchWantsSignatures(t *testing.T) {
	t.Parallel()
	s := answering(t, rrs(t, soa, soa))
	s.Key = &transfer.Key{Name: "k.", Algorithm: mdns.HmacSHA256, Secret: secret}
	if got, err := fetch(t, s, "a.test"); err == nil || got.Text != nil {
		t.Errorf("%q, %v", got.Text, err)
	}
}

// What a signer made of a zone is left out, its keys only where there are signatures.
func TestFetchSigned(t *testing.T) {
	t.Parallel()
	key := "a.test. 60 DNSKEY 256 3 13 AAAA"
	signature := "a.test. 60 RRSIG SOA 13 2 60 20300101000000 20200101000000 1 a.test. AAAA"
	for _, c := range []struct {
		with            []string
		records, leaves int
	}{{[]string{soa, key, signature, soa}, 1, 2}, {[]string{soa, key, soa}, 2, 0}} {
		got, err := fetch(t, answering(t, rrs(t, c.with...)), "a.test")
		if err != nil || got.Records != c.records || got.LeftOut != c.leaves {
			t.Errorf("%v: %+v, %v", c.with, got, err)
		}
	}
}

// Whoever waits no more ends a transfer that stands still.
func TestFetchEnds(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // which nobody answers at
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := l.Accept()
		cancel()
		if err == nil {
			defer conn.Close()
		}
		<-ctx.Done()
	}()
	if _, err := (transfer.Source{Address: l.Addr().String()}).Fetch(ctx, "a.test", nil); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Error(err)
	}
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "name:algorithm:secret", "k:hmac-sha256": "name:algorithm:secret", ":hmac-sha256:YQ==": "no name",
		"k:hmac-md5:YQ==": "no algorithm", "k:hmac-sha256:": "no base64", "k:hmac-sha256:hush!": "no base64", "a..b:hmac-sha256:YQ==": "no name",
	} {
		if _, err := transfer.ParseKey(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
