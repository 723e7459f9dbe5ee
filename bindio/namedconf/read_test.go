package namedconf_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/bindio/namedconf"
	"github.com/opsledger/opsledger/domain/dns"
)

// folder writes files below a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// read reads named.conf of a root with the files.
func read(t *testing.T, root string) ([]namedconf.Statement, *namedconf.Files, error) {
	t.Helper()
	f, err := namedconf.OpenFiles(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	list, err := f.Read("/etc/named.conf")
	return list, f, err
}

// written writes statements as one line.
func written(list []namedconf.Statement) string {
	var plain []dns.Statement
	for _, s := range list {
		plain = append(plain, s.Plain())
	}
	return strings.Join(strings.Fields(dns.FormatStatements(plain, 0)), " ")
}

func TestReadAsNamedReads(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"# a\n// b\n/* c\n*/ acl a{!10/8;key \"k\";};":         `acl a { !10/8; key "k"; };`,
		"acl a { ! { any; }; };;":                              "acl a { !{ any; }; };",
		`options { version "a;b{\"c"; };`:                      `options { version "a;b{"c"; };`,
		"options { file \"a//b\"; x a/*c*/b; };":               `options { file "a//b"; x a b; };`,
		"":                                                     "",
		"include \"/etc/more.conf\"; acl z { none; };":         "acl more { any; }; acl z { none; };",
		"include \"/etc/d/*.conf\";":                           "acl one { any; }; acl two { any; };",
		"options { directory \"/var\"; include \"in-var\"; };": `options { directory "/var"; recursion no; };`,
	} {
		dir := folder(t, map[string]string{
			"etc/named.conf": text, "etc/more.conf": "acl more { any; };", "etc/d/2.conf": "acl two { any; };", "etc/d/1.conf": "acl one { any; };",
			"var/in-var": "recursion no;",
		})
		if list, _, err := read(t, dir); err != nil || written(list) != want {
			t.Errorf("%q: %s, %v", text, written(list), err)
		}
	}
}

// What named would not read is refused with its file and line, and reading ends.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"options {\n\n": "/etc/named.conf:3: a brace is left open", "\n}": "/etc/named.conf:2: there is no brace", "acl a { any };": ":1: a semicolon",
		"acl a": "a semicolon is missing", "x \"a\nb\";": "over the end of the line", "x \"a": "no end", "/* x": "no end", "\xff": "UTF-8", "a\x00;": "UTF-8",
		"include \"/etc/named.conf\";": "includes itself", "include \"/etc/round\";": "includes itself", "include \"/etc/none\";": "named.conf:1: ",
		"include { x; };": "names one file", "include \"/etc\";": "no plain file", "include \"/etc/pipe\";": "no plain file",
		"include \"/etc/bad\";":                                       "/etc/bad:2: ",
		strings.Repeat("a {", 18) + strings.Repeat("};", 18):          "too deep",
		"include \"/etc/deep-1\";":                                    "more files are included",
		"include \"/etc/large\";":                                     "larger than 16 MiB",
		"include \"/etc/d/[\";":                                       "syntax error in pattern",
		"include \"/etc/escape\"; include \"../../../../etc/shadow\"": "escapes",
	} {
		files := map[string]string{
			"etc/named.conf": text, "etc/round": "include \"/etc/round-2\";", "etc/round-2": "include \"/etc/round\";", "etc/bad": "\nx",
		}
		if strings.Contains(text, "large") {
			files["etc/large"] = strings.Repeat("a;\n", 6<<20)
		}
		for i := 1; i < 20; i++ {
			files[fmt.Sprintf("etc/deep-%d", i)] = fmt.Sprintf("include \"/etc/deep-%d\";", i+1)
		}
		dir := folder(t, files)
		if err := syscall.Mkfifo(filepath.Join(dir, "etc/pipe"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/etc/passwd", filepath.Join(dir, "etc/escape")); err != nil {
			t.Fatal(err)
		}
		if list, _, err := read(t, dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, %v", text, written(list), err)
		}
	}
}

// Below a root nothing else is read, whatever links and dots lead to; without one files are
// where they are.
func TestRoot(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"etc/named.conf": "", "etc/zone": "inside"})
	outside := filepath.Join(folder(t, map[string]string{"secret": "x"}), "secret")
	for link, to := range map[string]string{"absolute": outside, "relative": "../../" + strings.TrimPrefix(outside, "/dev/shm/"), "good": "zone"} {
		if err := os.Symlink(to, filepath.Join(dir, "etc", link)); err != nil {
			t.Fatal(err)
		}
	}
	_, f, err := read(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, good := range map[string]bool{
		"zone": true, "good": true, "/etc/zone": true, "/../etc/zone": true, "absolute": false, "relative": false, outside: false, "../../../.." + outside: false, "/": false,
	} {
		file, err := f.Open(name)
		if (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			file.Close()
		}
	}
	for _, given := range []string{"/etc/named.conf", filepath.Join(dir, "etc/named.conf"), "etc/named.conf"} {
		if name, err := f.Named(given); err != nil || name != "/etc/named.conf" {
			t.Errorf("%s is %s, %v", given, name, err)
		}
	}
	plain, err := namedconf.OpenFiles("")
	if err != nil {
		t.Fatal(err)
	}
	if file, err := plain.Open(filepath.Join(dir, "etc/absolute")); err != nil {
		t.Error(err)
	} else {
		file.Close()
	}
	if _, err := namedconf.OpenFiles(filepath.Join(dir, "none")); err == nil {
		t.Error("a root that is not there")
	}
}

// What a wildcard does not find, or cannot look for, is told.
func TestMissedIncludes(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"etc/named.conf": "include \"/etc/*/x\";\ninclude \"/etc/a/*\";\n\ninclude \"/etc/none*\"; include \"/no/*\";\ninclude \"/etc/out*/*\";",
		"etc/a/x":        "x;",
	})
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "etc/out")); err != nil { // which cannot be read below the root
		t.Fatal(err)
	}
	list, f, err := read(t, dir)
	if err != nil || written(list) != "x; x;" {
		t.Errorf("%s, %v", written(list), err)
	}
	var missed []string
	for _, m := range f.Missed {
		missed = append(missed, fmt.Sprint(m.Place, " ", m.Why))
	}
	const none = "it names no file"
	want := []string{"/etc/named.conf:1 ", "/etc/named.conf:4 " + none, "/etc/named.conf:4 " + none, "/etc/named.conf:5 "}
	if len(missed) != len(want) {
		t.Fatalf("%q", missed)
	}
	for i, line := range missed {
		if !strings.HasPrefix(line, want[i]) || want[i][len(want[i])-1] == ' ' && !strings.Contains(line, "escapes") {
			t.Errorf("%q is not %q", line, want[i])
		}
	}
}

// A statement is told of without what may be a secret.
func TestShort(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"zone a.test IN { type primary; };": "zone a.test IN { … }", "recursion no;": "recursion no", "key k { secret x; };": "key k { … }",
		`database "mysql host user PASSWORD";`: "database", `dlz x { database "PASSWORD"; };`: "dlz { … }", "secret PASSWORD;": "secret", "cookie-secret PASSWORD;": "cookie-secret",
		`dyndb ldap "ldap.so" { PASSWORD; };`: "dyndb { … }", "unknown PASSWORD;": "unknown",
	} {
		list, _, err := read(t, folder(t, map[string]string{"etc/named.conf": text}))
		if err != nil || len(list) != 1 || list[0].Short() != want {
			t.Errorf("%s: %v, %v", text, list, err)
		}
	}
}

// Reading ends, and never panics.
func FuzzRead(f *testing.F) {
	for _, text := range []string{`acl "a" { !{ any; }; };`, "options { directory \"/\"; include \"named.conf\"; };", "/**/#\n//\n", "a{b{c;};};"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		dir := folder(t, map[string]string{"etc/named.conf": text})
		list, _, err := read(t, dir)
		if err == nil {
			_ = written(list)
		}
	})
}
