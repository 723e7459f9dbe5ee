package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zoneimport"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/control/imports"
)

// stagedAbove stages imports of more than so many changes.
func stagedAbove(n int) func(*config) { return func(c *config) { c.StageAbove = n } }

// held carries imports out when it is told to.
type held struct {
	*imports.Importer
	jobs chan *zoneimport.Job
}

func (h *held) Carry(_ context.Context, j *zoneimport.Job) error {
	h.jobs <- j
	return nil
}

// holding keeps the imports that begin.
func holding(s *stack) (*stack, *held) {
	h := &held{jobs: make(chan *zoneimport.Job, 1), Importer: s.importer}
	return s.reopened(func(c *config) { c.Imports = h }), h
}

// stages sends a file that must be staged, and returns the path of the import.
func (s *stack) stages(query, file string, options ...func(*http.Request)) string {
	s.t.Helper()
	got := s.do("POST", "/v1/zones/1/import?"+query, file, options...)
	if got.status != http.StatusAccepted {
		s.t.Fatalf("import: %d %s", got.status, got.body)
	}
	return got.header.Get("Location")
}

// imported is an import as the API shows it.
type imported struct {
	State, Reason           string
	Read, Changes, Appended int
	Position                int64
	Errors                  []dns.ImportError
}

func (s *stack) imported(path string) (i imported) {
	s.t.Helper()
	must(s.t, json.Unmarshal([]byte(s.done("GET", path, nil).body), &i))
	return i
}

// ended waits for the end of an import.
func (s *stack) ended(path string) imported {
	s.t.Helper()
	var i imported
	testkit.Eventually(s.t, "the import ends", func() bool {
		i = s.imported(path)
		return i.State != "running"
	})
	return i
}

// A large import is seen as a whole from its end on, with ids and comments kept.
func TestStagedImport(t *testing.T) {
	t.Parallel()
	s := newStack(t, stagedAbove(5))
	withZone(s, "office", "lab")
	for _, host := range []string{"stays", "other", "gone"} {
		s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": host, "ttl": 60, "value": "192.0.2.1", "comment": "mine"})
	}
	const file = "$TTL 60\n@ SOA m h 1 1 2 3 4\nSTAYS A 192.0.2.1\nother 120 A 192.0.2.1\n$GENERATE 1-50 h$ A 192.0.2.$\n"
	path := s.stages("view=office&mode=replace", file, with("Idempotency-Key", "k"))
	if again := s.stages("view=office&mode=replace", file, with("Idempotency-Key", "k")); again != path {
		t.Errorf("a repeat is at %s, not %s", again, path)
	}
	i := s.ended(path)
	if i.State != "done" || i.Read != 52 || i.Changes != 52 || i.Appended != 52 || i.Position != s.end() {
		t.Errorf("%+v, the log ends at %d", i, s.end())
	}
	text := s.exported("office")
	for _, line := range []string{"m.example.org. h.example.org. ", "stays.example.org. 60 IN A", "other.example.org. 120 IN A", "h50.example.org. 60 IN A 192.0.2.50"} {
		if !strings.Contains(text, line) {
			t.Errorf("%s is missing in\n%s", line, text)
		}
	}
	if strings.Contains(text, "gone") || !strings.Contains(text, fmt.Sprint(" ", i.Position, " ")) {
		t.Errorf("what went is there, or the serial is not %d:\n%s", i.Position, text)
	}
	list := s.done("GET", "/dns/records?zone_id=1&pageSize=100", nil).body
	if strings.Count(list, "mine") != 2 || !strings.Contains(list, `"totalSize":52`) && !strings.Contains(list, `"total":52`) {
		t.Errorf("records: %.400s", list)
	}
	if logs := s.done("GET", "/dns/oplogs", nil).body; strings.Count(logs, "新增记录数: 50") == 0 {
		t.Errorf("the operation log has no entry: %.300s", logs)
	}
	// What came by the import is changed like anything else, and imported into again.
	s.imports("view=office&mode=replace", file, counts(0, 0, 0, 52))
	if i := s.ended(s.stages("view=office&mode=replace", strings.ReplaceAll(file, "$TTL 60", "$TTL 90"))); i.State != "done" || i.Appended != 51 {
		t.Errorf("again: %+v", i)
	}
	s.ended(s.stages("view=office&mode=replace", "@ SOA m h 1 1 2 3 4\nh7 90 A 192.0.2.7\n"))
	s.imports("view=office&mode=merge", "h7 30 A 192.0.2.7\n", counts(0, 1, 0, 0))
	if text := s.exported("office"); strings.Count(text, "h7.example.org. 30") != 1 || strings.Contains(text, "h8") {
		t.Errorf("after it:\n%s", text)
	}
}

// While an import is under way nothing of it is seen, and its zone is left alone.
func TestImportUnderWay(t *testing.T) {
	t.Parallel()
	s, importer := holding(newStack(t, stagedAbove(5)))
	withZone(s, "office", "lab")
	s.ok("POST", "/dns/zones", m{"name": "free.example", "zone_type": "master", "view_ids": []int{1}})
	before := s.exported("office")
	path := s.stages("view=office&mode=merge", "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\n")
	j := <-importer.jobs
	for _, refused := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/dns/records", m{"zone_id": 1, "view_name": "lab", "host": "x", "value": "192.0.2.1"}},
		{"PUT", "/v1/zones/1/settings", m{"default_ttl": 60}},
		{"DELETE", "/dns/zones/1", nil},
		{"POST", "/v1/zones/1/import?view=lab&mode=merge", "x 60 A 192.0.2.1\n"},
		{"POST", "/v1/zones/1/import?view=lab&mode=merge", "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\n"},
	} {
		got := s.do(refused.method, refused.path, refused.body)
		busy := refused.method == "POST" && strings.Contains(fmt.Sprint(refused.body), "GENERATE") && got.status == 429
		if !busy && (got.status != 409 || !strings.Contains(got.body, path)) {
			t.Errorf("%s %s: %d %s", refused.method, refused.path, got.status, got.body)
		}
	}
	s.ok("POST", "/dns/records", m{"zone_id": 2, "view_name": "office", "host": "x", "value": "192.0.2.1"})
	s.applied(dns.NewStageRecords(j.Plan.Parts.Take(j.Plan.Parts.Len(), j.ID)))
	if i := s.imported(path); i.State != "running" || i.Appended != 30 {
		t.Errorf("%+v", i)
	}
	if text := s.exported("office"); text != before {
		t.Errorf("it shows\n%s", text)
	}
	if list := s.done("GET", "/dns/records?zone_id=1", nil).body; strings.Contains(list, "192.0.2.30") {
		t.Errorf("it shows %s", list)
	}

	// It is cancelled, and can be cancelled again.
	for range 2 {
		s.done("DELETE", path, nil)
	}
	if i := s.imported(path); i.State != "void" || i.Reason != "cancelled" {
		t.Errorf("%+v", i)
	}
	if _, err := s.store.Execute(t.Context(), finish(j)); err == nil {
		t.Error("a void import is done")
	}
	j.Done()
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "lab", "host": "x", "value": "192.0.2.1"})
	if text := s.exported("office"); strings.Contains(text, "h30") {
		t.Errorf("it shows\n%s", text)
	}
	s.imports("view=office&mode=replace", "$TTL 60\nh30 A 192.0.2.30\n", counts(1, 0, 0, 0))
}

func finish(j *zoneimport.Job) eventstore.Request {
	e := dns.ZoneImported{Import: j.ID, ZoneID: j.ZoneID, ViewID: j.ViewID, ImportCounts: j.Plan.Counts}
	return eventstore.Request{Command: dns.NewFinishImport(e, j.Plan.Settings), Door: domain.DoorSystem}
}

// applied appends what a command of the system decides, and waits for the read models.
func (s *stack) applied(c domain.Command) {
	s.t.Helper()
	receipt, err := s.store.Execute(s.t.Context(), eventstore.Request{Command: c, Door: domain.DoorSystem})
	must(s.t, err)
	must(s.t, s.cfg.Progress.Wait(s.t.Context(), domain.ContextDNS, receipt.Last))
}

// An import whose process has ended is void soon, and one whose hour is over at once.
func TestImportIsAbandoned(t *testing.T) {
	t.Parallel()
	s, importer := holding(newStack(t, stagedAbove(5)))
	withZone(s, "office")
	path := s.stages("mode=merge", "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\n")
	j := <-importer.jobs
	must(t, s.importer.Sweep(t.Context()))
	if i := s.imported(path); i.State != "running" {
		t.Errorf("it is claimed, and is %+v", i)
	}
	j.Done() // as if its process had ended
	must(t, s.importer.Sweep(t.Context()))
	if i := s.ended(path); i.State != "void" || i.Reason != "abandoned" {
		t.Errorf("%+v", i)
	}
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "x", "value": "192.0.2.1"})
}

// A record that was written in the moment before the import began has it compared anew.
func TestImportIsMadeAnew(t *testing.T) {
	t.Parallel()
	s, importer := holding(newStack(t, stagedAbove(5)))
	withZone(s, "office")
	const file = "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\n"
	path := s.stages("mode=replace", file)
	j := <-importer.jobs
	j.Plan.Written-- // as if it was made from an earlier state
	j.Plan.Parts = nil
	must(t, s.importer.Carry(t.Context(), j))
	if i := s.ended(path); i.State != "done" || i.Appended != 30 {
		t.Errorf("%+v", i)
	}
}

// What stands against the new plan of an import that has begun is told by its lines.
func TestImportMadeAnewIsRefused(t *testing.T) {
	t.Parallel()
	s, importer := holding(newStack(t, stagedAbove(5)))
	withZone(s, "office")
	path := s.stages("mode=merge", "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\nx A 192.0.2.1\n", with("Opsledger-Language", "en"))
	j := <-importer.jobs
	s.applied(testkit.Events{dns.RecordAdded{ID: 1 << 40, ZoneID: 1, Record: dns.RecordData{ // as if it had come before the begin
		ViewID: 1, Host: "x", Type: "CNAME", TTL: 60, Value: "y",
	}}})
	must(t, s.importer.Carry(t.Context(), j))
	i := s.ended(path)
	if i.State != "void" || i.Reason != "refused" || len(i.Errors) != 1 || i.Errors[0].Line != 3 || !strings.Contains(i.Errors[0].Error, "CNAME") ||
		strings.ContainsFunc(i.Errors[0].Error, func(r rune) bool { return r > 0x7e }) {
		t.Errorf("%+v", i)
	}
}

// An import whose zone cannot be read at the moment goes on when it can.
func TestImportReadsAgain(t *testing.T) {
	t.Parallel()
	s, importer := holding(newStack(t, stagedAbove(5)))
	withZone(s, "office")
	path := s.stages("mode=merge", "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\n")
	j := <-importer.jobs
	j.Plan.Written-- // so that it reads
	again, failures := j.Again, 2
	j.Again = func(ctx context.Context) (zoneimport.Plan, error) {
		if failures--; failures >= 0 {
			return zoneimport.Plan{}, errors.New("the connection broke")
		}
		return again(ctx)
	}
	must(t, s.importer.Carry(t.Context(), j))
	if i := s.ended(path); i.State != "done" || i.Appended != 30 || len(i.Errors) != 0 {
		t.Errorf("%+v", i)
	}
}

// Whoever loses the right to it has the import come to nothing.
func TestImportOfWhoMayNoMore(t *testing.T) {
	t.Parallel()
	s, importer := holding(newStack(t, stagedAbove(5)))
	withZone(s, "office")
	token := s.credential(m{})
	path := s.stages("mode=merge", "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\n", with("Authorization", token))
	j := <-importer.jobs
	if j.Credential == 0 {
		t.Fatal("the job has no credential")
	}
	s.done("DELETE", fmt.Sprint("/v1/credentials/", j.Credential), nil)
	must(t, s.importer.Carry(t.Context(), j))
	if i := s.ended(path); i.State != "void" || i.Reason != "refused" || len(i.Errors) != 1 || i.Errors[0].Line != 0 {
		t.Errorf("%+v", i)
	}
}

// A large file is refused as a small one is, and nothing is appended.
func TestStagedImportIsRefused(t *testing.T) {
	t.Parallel()
	s := newStack(t, stagedAbove(5))
	withZone(s, "office")
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "taken", "record_type": "CNAME", "value": "x"})
	const many = "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\n"
	before := s.end()
	for _, c := range []struct {
		name, file string
		lines      []int
	}{
		{"a record beside an alias that is there", many + "taken A 192.0.2.1\n", []int{3}},
		{"a record beside an alias of the file", many + "x CNAME y\nx A 192.0.2.1\n", []int{4}},
		{"a bad value", many + "x A 192.0.2.1000\n", []int{3}},
		{"a DS without NS", many + "x DS 1 8 2 " + strings.Repeat("ab", 32) + "\n", []int{3}},
		{"a name server that is an alias", many + "@ NS zz\nzz CNAME y\n", []int{3, 4}},
		{"a name server below a DNAME", many + "@ NS a.zz\n@ NS out.example.\nzz DNAME y\n", []int{3, 5}},
	} {
		got := s.do("POST", "/v1/zones/1/import?mode=merge", c.file)
		var said struct{ Errors []struct{ Line int } }
		_ = json.Unmarshal([]byte(got.body), &said)
		lines := []int{}
		for _, e := range said.Errors {
			lines = append(lines, e.Line)
		}
		if got.status != 400 || fmt.Sprint(lines) != fmt.Sprint(c.lines) {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
	if s.end() != before {
		t.Error("something was appended")
	}
	// The alias goes with the import, and so does not stand against it.
	if i := s.ended(s.stages("mode=replace", many+"taken A 192.0.2.1\n@ NS taken\n")); i.State != "done" {
		t.Errorf("%+v", i)
	}
}

// The bounds of a credential hold for a large import as for a small one.
func TestStagedImportIsBounded(t *testing.T) {
	t.Parallel()
	s := newStack(t, stagedAbove(5))
	withZone(s, "office", "lab")
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "mine", "value": "192.0.2.1"})
	narrow := with("Authorization", s.credential(m{"restrict": m{"names": []string{"*.sub.example.org"}, "zones": []string{"example.org"}}}))
	elsewhere := with("Authorization", s.credential(m{"view": "lab"}))
	const inside = "$TTL 60\n$GENERATE 1-30 $.sub A 192.0.2.$\n"
	before := s.end()
	for name, c := range map[string]struct {
		mode, file string
		who        func(*http.Request)
	}{
		"another name":     {"merge", inside + "other A 192.0.2.1\n", narrow},
		"to remove others": {"replace", inside, narrow},
		"another view":     {"merge", inside, elsewhere},
		"the settings":     {"merge", inside + "@ SOA a b 1 2 3 4 5\n", narrow},
	} {
		if got := s.do("POST", "/v1/zones/1/import?view=office&mode="+c.mode, c.file, c.who); got.status != 403 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if s.end() != before {
		t.Error("something was appended")
	}
	path := s.stages("view=office&mode=merge", inside, narrow)
	if i := s.ended(path); i.State != "done" || i.Appended != 30 {
		t.Errorf("%+v", i)
	}
	if got := s.do("GET", path, nil, elsewhere); got.status != 403 {
		t.Errorf("an import into another view: %d %s", got.status, got.body)
	}
	// A credential for some records alone sees its own imports, and one for the whole zone all.
	theirs := s.stages("view=office&mode=merge", "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\n")
	s.ended(theirs)
	whole := with("Authorization", s.credential(m{"restrict": m{"zones": []string{"example.org"}}}))
	other := with("Authorization", s.credential(m{"restrict": m{"types": []string{"A"}}}))
	for _, c := range []struct {
		who    func(*http.Request)
		path   string
		status int
	}{{narrow, path, 200}, {narrow, theirs, 403}, {other, path, 403}, {other, theirs, 403}, {whole, path, 200}, {whole, theirs, 200}} {
		if got := s.do("GET", c.path, nil, c.who); got.status != c.status {
			t.Errorf("GET %s: %d %s, want %d", c.path, got.status, got.body, c.status)
		}
	}
}

// A dry run of a large import says what it would do.
func TestStagedImportDryRun(t *testing.T) {
	t.Parallel()
	s := newStack(t, stagedAbove(5))
	withZone(s, "office")
	before := s.end()
	got := s.do("POST", "/v1/zones/1/import?mode=merge", "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\n", with("Opsledger-Dry-Run", "true"))
	if got.status != 200 || strings.Count(got.body, "IN\\tA\\t") != 30 || !strings.Contains(got.body, "RecordsStaged") ||
		strings.Count(got.body, `"id":null`) != 30 || !strings.Contains(got.body, `"import":null`) ||
		!strings.Contains(fmt.Sprint(got.header["Opsledger-Warning"]), "staged") || s.end() != before {
		t.Errorf("%d %v %s", got.status, got.header, got.body)
	}
}
