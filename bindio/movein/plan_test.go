package movein_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/bindio/movein"
	"github.com/opsledger/opsledger/bindio/namedconf"
	"github.com/opsledger/opsledger/domain"
)

func say(text domain.Text) string { return text.String() }

// files writes files below a root.
func files(t *testing.T, texts map[string]string) *namedconf.Files {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := namedconf.OpenFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// plan reads a configuration beside which there is a file of a secondary zone.
func plan(t *testing.T, text string, only func(string) bool) *movein.Plan {
	t.Helper()
	f := files(t, map[string]string{"named.conf": text, "second.db": "x"})
	p, err := movein.Read(movein.Asked{Files: f, Conf: "/named.conf", Only: only, Say: say})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// summary is what is taken of views and zones, and how much was left out.
func summary(p *movein.Plan) string {
	var parts []string
	for _, v := range p.Views {
		var acl []string
		for _, e := range v.ACL {
			acl = append(acl, e.String())
		}
		parts = append(parts, v.Name+"("+strings.Join(acl, " ")+")")
	}
	for _, z := range p.Zones {
		zone := z.Name
		for _, in := range z.In {
			zone += " " + in.View + ":" + in.File
		}
		if z.Forwarders != nil {
			zone += " → " + strings.Join(z.Forwarders, ",")
		}
		parts = append(parts, zone)
	}
	return strings.Join(parts, "; ")
}

func leftOut(p *movein.Plan) (lines []string) {
	for _, n := range p.Notes {
		if n.LeftOut {
			lines = append(lines, n.String())
		}
	}
	return lines
}

// Each kind of zone and view is taken, or told of by its line; nothing is passed over.
func TestPlan(t *testing.T) {
	t.Parallel()
	const options = "options { recursion no; };\n"
	for name, c := range map[string]struct{ text, want, left string }{
		"no views":               {`zone "A.test." { type master; file "a"; };`, "default(any); a.test default:a", ""},
		"views":                  {`view a { match-clients { 10/8; }; zone x { type primary; file "1"; }; }; view b IN { zone x in { type primary; file "2"; }; };`, "a(10.0.0.0/8); b(any); x a:1 b:2", ""},
		"in-view":                {`view a { zone x { type primary; file "1"; }; }; view b { zone x { in-view a; }; };`, "a(any); b(any); x a:1 b:1", ""},
		"in-view of none":        {`view a { zone x { in-view c; }; };`, "a(any)", "no view c has it"},
		"forward":                {`zone f { type forward; forward only; forwarders { 192.0.2.1; 2001:db8::1; }; };`, "default(any); f default: → 192.0.2.1,2001:db8::1", ""},
		"forward first":          {`zone f { type forward; forwarders { 192.0.2.1; }; };`, "default(any); f default: → 192.0.2.1", "forward only"},
		"forward to a port":      {`zone f { type forward; forward only; forwarders { 192.0.2.1 port 54; }; };`, "", "without ports"},
		"forward to a port each": {`zone f { type forward; forward only; forwarders port 54 { 192.0.2.1; }; };`, "", "without ports"},
		"forward to nobody":      {`zone f { type forward; forward only; forwarders { }; };`, "", "without ports"},
		"two types":              {`view a { zone x { type primary; file "1"; }; }; view b { zone x { type forward; forward only; forwarders { ::1; }; }; };`, "a(any); b(any); x a:1", "of another type"},
		"secondary":              {`zone s { type slave; file "second.db"; masters { 192.0.2.1 key k; }; };`, "default(any); s default:second.db", ""},
		"secondary in memory":    {`zone s { type secondary; primaries { 192.0.2.1 key k; }; };`, "", "from its primaries (192.0.2.1 key k)"},
		"secondary, no file":     {`zone s { type secondary; file "none"; primaries { 192.0.2.1; }; };`, "", "import axfr"},
		"root hints":             {`zone "." { type hint; file "db.root"; };`, "", ""},
		"root":                   {`zone "." { type primary; file "db.root"; };`, "", "such a name no zone has here"},
		"mirror":                 {`zone m { type mirror; };`, "", "type mirror"},
		"redirect":               {`zone m { type redirect; file "x"; };`, "", "type redirect"},
		"no type":                {`zone m { file "x"; };`, "", "no type"},
		"no file":                {`zone m { type primary; };`, "", "no file"},
		"class":                  {`zone "authors.bind" CH { type primary; file "x"; };`, "", "class IN"},
		"class of a view":        {`view v CHAOS { zone x { type primary; file "1"; }; };`, "", "class IN"},
		"name of a view":         {`view "a.b" { zone x { type primary; file "1"; }; };`, "", "letters"},
		"view twice":             {`view a { }; view a { };`, "a(any)", "there is a view of this name"},
		"zone twice":             {`zone a { type primary; file "1"; }; zone "A" { type primary; file "2"; };`, "default(any); a default:1", "has a zone of this name"},
		"zone beside views":      {`view a { }; zone x { type primary; file "1"; };`, "a(any)", "in no view"},
		"policies":               {`zone a { type primary; file "1"; dnssec-policy default; update-policy local; allow-transfer { any; }; check-names ignore; }; zone b { type primary; file "2"; };`, "default(any); a default:1; b default:2", "dnssec-policy default is not taken|update-policy local|allow-transfer { … }"},
		"query of a zone":        {`zone x { type primary; file "1"; allow-query { 10/8; }; }; zone y { type primary; file "2"; };`, "default(any); y default:2", "allow-query { … } is not taken|others would see it without its allow-query"},
		"query of all zones":     {`zone x { type primary; file "1"; allow-query { 10/8; }; }; zone y { type primary; file "2"; allow-query { 10/8; }; };`, "default(any); x default:1; y default:2", ""},
		"query on of all zones":  {`zone x { type primary; file "1"; allow-query-on { 10/8; }; };`, "default(any)", "allow-query-on { … } is not taken|zone x in view default is not taken"},
		"query by any":           {`zone x { type primary; file "1"; allow-query { any; }; }; zone y { type primary; file "2"; };`, "default(any); x default:1; y default:2", "allow-query { … } is not taken"},
		"query of an in-view":    {`view a { zone x { type primary; file "1"; allow-query { ::1; }; }; zone y { type primary; file "2"; }; }; view b { zone x { in-view a; }; };`, "a(any); b(any); y a:2", "allow-query { … } is not taken|zone x in view a is not taken|it is that of view a, which is not taken"},
		"query of a view":        {`view a { match-clients { 10/8; }; allow-query { 10.1/16; }; zone x { type primary; file "1"; }; }; view b { };`, "a(none); b(any); x a:1", "allow-query { … } is not taken|nobody sees view a|view b also gets clients of view a,"},
		"query on of a view":     {`view a { allow-query { 10.1/16; }; allow-query-on { ::1; }; zone x { type primary; file "1"; }; };`, "a(none); x a:1", "allow-query-on { … } is not taken|nobody sees view a"},
		"clients of others":      {`view a { match-clients { key k; 10/8; }; }; view "b.c" { }; view d { match-clients { !::1; none; }; }; view e { match-clients { none; }; }; view f { match-clients { ::1; }; };`, "a(10.0.0.0/8); d(!::1 none); e(none); f(::1)", "key k in|view's name|view d also gets clients of view a, b.c,|view f also gets clients of view a, b.c,"},
		"include of nothing":     {`include "/none*"; include "/d/*.conf"; include "/named.con?x"; view v { };`, "v(any)", `include /none* is not all read: it names no file|include /d/*.conf|include /named.con?x`},
		"database":               {`zone x { type primary; file "1"; database "mysql host user PASSWORD"; }; view v { };`, "v(any)", "in no view"},
		"database of a zone":     {`zone x { type primary; file "1"; database "mysql host user PASSWORD"; foo PASSWORD; };`, "default(any); x default:1", "database is not taken|foo is not taken"},
		"destinations":           {`view v { match-destinations { 10.0.0.1; }; zone x { type primary; file "1"; }; };`, "v(none); x v:1", "match-destinations { … } is not taken"},
		"destinations and list":  {`view v { match-destinations { any; !::1; }; match-clients { 10/8; }; };`, "v(none)", "match-destinations"},
		"any destination":        {`view v { match-clients { 10/8; }; match-destinations { any; }; match-recursive-only no; };`, "v(10.0.0.0/8)", ""},
		"recursive alone":        {`view v { match-recursive-only yes; match-clients { 10/8; }; };`, "v(none)", "match-recursive-only yes is not taken"},
		"options of a view":      {`view b { }; view a { recursion no; zone x { type primary; file "1"; }; };`, "b(any); a(any); x a:1", "view a: recursion no is not taken"},
	} {
		p := plan(t, options+c.text, nil)
		left := leftOut(p)
		if got := summary(p); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
		wants := strings.Split(c.left, "|")
		if strings.Contains(fmt.Sprint(p.Notes), "PASSWORD") {
			t.Errorf("%s: a password is told: %q", name, left)
		}
		if c.left == "" && len(left) > 0 || c.left != "" && len(left) != len(wants) {
			t.Errorf("%s: left out are %q", name, left)
		}
		for _, want := range wants {
			if c.left != "" && !slices.ContainsFunc(left, func(line string) bool {
				return strings.Contains(line, want) && strings.HasPrefix(line, "/named.conf:2: ")
			}) {
				t.Errorf("%s: left out are %q, not %s", name, left, want)
			}
		}
	}
}

// With a pattern zones alone are taken, with their views.
func TestOnly(t *testing.T) {
	t.Parallel()
	p := plan(t, `options { recursion no; dnstap { all; }; }; view a { recursion no; zone x.test { type primary; file "1"; }; }; view b { zone y.test { type primary; file "2"; }; zone "." { type hint; }; };`,
		func(zone string) bool { return zone == "y.test" })
	if got := summary(p); got != "a(any); b(any); y.test b:2" || p.Main != "" || len(leftOut(p)) != 1 || !strings.Contains(p.Notes[0].Text, "view a: recursion no is not taken") {
		t.Errorf("%s, %q, %v", got, p.Main, p.Notes)
	}
	p = plan(t, `options { allow-query { ::1; }; }; view a { match-clients { ::1; }; zone x.test { type primary; file "1"; allow-query { ::1; }; }; }; view b { allow-query { ::2; }; zone y.test { type primary; file "2"; }; }; view c { recursion no; };`,
		func(string) bool { return true })
	if got := summary(p); got != "a(::1); b(none); y.test b:2" || p.Main != "" || len(leftOut(p)) != 4 {
		t.Errorf("%s, %q, %v", got, p.Main, p.Notes)
	}
}

// Of the main configuration that is taken which a client may set here; what was named's own default
// is written down.
func TestMainConfiguration(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want, left string }{
		"nothing":             {"", "options { allow-transfer { any; }; notify yes; };", ""},
		"said":                {"options { notify no; allow-transfer { none; }; };", "options { notify no; allow-transfer { none; }; };", ""},
		"zones say it":        {`options { notify no; }; zone a { type primary; file "1"; allow-transfer { none; }; }; zone b { type primary; file "1"; };`, "options { notify no; };", "zone a in view default: allow-transfer"},
		"all zones say it":    {`options { notify no; }; zone a { type primary; file "1"; allow-transfer { ::1; }; }; zone b { type primary; file "1"; allow-transfer { ::1; }; };`, "options { notify no; allow-transfer { ::1; }; };", ""},
		"zones disagree":      {`options { notify no; }; zone a { type primary; file "1"; allow-transfer { ::1; }; }; zone b { type primary; file "1"; allow-transfer { ::2; }; };`, "options { notify no; };", "zone a in view|zone b in view"},
		"all views say it":    {`options { notify no; }; view a { recursion no; allow-transfer { none; }; }; view b { recursion no; allow-transfer { none; }; };`, "options { notify no; allow-transfer { none; }; recursion no; };", ""},
		"options say it, too": {`options { notify no; recursion yes; allow-transfer { none; }; }; view a { recursion no; };`, "options { notify no; allow-transfer { none; }; recursion no; };", ""},
		"one view alone":      {`options { notify no; allow-transfer { none; }; }; view a { recursion no; }; view b { };`, "options { notify no; allow-transfer { none; }; recursion no; };", "view a: recursion no|recursion no is written for all"},
		"recursers of a view": {`options { notify no; recursion yes; allow-transfer { none; }; }; view a { allow-recursion { ::1; }; }; view b { allow-recursion { any; }; };`, "options { notify no; allow-transfer { none; }; recursion no; };", "view a: allow-recursion|view b: allow-recursion|recursion no is written for all"},
		"recursion of a view": {`options { notify no; recursion no; allow-transfer { none; }; }; view a { recursion yes; }; view b { allow-query-cache { ::1; }; };`, "options { notify no; recursion no; allow-transfer { none; }; };", "view a: recursion yes|view b: allow-query-cache"},
		"transfers of a zone": {`options { notify no; allow-transfer { any; }; }; zone a { type primary; file "1"; allow-transfer { ::1; }; }; zone b { type primary; file "1"; };`, "options { notify no; allow-transfer { none; }; };", "zone a in view default: allow-transfer|allow-transfer { none; } is written for all"},
		"the same again":      {`options { notify no; allow-transfer { ::1; }; }; zone a { type primary; file "1"; allow-transfer { ::1; }; }; zone b { type primary; file "1"; };`, "options { notify no; allow-transfer { ::1; }; };", "zone a in view default: allow-transfer"},
		"zones override":      {`options { notify no; allow-transfer { any; }; allow-query { ::1; }; }; zone a { type primary; file "1"; allow-transfer { ::1; }; allow-query { any; }; };`, "options { notify no; allow-query { any; }; allow-transfer { ::1; }; allow-recursion { ::1; }; };", ""},
		"who may recurse":     {`options { notify no; allow-transfer { none; }; }; zone a { type primary; file "1"; allow-query { any; }; };`, "options { notify no; allow-transfer { none; }; allow-query { any; }; allow-recursion { localhost; localnets; }; };", ""},
		"a list refused":      {`options { notify no; allow-transfer port 853 { any; }; allow-query-on { ::1; }; allow-query { ::1; }; };`, "options { notify no; allow-transfer { none; }; allow-query { none; }; };", "allow-transfer port 853 { … } is not taken|allow-transfer { none; } is written|allow-query-on { … } is not taken|allow-query { none; } is written"},
		"policies of all":     {`options { notify no; allow-transfer { none; }; }; zone a { type primary; file "1"; update-policy local; };`, "options { notify no; allow-transfer { none; }; };", "update-policy local"},
		"files":               {`options { directory "/x"; pid-file "/y"; listen-on { any; }; notify no; allow-transfer { none; }; }; controls { };`, "options { notify no; allow-transfer { none; }; };", ""},
		"not allowed":         {`options { blackhole { any; }; notify no; allow-transfer { none; }; }; dlz x { };`, "options { notify no; allow-transfer { none; }; };", "blackhole { … }|dlz { … }"},
		"secrets":             {"options { cookie-secret \"aGVsZA==\"; notify no; allow-transfer { none; }; };", "options { notify no; allow-transfer { none; }; };", "cookie-secret is not taken"},
		"no effect":           {`options { disable-empty-zone "a"; notify no; allow-transfer { none; }; };`, "options { notify no; allow-transfer { none; }; };", "disable-empty-zone"},
		"later effect":        {`options { disable-empty-zone "a"; blackhole { any; }; empty-zones-enable yes; notify no; allow-transfer { none; }; };`, `options { empty-zones-enable yes; notify no; allow-transfer { none; }; disable-empty-zone "a"; };`, "blackhole"},
		"updates":             {"options { allow-update { any; }; allow-new-zones yes; notify no; allow-transfer { none; }; };", "options { notify no; allow-transfer { none; }; };", "allow-update|rndc addzone"},
		"log files":           {`logging { channel c { file "/var/log/x.log"; }; }; options { notify no; allow-transfer { none; }; };`, "options { notify no; allow-transfer { none; }; };", "logging"},
		"keys":                {`key k { algorithm hmac-sha256; secret "aGVsZA=="; }; options { notify no; allow-transfer { key k; }; };`, `key k { algorithm hmac-sha256; secret "aGVsZA=="; }; options { notify no; allow-transfer { key k; }; };`, ""},
	} {
		p := plan(t, c.text, nil)
		if got := strings.Join(strings.Fields(p.Main), " "); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
		open := !strings.Contains(strings.ReplaceAll(c.want, "allow-transfer { any; }", ""), "allow-") && !strings.Contains(c.want, "recursion no")
		if p.Restricts() == open {
			t.Errorf("%s: that it restricts anybody is %v", name, !open)
		}
		left := leftOut(p)
		wants := strings.Split(c.left, "|")
		if c.left == "" {
			wants = nil
		}
		if len(left) != len(wants) {
			t.Errorf("%s: left out are %q", name, left)
			continue
		}
		for _, want := range wants {
			if !slices.ContainsFunc(left, func(line string) bool { return strings.Contains(line, want) && !strings.Contains(line, "aGVsZA") }) {
				t.Errorf("%s: left out are %q", name, left)
			}
		}
	}
}
