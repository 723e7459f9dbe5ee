package moveout_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/bindio/moveout"
	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

const (
	zoneText = "@ 60 IN SOA ns.b.test. root.b.test. 7 1 2 3 4\n@ 60 IN NS ns.b.test.\nwww 60 IN A 192.0.2.1\n"
	// mainText is as the API shows it.
	mainText = `key "Mover" { algorithm hmac-sha256; secret "vault:01890a5d-ac96-774b-bcce-b302099a8057"; };
key other { algorithm hmac-sha256; secret "vault:01890a5d-ac96-774b-bcce-b302099a8058"; };
acl inside { 192.0.2.0/24; key other; };
options { recursion no; cookie-secret "vault:01890a5d-ac96-774b-bcce-b302099a8059"; allow-query { any; }; };`
	held = `key mover. { algorithm hmac-sha256; secret "aGVsZA=="; };`
)

func mainConf(t *testing.T, text, held string) *moveout.Main {
	t.Helper()
	m, err := moveout.NewMain(text, held)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func configuration(t *testing.T) moveout.Configuration {
	t.Helper()
	c := moveout.Configuration{Main: mainConf(t, mainText, held)}
	for _, acl := range [][2]string{{"office", "!127.0.0.1\n127.0.0.0/8"}, {"world", "any"}} {
		v, err := moveout.NewView(acl[0], acl[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range [][3]string{
			{"A.test", "master", ""}, {"0/25.2.0.192.in-addr.arpa", "master", ""}, {strings.Repeat("a23456789.", 24) + "b", "master", ""},
			{"f.test", "forward only", "192.0.2.9; 2001:db8::9;"},
		} {
			z, err := moveout.NewZone(in[0], in[1], in[2])
			if err != nil {
				t.Fatal(err)
			}
			v.Zones = append(v.Zones, z)
		}
		c.Views = append(c.Views, v)
	}
	return c
}

func write(t *testing.T, path string, c moveout.Configuration) {
	t.Helper()
	f, err := moveout.NewFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, v := range c.Views {
		for _, z := range v.Zones {
			if z.HasFile() {
				if err := f.WriteZone(v, z, strings.NewReader(zoneText)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := f.Finish(c); err != nil {
		t.Fatal(err)
	}
}

// A plain named loads the folder, and serves the views in their order.
func TestNamedStartsWithIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "tree")
	c := configuration(t)
	write(t, dir, c)
	program, err := child.Find("named-checkconf")
	if err != nil {
		t.Fatal(err)
	}
	if said, err := child.Run(t.Context(), child.Spec{Path: program, Args: []string{"-z", filepath.Join(dir, "named.conf")}}); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var found []string
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	want := c.Files()
	slices.Sort(want)
	if err != nil || !slices.Equal(found, want) || len(found) != 8 {
		t.Errorf("%v: the files are %v, not %v", err, found, want)
	}
	testkit.ListenOnLoopback(t, dir)
	named := testkit.NewNamed(t, filepath.Join(dir, "named.conf"))
	named.Start()
	for name, answers := range map[string]int{"www.a.test.": 1, "www.0/25.2.0.192.in-addr.arpa.": 1, "www.c.test.": 0} {
		if reply := named.Ask(name, mdns.TypeA); len(reply.Answer) != answers {
			t.Errorf("%s: %v", name, reply)
		}
	}
}

// The secret that is held stands in the folder, any other is a fresh one each time, and all in a
// file that its owner alone may read.
func TestSecrets(t *testing.T) {
	t.Parallel()
	var before string
	for range 2 {
		dir := filepath.Join(t.TempDir(), "tree")
		c := configuration(t)
		write(t, dir, c)
		info, err := os.Stat(filepath.Join(dir, "keys.conf"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v, %v", info.Mode(), err)
		}
		keys, err := os.ReadFile(filepath.Join(dir, "keys.conf"))
		if err != nil || !strings.Contains(string(keys), `"aGVsZA=="`) || strings.Contains(string(keys), "vault") || string(keys) == before {
			t.Errorf("%s, %v", keys, err)
		}
		before = string(keys)
		conf, err := os.ReadFile(filepath.Join(dir, "named.conf"))
		if err != nil || strings.Contains(string(conf), "secret") {
			t.Errorf("%s, %v", conf, err)
		}
		if !slices.Equal(c.Main.Fresh, []string{"other"}) {
			t.Errorf("%v have fresh secrets", c.Main.Fresh)
		}
	}
}

// What an agent would add stands in the folder, unless the user says otherwise.
func TestAgentsDefaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"options { recursion no; };":               "allow-transfer {\n\t\tnone;\n\t};\n\tempty-zones-enable no;\n\tnotify no;\n",
		"options { also-notify { 192.0.2.1; }; };": "notify explicit;\n",
		"options { notify yes; };":                 "notify yes;\n\tallow-transfer {\n\t\tnone;\n\t};\n\tempty-zones-enable no;\n};\n",
		"acl a { any; };":                          "notify no;\n",
	} {
		dir := filepath.Join(t.TempDir(), "tree")
		write(t, dir, moveout.Configuration{Main: mainConf(t, text, "")})
		conf, err := os.ReadFile(filepath.Join(dir, "named.conf"))
		if err != nil || strings.Count(string(conf), want) != 1 || strings.Count(string(conf), "\tnotify ") != 1 {
			t.Errorf("%s: %s, %v", text, conf, err)
		}
	}
}

// The folder is there whole or not at all, and replaces nothing.
func TestWholeOrNot(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := filepath.Join(parent, "tree")
	c := configuration(t)
	f, err := moveout.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	broken := io.MultiReader(strings.NewReader("@ 60"), iotest.ErrReader(errors.New("broken off")))
	if err := f.WriteZone(c.Views[0], c.Views[0].Zones[0], broken); err == nil {
		t.Error("a part of a zone was taken for the zone")
	}
	if err := os.Mkdir(dir, 0o700); err != nil { // somebody else's, meanwhile
		t.Fatal(err)
	}
	if err := f.Finish(c); !errors.Is(err, fs.ErrExist) {
		t.Errorf("it has replaced a folder: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(parent); err != nil || len(entries) != 1 {
		t.Errorf("there are %v, %v", entries, err)
	}
	if _, err := moveout.NewFolder(dir); err == nil {
		t.Error("a folder that exists was taken")
	}
}

// What the API says is checked before it is written.
func TestRepliesAreInput(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", `x" { }; include "/etc/passwd`, "../x", "a/b"} {
		if _, err := moveout.NewView(name, "any"); err == nil {
			t.Errorf("a view %q", name)
		}
	}
	if _, err := moveout.NewView("x", "any; }; include x"); err == nil {
		t.Error("an ACL with statements")
	}
	for _, in := range [][3]string{{`a" { }`, "master", ""}, {"a..b", "master", ""}, {"a", "hint", ""}, {"a", "forward only", ""}, {"a", "forward only", "x"}} {
		if z, err := moveout.NewZone(in[0], in[1], in[2]); err == nil {
			t.Errorf("a zone %q: %v", in, z)
		}
	}
	for _, text := range []string{"include \"/etc/passwd\";", "options { directory \"/\"; };", "zone a { type hint; };", "options {"} {
		if _, err := moveout.NewMain(text, ""); err == nil {
			t.Errorf("a configuration %q", text)
		}
	}
	for _, text := range []string{"options { recursion no; };", "key k { secret x; file y; };", "key"} {
		if _, err := moveout.NewMain(mainText, text); err == nil {
			t.Errorf("a file of keys %q", text)
		}
	}
}

// What is no record is not written: a directive would have named read other files.
func TestZoneTextRefused(t *testing.T) {
	t.Parallel()
	c := configuration(t)
	v, z := c.Views[0], c.Views[0].Zones[0]
	for text, good := range map[string]bool{
		zoneText: true, zoneText + "\\$x 60 IN A 192.0.2.1": true, "": true,
		zoneText + "$INCLUDE /etc/passwd\n": false, "$TTL 60\n" + zoneText: false, "( )$INCLUDE /etc/passwd\n": false, "\"$INCLUDE\" /etc/passwd\n": false,
		"x 60 IN TXT \"a\n$INCLUDE /etc/passwd\n": false, " $INCLUDE /etc/passwd\n": false, "x 60 IN A 192.0.2.1\r$INCLUDE x\n": false,
		"x 60 IN TXT " + strings.Repeat("x", 1<<20) + "\n": false,
	} {
		f, err := moveout.NewFolder(filepath.Join(t.TempDir(), "tree"))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.WriteZone(v, z, strings.NewReader(text)); (err == nil) != good {
			t.Errorf("%.40q: %v", text, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
