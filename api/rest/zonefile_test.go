package rest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
)

// withZone has a zone, of id 1, in some views, and a server.
func withZone(s *stack, views ...string) {
	s.t.Helper()
	var ids []int
	for i, view := range views {
		s.ok("POST", "/dns/views", m{"name": view, "acl": "any"})
		ids = append(ids, i+1)
	}
	s.ok("POST", "/dns/zones", m{"name": "example.org", "zone_type": "master", "view_ids": ids})
	s.ok("POST", "/dns/servers", aServer("1"))
}

// imports sends a file that must be imported.
func (s *stack) imports(query, file, want string, options ...func(*http.Request)) reply {
	s.t.Helper()
	got := s.do("POST", "/v1/zones/1/import?"+query, file, options...)
	if got.status != http.StatusOK || want != "" && got.body != want {
		s.t.Fatalf("import: %d %s, want %s", got.status, got.body, want)
	}
	return got
}

// exported is the zone 1 in a view.
func (s *stack) exported(view string) string {
	s.t.Helper()
	got := s.do("GET", "/v1/zones/1/export?view="+view, nil)
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "text/dns" {
		s.t.Fatalf("export: %d %s", got.status, got.body)
	}
	return strings.ReplaceAll(got.body, "\t", " ") + "\n"
}

// end is the last position of the log.
func (s *stack) end() int64 {
	s.t.Helper()
	head, err := s.store.Head(s.t.Context())
	must(s.t, err)
	return int64(head.Position)
}

func counts(added, changed, removed, unchanged int) string {
	return fmt.Sprintf(`{"message":"OK","added":%d,"changed":%d,"removed":%d,"unchanged":%d}`, added, changed, removed, unchanged)
}

func TestExport(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office", "lab")
	s.ok("POST", "/dns/zones", m{"name": "out.example", "zone_group": 0, "zone_type": "master"})
	s.ok("POST", "/dns/zones", m{"name": "fwd.example", "zone_type": "forward only", "forwarders": "192.0.2.9", "view_ids": []int{1}})
	for path, says := range map[string]string{
		"1/export":            "view: ",
		"1/export?view=other": "view: ",
		"1/export?views=lab":  "views: ",
		"2/export":            "zone file",
		"3/export":            "zone file",
	} {
		if got := s.do("GET", "/v1/zones/"+path, nil, with("Opsledger-Language", "en")); got.status != 400 || !strings.Contains(got.body, says) {
			t.Errorf("%s: %d %s, want 400 with %s", path, got.status, got.body, says)
		}
	}
	if got := s.do("GET", "/v1/zones/77/export", nil); got.status != 404 {
		t.Errorf("no zone: %d %s", got.status, got.body)
	}
}

func TestExportIsCanonical(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office", "lab")
	for _, r := range []m{
		{"host": "z", "record_type": "TXT", "value": `"b"`}, {"host": "z", "record_type": "TXT", "value": `"a"`}, {"host": "a.b", "value": "192.0.2.2"},
		{"host": "Z", "record_type": "A", "value": "192.0.2.3"}, {"host": "b", "value": "192.0.2.1"}, {"host": "@", "record_type": "MX", "value": "10 Mail"},
		{"host": "*.b", "value": "192.0.2.4"},
	} {
		r["zone_id"], r["view_name"], r["ttl"] = 1, "office", 60
		s.ok("POST", "/dns/records", r)
	}
	serial := s.end()
	want := fmt.Sprintf(`example.org. 600 IN SOA master.example.org. hostmaster.example.org. %d 3600 600 604800 60
example.org. 600 IN NS master.example.org.
example.org. 60 IN MX 10 mail.example.org.
b.example.org. 60 IN A 192.0.2.1
*.b.example.org. 60 IN A 192.0.2.4
a.b.example.org. 60 IN A 192.0.2.2
master.example.org. 600 IN A 10.0.0.1
z.example.org. 60 IN A 192.0.2.3
z.example.org. 60 IN TXT "a"
z.example.org. 60 IN TXT "b"
`, serial)
	if got := s.exported("office"); got != want {
		t.Errorf("exported\n%swant\n%s", got, want)
	}
	if got := s.exported("lab"); strings.Count(got, "\n") != 3 {
		t.Errorf("the other view has\n%s", got)
	}
}

// Records that are the same stay, with id and comment; merge removes nothing.
func TestImport(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office", "lab")
	for _, host := range []string{"stays", "other", "gone"} {
		s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": host, "ttl": 60, "value": "192.0.2.1", "comment": "mine"})
	}
	const file = "$ORIGIN example.org.\n$TTL 60\nSTAYS A 192.0.2.1\nother 120 A 192.0.2.1\nnew TXT one \"two;\" ; three\n"
	before := s.end()
	got := s.imports("view=office&mode=merge", file, counts(1, 1, 0, 1), with("Idempotency-Key", "k"))
	if got.header.Get("Opsledger-Position") != fmt.Sprint(before+2) || s.end() != before+2 {
		t.Errorf("position %s, the log is at %d", got.header.Get("Opsledger-Position"), s.end())
	}
	again := s.imports("view=office&mode=merge", file, counts(1, 1, 0, 1), with("Idempotency-Key", "k"))
	if again.header.Get("Opsledger-Position") != got.header.Get("Opsledger-Position") || s.end() != before+2 {
		t.Error("a repeat did something")
	}
	for _, other := range []struct{ query, file string }{{"view=office&mode=replace", file}, {"view=office&mode=merge", file + "\n"}} {
		if got := s.do("POST", "/v1/zones/1/import?"+other.query, other.file, with("Idempotency-Key", "k")); got.status != 409 {
			t.Errorf("the key of another request: %d %s", got.status, got.body)
		}
	}
	got = s.imports("view=office&mode=merge", file, counts(0, 0, 0, 3))
	if got.header.Get("Opsledger-Position") != fmt.Sprint(before+2) || s.end() != before+2 {
		t.Error("an import that changes nothing appended something")
	}
	list := s.do("GET", "/dns/records?zone_id=1", nil).body
	if strings.Count(list, "mine") != 3 {
		t.Errorf("comments: %s", list)
	}
	s.imports("view=office&mode=replace", file, counts(0, 0, 1, 3))
	s.imports("view=lab&mode=merge", "x 5 A 192.0.2.7\n", counts(1, 0, 0, 0))
	text := s.exported("office")
	if strings.Contains(text, "gone") || strings.Contains(text, "192.0.2.7") || !strings.Contains(text, "other.example.org. 120 IN A") {
		t.Errorf("after replace\n%s", text)
	}
}

// What is exported is there already, generated records and the SOA among it, and makes the
// same zone of an empty one.
func TestImportOfExport(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office", "lab")
	s.ok("PUT", "/v1/zones/1/settings", m{"soa": m{"retry": 77}, "default_ttl": 99})
	for _, r := range []m{
		{"host": "www", "value": "192.0.2.1"}, {"host": "t", "record_type": "TXT", "value": `text; "as" it is`}, {"host": "l", "record_type": "TYPE65400", "value": `\# 2 0102`},
	} {
		r["zone_id"], r["view_name"] = 1, "office"
		s.ok("POST", "/dns/records", r)
	}
	before := s.end()
	file := s.exported("office")
	s.imports("view=office&mode=replace", file, counts(0, 0, 0, 5))
	if s.end() != before {
		t.Error("an import of what was exported appended something")
	}
	s.imports("view=lab&mode=replace", file, counts(3, 0, 0, 2))
	withoutSerial := func(text string) string {
		lines := strings.SplitAfter(text, "\n")
		f := strings.Fields(lines[0])
		f[6] = "0"
		lines[0] = strings.Join(f, " ")
		return strings.Join(lines, "")
	}
	if got := s.exported("lab"); withoutSerial(got) != withoutSerial(file) {
		t.Errorf("imported elsewhere:\n%swas\n%s", got, file)
	}
}

// A zone that moves in keeps its SOA, and its serials go on above the old one.
func TestImportTakesSOA(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office")
	const file = `@ 3600 IN SOA ns1.example.net. host\.master.example.net. (2026112801 2h 30m 4w 5m)
@ NS ns1
@ NS ns2.example.net.
ns1 A 192.0.2.53
www A 192.0.2.1
`
	s.imports("mode=replace", file, counts(4, 0, 0, 0))
	want := "example.org. 3600 IN SOA ns1.example.net. host\\.master.example.net. 2026112806 7200 1800 2419200 300\n"
	if got := s.exported("office"); !strings.HasPrefix(got, want) || strings.Contains(got, "master.example.org. ") {
		t.Errorf("exported\n%s", got)
	}
	before := s.end()
	s.imports("mode=replace", file, counts(0, 0, 0, 4))
	if s.end() != before {
		t.Error("the same file again appended something")
	}
}

// Each line that is to blame is named, nothing is appended, and the log's rules hold.
func TestImportRefused(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office", "lab")
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "www", "record_type": "CNAME", "value": "x"})
	before := s.end()
	for _, c := range []struct {
		query, file string
		status      int
		parts       []string
	}{
		{"view=office&mode=merge", "$TTL 5\nwww A 1.2.3.400\n$INCLUDE x\nok A 1.2.3.4\nbad..name A 1.2.3.4\n", 400, []string{`"line":2`, `"line":3`, `"line":5`}},
		{"view=office&mode=merge", "$TTL 5\nok A 1.2.3.4\nwww A 1.2.3.4\n", 400, []string{`"errors":[{"line":3,"error":`}},
		{"view=office&mode=merge", "@ 5 SOA 192.0.2.1. b.c. 1 2 3 4 5\n", 400, []string{`"line":1`, "soa.mname"}},
		{"view=office&mode=merge", "$TTL 5\nm MX 10 192.0.2.1\n", 400, []string{`"line":2`}},
		{"mode=merge", "", 400, []string{`"field":"view"`}},
		{"view=x&mode=merge", "", 400, []string{`"field":"view"`}},
		{"view=office", "", 400, []string{`"field":"mode"`}},
		{"view=office&mode=x", "", 400, []string{`"field":"mode"`}},
		{"view=office&mode=merge&more=1", "", 400, []string{`"field":"more"`}},
		{"view=office&mode=merge", "$TTL 5\n$GENERATE 1-20000 h A \"192.0.2.1;" + strings.Repeat("x", 50_000) + "\"\n", 413, []string{"64 MiB"}},
		{"view=office&mode=replace", "", 400, []string{"has no record of the zone"}},
	} {
		got := s.do("POST", "/v1/zones/1/import?"+c.query, c.file, with("Opsledger-Language", "en"))
		for _, part := range append(c.parts, `"message":"Failed"`) {
			if got.status != c.status || !strings.Contains(got.body, part) {
				t.Errorf("%s %.200q: %d %s, want %d with %s", c.query, c.file, got.status, got.body, c.status, part)
			}
		}
	}
	if got := s.do("POST", "/v1/zones/1/import?view=office&mode=merge", "x 5 A 1.2.3.4\n", with("If-Match", `"3"`)); got.status != 412 {
		t.Errorf("If-Match: %d %s", got.status, got.body)
	}
	if got := s.do("POST", "/v1/zones/77/import?mode=merge", "x 5 A 1.2.3.4\n"); got.status != 404 {
		t.Errorf("no zone: %d %s", got.status, got.body)
	}
	if s.end() != before {
		t.Error("refused, and the log grew")
	}
}

// A file is not read before it is known who sends it and what they may do, and not beyond its
// limit.
func TestImportReadsLate(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office")
	large := fmt.Sprint("; ", strings.Repeat("x", 9<<20), "\nx 5 A 192.0.2.1\n") // more than other bodies
	s.imports("mode=merge", large, counts(1, 0, 0, 0))
	for _, token := range []string{s.reader("nobody"), "wrong"} {
		body, unsent := io.Pipe() // of which nothing ever comes
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/v1/zones/1/import?mode=merge", body)
		must(t, err)
		r.Header.Set("Authorization", token)
		if got := s.send(r); got.status != 403 {
			t.Errorf("who may not: %d %s", got.status, got.body)
		}
		must(t, unsent.Close())
	}
	huge := strings.Repeat("; "+strings.Repeat("x", 1<<20)+"\n", 65)
	if got := s.do("POST", "/v1/zones/1/import?mode=merge", huge); got.status != 413 {
		t.Errorf("65 MiB: %d %s", got.status, got.body)
	}
}

// Whoever changes a record while a file is compared with it is not overrun, and no import is
// refused for it: the file is compared anew.
func TestImportAmongWrites(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office")
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "www", "ttl": 1, "value": "192.0.2.1"})
	var wg sync.WaitGroup
	wg.Go(func() {
		for ttl := range 60 {
			s.do("PUT", "/dns/records/1", m{"zone_id": 1, "view_name": "office", "host": "www", "ttl": 1000 + ttl, "value": "192.0.2.1"})
		}
	})
	for ttl := range 30 {
		got := s.do("POST", "/v1/zones/1/import?mode=replace", fmt.Sprintf("www %d A 192.0.2.1\n", 2000+ttl))
		done := strings.Contains(got.body, `"added":0,`) && strings.Contains(got.body, `"removed":0,`)
		if (got.status != http.StatusOK || !done) && got.status != http.StatusServiceUnavailable { // the record never comes to rest
			t.Errorf("import: %d %s", got.status, got.body)
		}
	}
	wg.Wait()
	if got := s.do("GET", "/dns/records/1", nil); got.status != http.StatusOK {
		t.Errorf("the record: %d %s", got.status, got.body)
	}
}

// A dry run decides as the import does, says what would be appended and what is served then, and
// appends nothing.
func TestDryRun(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office", "lab")
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "gone", "ttl": 60, "value": "192.0.2.1"})
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "slow", "ttl": 60, "value": "192.0.2.2"})
	const file = "@ 600 IN SOA master hostmaster 1 3600 600 604800 61\n@ NS ns1\n$TTL 30\nslow A 192.0.2.2\nwww A 192.0.2.1\n"
	before := s.end()
	dry := s.imports("view=office&mode=replace", file, "", with("Opsledger-Dry-Run", "true"), with("Idempotency-Key", "k"))
	var said struct {
		DryRun bool `json:"dry_run"`
		Events []struct {
			Type string
			Data json.RawMessage
		}
		Diff []struct {
			ZoneID         int64 `json:"zone_id"`
			View           string
			Removed, Added []string
		}
		Servers []int64
	}
	must(t, json.Unmarshal([]byte(dry.body), &said))
	if !said.DryRun || s.end() != before || len(said.Diff) != 2 || !strings.Contains(dry.body, `"config":null,"servers":[]`) {
		t.Fatalf("at %d, was at %d: %s", s.end(), before, dry.body)
	}
	real := s.imports("view=office&mode=replace", file, counts(2, 1, 1, 0), with("Idempotency-Key", "k"))
	if real.header.Get("Opsledger-Position") != fmt.Sprint(before+int64(len(said.Events))) {
		t.Errorf("%s, and %d events were announced", real.header.Get("Opsledger-Position"), len(said.Events))
	}
	stored, err := s.store.Read(t.Context(), domain.Position(before), 100)
	must(t, err)
	for i, e := range stored {
		data := string(e.Data)
		if e.Type == (dns.RecordAdded{}).EventType() {
			added, err := e.Decode(s.store.Codec())
			must(t, err)
			data = strings.Replace(data, fmt.Sprintf(`"id":%d,`, added.Event.(dns.RecordAdded).ID), `"id":null,`, 1)
		}
		if said.Events[i].Type != e.Type || string(said.Events[i].Data) != data {
			t.Errorf("announced %s %s, appended %s %s", said.Events[i].Type, said.Events[i].Data, e.Type, data)
		}
	}
	after := zoneLines(s.exported("office"))
	for _, line := range said.Diff[0].Added {
		if line = strings.ReplaceAll(line, "\t", " "); !slices.Contains(after, line) && !strings.Contains(line, " SOA ") {
			t.Errorf("announced and not there: %s in %q", line, after)
		}
	}
	for _, line := range said.Diff[0].Removed {
		if line = strings.ReplaceAll(line, "\t", " "); slices.Contains(after, line) {
			t.Errorf("announced as gone and there: %s", line)
		}
	}
	nothing := s.imports("view=office&mode=replace", file, "", with("Opsledger-Dry-Run", "true"))
	if nothing.body != `{"dry_run":true,"events":[],"diff":[],"config":null,"servers":[]}` {
		t.Errorf("nothing to do: %s", nothing.body)
	}
	refusedBoth := s.do("POST", "/v1/zones/1/import?view=office&mode=merge", "$TTL 5\nwww CNAME x\n")
	got := s.do("POST", "/v1/zones/1/import?view=office&mode=merge", "$TTL 5\nwww CNAME x\n", with("Opsledger-Dry-Run", "true"))
	if got.body != refusedBoth.body || got.status != 400 {
		t.Errorf("a dry run is refused with %s, the import with %s", got.body, refusedBoth.body)
	}
}

func zoneLines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }

// A caller is shown the servers that they may ACCESS and that have an agent.
func TestDryRunShowsServers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office")
	enroll(s, 1)
	s.ok("POST", "/dns/servers", aServer("2"))
	got := s.imports("mode=merge", "x 5 A 192.0.2.1\n", "", with("Opsledger-Dry-Run", "true"))
	if !strings.HasSuffix(got.body, `"servers":[1]}`) {
		t.Error(got.body)
	}
}

func enroll(s *stack, server int64) {
	s.t.Helper()
	cmd, err := dns.NewEnrollServer(server)
	must(s.t, err)
	_, err = s.store.Execute(s.t.Context(), eventstore.Request{Command: cmd, Door: domain.DoorSystem})
	must(s.t, err)
	s.awaitLog()
}
