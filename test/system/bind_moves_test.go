package system

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// oldBIND is a BIND with three views, which are told from each other by the asker's address, and a
// secondary.
const oldBIND = `key mover { algorithm hmac-sha256; secret "MDEyMzQ1Njc4OWFiY2RlZg=="; };
acl lab { 127.0.0.3; 127.0.0.4; };
include "local.conf";
options {
	directory "%s/zones";
	` + testkit.LoopbackOptions + `
	recursion no;
	allow-transfer { localhost; key mover; };
	notify explicit;
	also-notify { 127.0.0.1 port %s; };
};
view office {
	match-clients { !127.0.0.4; lab; { 127.0.0.9; !127.0.0.10; 127.0.0.8/29; }; };
	zone "example.org" { type primary; file "office.org"; };
	zone "f.test" { type forward; forward only; forwarders { 192.0.2.9; }; };
};
view guests {
	match-clients { !{ 127.0.0.10; }; 127.0.0.16/28; };
	zone "example.org" { in-view office; };
};
view world {
	zone "example.org" { type primary; file "world.org"; };
	zone "raw.test" { type primary; file "raw.db"; masterfile-format raw; };
	include "dynamic.conf";
};
`

var oldZones = map[string]string{
	"office.org":   "$TTL 60\n@ SOA ns root 2026112901 1 1 3600 60\n@ NS ns\nns A 192.0.2.53\n$INCLUDE hosts.inc sub\n$GENERATE 1-20 h$ A 192.0.2.$\n",
	"hosts.inc":    "a A 192.0.2.1\n  TXT \"in sub\"\n",
	"world.org":    "$TTL 60\n@ SOA ns root 2026112955 1 1 3600 60\n@ NS ns\nns A 198.51.100.53\nwww A 198.51.100.1\n",
	"dyn.db":       "$TTL 60\n@ SOA ns root 3000000000 1 1 3600 60\n@ NS ns\nns A 192.0.2.53\n",
	"dynamic.conf": "zone \"dyn.test\" { type primary; file \"dyn.db\"; allow-update { 127.0.0.1; }; };\n",
	"../local.conf": "logging { channel c { file \"query.log\"; }; category queries { c; }; };\n" +
		"options2 { };\n",
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// startOld starts the old BIND, with a change in a zone's journal, and the secondary that follows it.
func startOld(t *testing.T, dir string, second *testkit.PlainNamed) *testkit.PlainNamed {
	t.Helper()
	zones := map[string]string{"zones/raw.text": "$TTL 60\n@ SOA ns root 7 1 1 3600 60\n@ NS ns\nns A 192.0.2.7\n"}
	for name, text := range oldZones {
		zones[filepath.Join("zones", name)] = strings.ReplaceAll(text, "options2 { };\n", "")
	}
	writeFiles(t, dir, zones)
	compile := exec.CommandContext(t.Context(), "named-compilezone", "-F", "raw", "-o", dir+"/zones/raw.db", "raw.test", dir+"/zones/raw.text")
	if said, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	_, port, _ := net.SplitHostPort(second.Addr)
	old := testkit.StartNamed(t, dir, fmt.Sprintf(oldBIND, dir, port))
	update := new(mdns.Msg).SetUpdate("dyn.test.")
	update.Insert([]mdns.RR{mustRR(t, "new.dyn.test. 60 A 192.0.2.77")})
	if reply := testkit.Exchange(t, mdns.Client{}, update, old.Addr); reply.Rcode != mdns.RcodeSuccess {
		t.Fatalf("%v", reply)
	}
	return old
}

func mustRR(t *testing.T, text string) mdns.RR {
	t.Helper()
	rr, err := mdns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return rr
}

// follow has the secondary follow a primary.
func follow(t *testing.T, second *testkit.PlainNamed, primary string) {
	t.Helper()
	second.Kill()
	_, port, _ := net.SplitHostPort(primary)
	conf := "controls { };\noptions { " + testkit.LoopbackOptions + " recursion no; min-refresh-time 1; min-retry-time 1; };\n"
	for _, zone := range []string{"example.org", "dyn.test"} {
		conf += fmt.Sprintf("zone %q { type secondary; file %q; primaries { 127.0.0.1 port %s; }; };\n", zone, zone+".db", port)
	}
	writeFiles(t, filepath.Dir(second.Conf), map[string]string{filepath.Base(second.Conf): conf})
	second.Start()
}

// answers are what a name server says to each asker about each name.
func answers(t *testing.T, server string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, from := range []string{"127.0.0.1", "127.0.0.3", "127.0.0.4", "127.0.0.9", "127.0.0.10", "127.0.0.11", "127.0.0.17"} {
		for _, name := range []string{"example.org", "ns.example.org", "www.example.org", "h7.example.org", "a.sub.example.org", "ns.raw.test", "new.dyn.test", "x.test"} {
			client := mdns.Client{Dialer: &net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(from)}}}
			m := new(mdns.Msg).SetQuestion(name+".", mdns.TypeANY)
			m.RecursionDesired = false
			reply := testkit.Exchange(t, client, m, server)
			var said []string
			for _, rr := range reply.Answer {
				if rr.Header().Rrtype != mdns.TypeSOA {
					said = append(said, rr.String())
				}
			}
			slices.Sort(said)
			all[from+" "+name] = mdns.RcodeToString[reply.Rcode] + " " + strings.Join(said, ", ")
		}
	}
	return all
}

// wantSame compares what two name servers say.
func wantSame(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for question, answer := range want {
		if got[question] != answer {
			t.Errorf("%s: to %s it says %s, and not %s", what, question, got[question], answer)
		}
	}
}

// A BIND moves in, and its secondary follows; what is served moves out again, and into another
// opsledger, and is the same everywhere.
func TestBINDMovesInAndOut(t *testing.T) {
	t.Parallel()
	old, away, again := t.TempDir(), filepath.Join(t.TempDir(), "tree"), filepath.Join(t.TempDir(), "tree")
	second := testkit.NewNamed(t, filepath.Join(t.TempDir(), "named.conf"))
	bind := startOld(t, old, second)
	follow(t, second, bind.Addr)
	testkit.Eventually(t, "the secondary has the old zones", func() bool { return second.Serial("dyn.test.") == 3000000001 })
	want := answers(t, bind.Addr)
	bind.Kill()

	dev := deployment.StartDev(t, t.TempDir())
	opsledger := commandLine(t, dev.Server)
	conf := filepath.Join(old, "named.conf")
	out, said, err := opsledger("import", "bind", conf, "--dry-run")
	if err == nil || !strings.Contains(out, "zone example.org in view world: 4 records would come, serial above 2026112955") || dev.Answers("www.example.org.", "A") {
		t.Errorf("dry run: %v %s%s", err, out, said)
	}
	if out, said, err = opsledger("import", "bind", conf, "--only", "raw.*"); err != nil || !strings.Contains(out, "zone raw.test in view world: added 2, ") {
		t.Errorf("one zone: %v %s%s", err, out, said)
	}
	for _, at := range []string{"the BIND configuration is taken", "zone example.org, master", "in view office: added 24", "zone dyn.test, master"} {
		killAt(t, adminsCommand(t, dev.Server)("import", "bind", conf), at)
	}
	out, said, err = opsledger("import", "bind", conf)
	if left := strings.Count(out, "left out: "); err == nil || left != 1 || strings.Count(out, "allow-update") != 1 {
		t.Errorf("import: %v, %d things left out: %s%s", err, left, out, said)
	}
	awaitSame(t, dev, out, want)
	follow(t, second, dev.DNS)
	testkit.Eventually(t, "the secondary follows", func() bool {
		return second.Serial("dyn.test.") > 3000000001 && second.Serial("example.org.") > 2026112955 && second.Serial("dyn.test.") == dev.Serial("dyn.test.")
	})
	serial := dev.Serial("example.org.")
	out, said, err = opsledger("import", "bind", conf, "--mode", "replace")
	if err == nil || strings.Count(out, "is unchanged") != 4 || strings.Count(out, "added 0, changed 0, removed 0, ") != 5 || dev.Serial("example.org.") != serial {
		t.Errorf("again: %v %s%s", err, out, said)
	}

	if out, said, err = opsledger("import", "bind", conf, "--only", "raw.*"); err != nil || strings.Contains(out, "order") || !strings.Contains(out, "view world is unchanged") {
		t.Errorf("one zone again: %v %s%s", err, out, said)
	}

	if out, said, err = opsledger("export", "bind", "--out", away); err != nil {
		t.Fatalf("export: %v %s%s", err, out, said)
	}
	testkit.ListenOnLoopback(t, away)
	plain := testkit.NewNamed(t, filepath.Join(away, "named.conf"))
	plain.Start()
	wantSame(t, "the plain named", answers(t, plain.Addr), want)
	plain.Kill()

	other := deployment.StartDev(t, t.TempDir())
	opsledger = commandLine(t, other.Server)
	if out, said, err = opsledger("import", "bind", filepath.Join(away, "named.conf")); err != nil {
		t.Errorf("into another one: %v %s%s", err, out, said)
	}
	if out, said, err = opsledger("export", "bind", "--out", again); err != nil {
		t.Fatalf("export: %v %s%s", err, out, said)
	}
	testkit.ListenOnLoopback(t, again)
	wantSameTree(t, away, again)
}

// awaitSame waits until the name server answers as the old one did.
func awaitSame(t *testing.T, dev *deployment.Dev, said string, want map[string]string) {
	t.Helper()
	positions := regexp.MustCompile(`position ([0-9]+)\n`).FindAllStringSubmatch(said, -1)
	last, err := strconv.ParseInt(positions[len(positions)-1][1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	dev.LiveAt(last)
	wantSame(t, "opsledger", answers(t, dev.DNS), want)
}

// wantSameTree compares two folders but for their names, secrets and serials.
func wantSameTree(t *testing.T, a, b string) {
	t.Helper()
	serial := regexp.MustCompile(`(SOA\t\S+ \S+ )[0-9]+ `)
	secret := regexp.MustCompile(`secret "[^"]*"`)
	read := func(dir string) map[string]string {
		files := map[string]string{}
		for _, pattern := range []string{"*.conf", "zones/*/*.zone"} {
			names, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil || len(names) == 0 {
				t.Fatal(names, err)
			}
			for _, name := range names {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				same := serial.ReplaceAllString(secret.ReplaceAllString(string(text), ""), "$1")
				files[strings.TrimPrefix(name, dir)] = strings.ReplaceAll(same, dir, "")
			}
		}
		return files
	}
	first, second := read(a), read(b)
	if len(first) != len(second) {
		t.Errorf("there are %d files, and then %d", len(first), len(second))
	}
	for name, text := range first {
		if second[name] != text {
			t.Errorf("%s was\n%s\nand is\n%s", name, text, second[name])
		}
	}
}
