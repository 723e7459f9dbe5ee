package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

// Of a large import a dry run shows what the generated records follow from before all else, and says
// that it does not show all. The chunks that are decided at a time have 2,000 changes at most.
func TestDryRunOfALargeImport(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office")
	const three = "$GENERATE 0-3499 h${0,5} A 192.0.2.1\n$GENERATE 0-3499 h${0,5} A 192.0.2.2\n$GENERATE 0-3499 h${0,5} A 192.0.2.3\n"
	said, got := s.dry("POST", "/v1/zones/1/import?mode=merge", "$TTL 60\n@ NS zz.dns\n"+three+"zz.dns A 192.0.2.53\n")
	if !said.DryRun || len(said.Diff) != 1 || !said.Diff[0].More {
		t.Fatalf("%d %.500s", got.status, got.body)
	}
	var lengths []int
	all := 0
	for _, e := range said.Events {
		var staged dns.RecordsStaged
		if e.Type == "RecordsStaged" {
			must(t, json.Unmarshal(e.Data, &staged))
			lengths = append(lengths, len(staged.Added))
			all += len(staged.Added)
		}
	}
	if lengths[0] != 1 || lengths[1] != 1 || all <= 10_000 || all >= 10_502 {
		t.Errorf("%d records are shown, %d and %d first", all, lengths[0], lengths[1])
	}
	if !slices.Contains(lengths, 2000/3*3%dns.MaxStaged) { // which ends a chunk of owners with three records each
		t.Errorf("no chunk ends among %v", lengths)
	}
	if warnings := strings.Join(got.header.Values("Opsledger-Warning"), "\n"); !strings.Contains(warnings, "of the 10502 records") {
		t.Errorf("warnings: %s", warnings)
	}
	for _, line := range slices.Concat(said.Diff[0].Added, said.Diff[0].Removed) {
		if text := short(line); strings.HasPrefix(text, "zz.dns.example.org. A ") && text != "zz.dns.example.org. A 192.0.2.53" {
			t.Errorf("%s is not what the file has", text)
		}
	}
}

// While an import is under way another one is refused with its path, dry run or not.
func TestDryRunOfAnImportMeanwhile(t *testing.T) {
	t.Parallel()
	s, importer := holding(newStack(t, stagedAbove(5)))
	withZone(s, "office")
	const file = "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\n"
	path := s.stages("mode=merge", file)
	real := s.do("POST", "/v1/zones/1/import?mode=merge", file)
	_, got := s.dry("POST", "/v1/zones/1/import?mode=merge", file)
	if got.status != http.StatusConflict || got.body != real.body || !strings.Contains(real.body, path) {
		t.Errorf("%d %s, a dry run %d %s", real.status, real.body, got.status, got.body)
	}
	(<-importer.jobs).Done()
}

// Why an import was refused is kept, also if the database is away at that moment.
func TestImportIsRefusedWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	s, importer := holding(newStack(t, stagedAbove(5)))
	withZone(s, "office")
	path := s.stages("mode=merge", "$TTL 60\n$GENERATE 1-30 h$ A 192.0.2.$\n", with("Authorization", s.credential(m{})))
	j := <-importer.jobs
	s.done("DELETE", "/v1/credentials/"+fmt.Sprint(j.Credential), nil)
	_, err := s.pool.Exec(t.Context(), `CREATE SEQUENCE failures;
		CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF nextval('failures') <= 2 THEN RAISE 'the database is away'; END IF;
			RETURN NEW;
		END $$;
		CREATE TRIGGER away BEFORE INSERT ON log.events FOR EACH ROW WHEN (NEW.type = 'ImportVoided') EXECUTE FUNCTION away()`)
	must(t, err)
	must(t, s.importer.Carry(t.Context(), j))
	if i := s.ended(path); i.State != "void" || i.Reason != "refused" || len(i.Errors) != 1 {
		t.Errorf("%+v", i)
	}
}
