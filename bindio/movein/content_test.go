package movein_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/bindio/movein"
	"github.com/opsledger/opsledger/internal/testkit"
)

const soaLine = "$TTL 60\n@ SOA ns Root 7 1 2 3 4\n"

// content reads a.test from a file.
func content(t *testing.T, texts map[string]string) (*movein.Content, error) {
	t.Helper()
	c := movein.Contents{Files: files(t, texts), Say: say}
	return c.Read(t.Context(), "a.test", movein.Source{File: "/zone", Journal: "/zone.jnl"})
}

// A zone becomes a file of one form, whatever its files are.
func TestContent(t *testing.T) {
	t.Parallel()
	c, err := content(t, map[string]string{
		"zone": soaLine + "@ NS ns\nWWW TXT \"a\\\"b;\" c\n$INCLUDE /more\n$GENERATE 1-2 h$ A 192.0.2.$\n\\$x 5 TYPE65400 \\# 2 0102\n@ RRSIG SOA 13 2 60 20300101000000 20200101000000 1 a.test. AAAA\n",
		"more": "*.w MX 10 Mail.B.test.\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Text()
	const want = "a.test.\t60\tIN\tSOA\tns.a.test. Root.a.test. 7 1 2 3 4\n" +
		"a.test.\t60\tIN\tNS\tns.a.test.\n" +
		"WWW.a.test.\t60\tIN\tTXT\t\"a\\\"b;\" \"c\"\n" +
		"*.w.a.test.\t60\tIN\tMX\t10 Mail.B.test.\n" +
		"h1.a.test.\t60\tIN\tA\t192.0.2.1\n" +
		"h2.a.test.\t60\tIN\tA\t192.0.2.2\n" +
		"\\$x.a.test.\t5\tCLASS1\tTYPE65400\t\\# 2 0102\n"
	if got := strings.ReplaceAll(string(text), "\tIN\tTYPE65400", "\tCLASS1\tTYPE65400"); err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if c.Records() != 7 || c.Serial() != 7 || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "1 records that its signer made") {
		t.Errorf("%d records, serial %d, %v", c.Records(), c.Serial(), c.Notes)
	}
}

// A zone has one SOA here: that of another view, with the serial of its own.
func TestTakeSOA(t *testing.T) {
	t.Parallel()
	read := func(text string) *movein.Content {
		c, err := content(t, map[string]string{"zone": text})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := read(soaLine)
	for text, differs := range map[string]bool{
		"; x\n" + soaLine: false, "$TTL 60\n@ SOA ns Root 9 1 2 3 4\n": false, "$TTL 60\n@ SOA ns Root 9 1 2 3 5\n": true, "$TTL 61\n@ SOA ns Root 9 1 2 3 4\n": true,
	} {
		c := read(text)
		serial := c.Serial()
		if c.TakeSOA(first) != differs || c.Serial() != serial {
			t.Errorf("%q: serial %d", text, c.Serial())
		}
		if taken, err := c.Text(); err != nil || !strings.Contains(string(taken), " 1 2 3 4\n") {
			t.Errorf("%s, %v", taken, err)
		}
	}
}

// What cannot be read is told by file and line, and is no empty zone.
func TestContentRefused(t *testing.T) {
	t.Parallel()
	for want, texts := range map[string]map[string]string{
		"no such file":        nil,
		"the zone has no SOA": {"zone": "www 5 A 192.0.2.1\n"},
		"/zone:3: ":           {"zone": soaLine + "www A x\n"},
		"/x:2: ":              {"zone": soaLine + "$INCLUDE /x\n", "x": "\nwww A x\n"},
		"exit status 1":       {"zone": "\x00\x00\x00\x02\x00\x00\x00\x01rest"},
		"exit status 1: ":     {"zone": soaLine, "zone.jnl": "no journal"},
		"rndc sync -clean":    {"zone": soaLine + "( ) \"$Include\" /etc/passwd\n", "zone.jnl": "a journal"},
		"/zone.signed: its serial is not known: ": {"zone": soaLine, "zone.signed": "x"},
		"/zone:4: ": {"zone": soaLine + "$INCLUDE /../../../../../etc/passwd\n$INCLUDE ../etc/passwd\n"}, // dots lead to the root
	} {
		if c, err := content(t, texts); err == nil || c != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A raw file is read by a program of BIND, which has copies of it alone.
func TestRawContent(t *testing.T) {
	t.Parallel()
	text := files(t, map[string]string{"zone": soaLine + "@ NS ns\nns A 192.0.2.1\n"})
	raw := filepath.Join(text.Root, "raw")
	if said, err := exec.CommandContext(t.Context(), "named-compilezone", "-F", "raw", "-o", raw, "a.test", filepath.Join(text.Root, "zone")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	c := movein.Contents{Files: text, Say: say}
	got, err := c.Read(t.Context(), "a.test", movein.Source{File: "/raw", Journal: "/raw.jnl"})
	if err != nil || got.Records() != 3 || got.Serial() != 7 {
		t.Errorf("%v, %v", got, err)
	}
}

// signedSerial is the serial that secondaries of a zone have that named signed.
func signedSerial(t *testing.T, dir string) uint32 {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), "named-compilezone", "-j", "-f", "raw", "-F", "text", "-o", "-", "a.test", filepath.Join(dir, "zone.signed")).Output()
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	rr, err := mdns.NewRR(line)
	if err != nil {
		t.Fatal(err)
	}
	return rr.(*mdns.SOA).Serial
}

// A signed file's serial is taken if it is later, as RFC 1982 compares them.
func TestSignedSerial(t *testing.T) {
	t.Parallel()
	for signed, want := range map[string]uint32{"6": 7, "7": 7, "12": 12, "3000000000": 7} {
		c, err := content(t, map[string]string{"zone": soaLine, "zone.signed": "@ 60 SOA ns Root " + signed + " 1 2 3 4\n@ 60 NS .\n"})
		if err != nil || c.Serial() != want {
			t.Errorf("%s: %v, %v", signed, c, err)
		}
	}
}

// A zone that named signs comes as it is without signatures, with what its journal has.
func TestInlineSigned(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"zone": soaLine + "@ NS ns\nns A 192.0.2.1\n"})
	named := testkit.StartNamed(t, dir.Root, `options { recursion no; `+testkit.LoopbackOptions+` };
zone "a.test" { type primary; file "zone"; dnssec-policy default; inline-signing yes; allow-update { 127.0.0.1; }; };`)
	testkit.Eventually(t, "the zone is signed", func() bool { return len(named.Ask("a.test.", mdns.TypeDNSKEY).Answer) > 0 })
	update := new(mdns.Msg).SetUpdate("a.test.")
	rr, err := mdns.NewRR("new.a.test. 60 A 192.0.2.77")
	if err != nil {
		t.Fatal(err)
	}
	update.Insert([]mdns.RR{rr})
	if reply := testkit.Exchange(t, mdns.Client{}, update, named.Addr); reply.Rcode != mdns.RcodeSuccess {
		t.Fatalf("%v", reply)
	}
	testkit.Eventually(t, "the change is signed", func() bool { return len(named.Ask("new.a.test.", mdns.TypeA).Answer) > 0 })
	named.Kill()
	served := signedSerial(t, dir.Root)
	c, err := movein.Contents{Files: dir, Say: say}.Read(t.Context(), "a.test", movein.Source{File: "/zone", Journal: "/zone.jnl"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Text()
	if err != nil || c.Records() != 4 || !strings.Contains(string(text), "new.a.test.\t60\tIN\tA\t192.0.2.77\n") || c.Serial() != served || served <= 8 {
		t.Errorf("serial %d, %v: %s", c.Serial(), err, text)
	}
	entries, err := os.ReadDir(dir.Root)
	if err != nil || !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), "zone.signed") }) {
		t.Errorf("named has not signed it in a file of its own: %v, %v", entries, err)
	}
}
