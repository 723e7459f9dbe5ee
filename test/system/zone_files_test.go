package system

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A zone goes out and in by the command line, which finds the opsledger by its data folder.
func TestZoneFilesByCommand(t *testing.T) {
	t.Parallel()
	s := deployment.StartServe(t, "serve")
	s.Post("/dns/views", `{"name":"office","acl":"any"}`)
	s.Post("/dns/zones", `{"name":"example.org","zone_type":"master","view_ids":[1]}`)
	opsledger := commandLine(t, s)
	file, back := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "out")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("$TTL 60\nwww A 192.0.2.1\nmail MX 10 www\n")

	out, _, err := opsledger("import", "zone", file, "--zone", "example.org", "--dry-run")
	if err != nil || !strings.Contains(out, "+ www.example.org.\t60\tIN\tA\t192.0.2.1\n") || !strings.Contains(out, "nothing was") {
		t.Errorf("dry run: %v %s", err, out)
	}
	out, said, err := opsledger("import", "zone", file, "--zone", "Example.org.", "--view", "office")
	if err != nil || !strings.HasPrefix(out, "added 2, changed 0, removed 0, unchanged 0, position ") || !strings.Contains(said, "bytes") {
		t.Errorf("import: %v %s%s", err, out, said)
	}
	if out, said, err = opsledger("export", "zone", "example.org", "--out", back); err != nil || out != "" {
		t.Errorf("export: %v %s%s", err, out, said)
	}
	exported, err := os.ReadFile(back)
	if err != nil || !strings.Contains(string(exported), "www.example.org.\t60\tIN\tA\t192.0.2.1\n") {
		t.Errorf("exported %s, %v", exported, err)
	}
	if out, _, err = opsledger("export", "zone", "example.org"); err != nil || out != string(exported) {
		t.Errorf("to standard output: %v %s", err, out)
	}
	write("$TTL 60\nwww A 192.0.2.1\nbad A 1\n$INCLUDE x\n")
	_, said, err = opsledger("import", "zone", file, "--zone", "example.org")
	if err == nil || !strings.Contains(said, "line 3: ") || !strings.Contains(said, "line 4: ") {
		t.Errorf("refused: %v %s", err, said)
	}
	transferByCommand(t, opsledger)
	tree := filepath.Join(t.TempDir(), "tree")
	if out, said, err = opsledger("export", "bind", "--out", tree); err != nil || out != tree+" has 1 views and 1 zones\n" {
		t.Errorf("export bind: %v %s%s", err, out, said)
	}
	if text, err := os.ReadFile(filepath.Join(tree, "zones", "office", "example.org.zone")); err != nil || !strings.Contains(string(text), "192.0.2.53") {
		t.Errorf("%v: %s", err, text)
	}
	if out, said, err = opsledger("export", "bind", "--out", tree); err == nil || out != "" || !strings.Contains(said, "exists") {
		t.Errorf("export bind again: %v %s%s", err, out, said)
	}
	write(largeZone(10_050, 60)) // which is staged, and followed to its end
	out, said, err = opsledger("import", "zone", file, "--zone", "example.org")
	if err != nil || !strings.HasPrefix(out, "added 10050, changed 0, removed 0, position ") {
		t.Errorf("a large import: %v %s%s", err, out, said)
	}
	if _, said, err = opsledger("export", "zone", "other.example"); err == nil || !strings.Contains(said, `there is no zone "other.example"`) {
		t.Errorf("no zone: %v %s", err, said)
	}
}

// transferByCommand has the zone of another name server replace example.org. Nothing of a transfer
// that fails is imported, and a second run finds nothing to do.
func transferByCommand(t *testing.T, opsledger runner) {
	t.Helper()
	dir := t.TempDir()
	zone := "$TTL 60\n@ SOA ns.example.org. root.example.org. 3000000000 1 2 3 4\n@ NS ns\nns A 192.0.2.53\n"
	if err := os.WriteFile(filepath.Join(dir, "zone"), []byte(zone), 0o600); err != nil {
		t.Fatal(err)
	}
	named := testkit.StartNamed(t, dir, `options { `+testkit.LoopbackOptions+` allow-transfer { any; }; recursion no; };
zone "example.org" { type primary; file "zone"; };`)
	from := []string{"import", "axfr", "--from", named.Addr, "--zone", "example.org", "--mode", "replace"}
	out, said, err := opsledger(append(from, "--dry-run")...)
	if err != nil || !strings.Contains(out, "- www.example.org.") || !strings.Contains(out, "+ ns.example.org.\t60\tIN\tA\t192.0.2.53\n") {
		t.Errorf("dry run: %v %s%s", err, out, said)
	}
	if out, said, err = opsledger(from...); err != nil || !strings.HasPrefix(out, "added 2, changed 0, removed 2, unchanged 0, ") ||
		!strings.Contains(said, "transferred 3 records, serial 3000000000") {
		t.Errorf("transfer: %v %s%s", err, out, said)
	}
	if out, _, err = opsledger("export", "zone", "example.org"); err != nil || !regexp.MustCompile(`root\.example\.org\. 300000000[1-9] 1 2 3 4\n`).MatchString(out) {
		t.Errorf("after it: %v %s", err, out)
	}
	if out, said, err = opsledger(from...); err != nil || !strings.HasPrefix(out, "added 0, changed 0, removed 0, unchanged 2, position ") {
		t.Errorf("again: %v %s%s", err, out, said)
	}
	named.Kill()
	if out, said, err = opsledger(from...); err == nil || out != "" || !strings.Contains(said, "connection refused") {
		t.Errorf("without the name server: %v %s%s", err, out, said)
	}
}
