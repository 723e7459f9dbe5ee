package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

// bindAPI is as much of the API as an import of a BIND asks, of an opsledger that has nothing.
type bindAPI struct {
	// replies are said to a method and a path, in place of the usual.
	replies map[string]func(http.ResponseWriter)
	// asked are the changes, by method and path, dry those that were asked for as dry runs.
	asked, dry []string
}

// usual are the replies of an opsledger that takes everything.
var usual = map[string]string{
	"GET /dns/bind_conf":      `{"bind_conf":"options { };"}`,
	"POST /dns/bind_conf":     `{"bind_conf":"x"}`,
	"GET /dns/views":          `{"total":0,"views":[]}`,
	"GET /v1/views/order":     `{"view_ids":[]}`,
	"GET /dns/zones":          `{"total":0,"zones":[]}`,
	"GET /v1/zones/7/export":  "a.test. 60 IN SOA . . 1 1 1 1 1\n",
	"GET /dns/records":        `{"total":0}`,
	"POST /v1/zones/7/import": `{"added":1}`,
}

func (a *bindAPI) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	what := r.Method + " " + r.URL.Path
	if r.Method != http.MethodGet {
		a.asked = append(a.asked, what)
	}
	if r.Header.Get("Opsledger-Dry-Run") != "" {
		a.dry = append(a.dry, what)
	}
	out.Header().Set("Opsledger-Id", "7")
	if reply, has := a.replies[what]; has {
		reply(out)
		return
	}
	if reply, has := usual[what]; has {
		fmt.Fprint(out, reply)
		return
	}
	fmt.Fprint(out, "{}")
}

func refusing(text string) func(http.ResponseWriter) {
	return func(out http.ResponseWriter) {
		out.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprintf(out, `{"error":%q}`, text)
	}
}

// importOf imports a configuration and files beside it.
func importOf(t *testing.T, a *bindAPI, conf string, files map[string]string) (said string, err error) {
	t.Helper()
	return runImport(t, a, bindImport{}, conf, files)
}

func runImport(t *testing.T, a *bindAPI, i bindImport, conf string, files map[string]string) (said string, err error) {
	t.Helper()
	s := httptest.NewServer(a)
	defer s.Close()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "named.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	i.client, i.Mode, i.Root = client{URL: s.URL, Token: "t"}, "merge", dir
	var out strings.Builder
	err = i.run(t.Context(), "/named.conf", &out, io.Discard)
	return out.String(), err
}

// Whose clients a view gets for another that was refused is told.
func TestViewRefused(t *testing.T) {
	t.Parallel()
	views := 0
	a := &bindAPI{replies: map[string]func(http.ResponseWriter){"POST /dns/views": func(out http.ResponseWriter) {
		if views++; views == 2 {
			refusing("no more")(out)
			return
		}
		fmt.Fprint(out, "{}")
	}}}
	said, err := importOf(t, a, "view a { }; view b { }; view c { };", nil)
	if err == nil || strings.Count(said, "left out: ") != 2 || !strings.Contains(said, "left out: view c also gets clients of view b,") {
		t.Errorf("%v: %s", err, said)
	}
}

// A dry run asks for everything, and changes nothing: a zone that is not there is asked for with the
// views and the records that it would have, and what would be refused is told by its record.
func TestDryRunAsksForAll(t *testing.T) {
	t.Parallel()
	batches := 0
	a := &bindAPI{replies: map[string]func(http.ResponseWriter){
		"GET /dns/views": func(out http.ResponseWriter) {
			fmt.Fprint(out, `{"total":1,"views":[{"id":3,"name":"b","acl":"any"}]}`)
		},
		"GET /v1/views/order": func(out http.ResponseWriter) { fmt.Fprint(out, `{"view_ids":[3]}`) },
		"POST /v1/batch": func(out http.ResponseWriter) {
			out.Header().Set("Opsledger-Warning", "operations[0]: odd")
			if batches++; batches == 2 {
				out.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(out, `{"message":"Failed","error":"2 operations","results":[{"index":2,"error":"no"},{"index":3,"error":"nor this"}]}`)
				return
			}
			fmt.Fprint(out, `{"dry_run":true}`)
		},
	}}
	conf := "options { recursion no; }; view a { match-clients { 10.0.0.1; }; " + oneZone + " }; view b { " + oneZone + " };"
	files := map[string]string{"a.db": "@ 60 SOA . . 7 1 1 1 1\nw 60 A 192.0.2.1\nx 60 A 192.0.2.2\n"}
	said, err := runImport(t, a, bindImport{DryRun: true}, conf, files)
	want := []string{"POST /dns/bind_conf", "POST /dns/views", "POST /v1/batch", "POST /v1/batch", "POST /v1/batch"}
	if err == nil || !slices.Equal(a.asked, want) || !slices.Equal(a.dry, want) {
		t.Errorf("%v: %v, dry %v: %s", err, a.asked, a.dry, said)
	}
	for _, line := range []string{
		"view a would be for 10.0.0.1\n", "view b is unchanged\n", "zone a.test, master, in a, b: it would be made\n",
		"zone a.test in view a: w A 192.0.2.1: no; x A 192.0.2.2: nor this\n", "zone a.test in view b: 3 records would come, serial above 7\n",
	} {
		if !strings.Contains(said, line) {
			t.Errorf("%q is not said: %s", line, said)
		}
	}
	if strings.Count(said, "odd") != 1 {
		t.Errorf("a warning of what each batch begins with is said again: %s", said)
	}
}

// The records of a trial go in parts that the server takes, those of a host together.
func TestPartsOfATrial(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 60_000)
	for name, c := range map[string]struct {
		records int
		host    func(int) string
		value   string
		part    int
	}{
		"few":           {3, strconv.Itoa, "x", 3},
		"many":          {6000, strconv.Itoa, "x", 5000},
		"many of hosts": {6000, func(i int) string { return strconv.Itoa(i / 3) }, "x", 5001},
		"long":          {200, strconv.Itoa, long, 70},
		"of one host":   {80, func(int) string { return "h" }, long, 80},
		"none":          {0, strconv.Itoa, "x", 0},
	} {
		records := make([]dns.RecordData, c.records)
		for i := range records {
			records[i] = dns.RecordData{Host: c.host(i), Type: "TXT", TTL: 60, Value: c.value}
		}
		if part, err := trialPart(records, 1, "v"); err != nil || len(part) != c.part {
			t.Errorf("%s: %d records, %v", name, len(part), err)
		}
	}
}

// A large import that comes to nothing is left out, and the next zone is taken.
func TestVoidImport(t *testing.T) {
	t.Parallel()
	imports := 0
	a := &bindAPI{replies: map[string]func(http.ResponseWriter){
		"POST /v1/zones/7/import": func(out http.ResponseWriter) {
			imports++
			out.Header().Set("Location", "/v1/imports/1")
			out.WriteHeader(http.StatusAccepted)
		},
		"GET /v1/imports/1": func(out http.ResponseWriter) { fmt.Fprint(out, `{"state":"void","reason":"the zone has changed"}`) },
	}}
	said, err := importOf(t, a, oneZone+strings.Replace(oneZone, "a.test", "b.test", 1), map[string]string{"a.db": "@ 60 SOA . . 1 1 1 1 1\n"})
	if err == nil || imports != 2 || strings.Count(said, "left out: ") != 2 || strings.Count(said, "came to nothing: the zone has changed") != 2 {
		t.Errorf("%d imports, %v: %s", imports, err, said)
	}
}

// The serial of a zone is raised by two steps if this run has made the zone, and no other one.
func TestTwoStepsForNewZonesAlone(t *testing.T) {
	t.Parallel()
	for _, present := range []bool{false, true} {
		a := &bindAPI{}
		if present {
			a.replies = map[string]func(http.ResponseWriter){"GET /dns/zones": func(out http.ResponseWriter) {
				fmt.Fprint(out, `{"total":1,"zones":[{"id":7,"name":"a.test","zone_group":1,"zone_type":"master"}]}`)
			}}
		}
		said, err := importOf(t, a, oneZone, map[string]string{"a.db": "@ 60 SOA . . 3000000000 1 1 1 1\n"})
		want := []string{"PUT /v1/zones/7/settings", "POST /v1/zones/7/import"}
		if present {
			want = []string{"PUT /dns/zones/7", "POST /v1/zones/7/import"}
		}
		if err != nil || len(a.asked) < 2 || !slices.Equal(a.asked[len(a.asked)-2:], want) || strings.Contains(said, "it is made") == present {
			t.Errorf("%v, %v: %s", err, a.asked, said)
		}
	}
}

const oneZone = `zone a.test { type primary; file "a.db"; };`

// A configuration that is refused as a whole ends the run, if it keeps anybody off.
func TestConfigurationRefused(t *testing.T) {
	t.Parallel()
	for options, ends := range map[string]bool{"": false, "allow-query { ::1; };": true, "recursion no;": true, "allow-query { any; }; recursion yes;": false} {
		a := &bindAPI{replies: map[string]func(http.ResponseWriter){"POST /dns/bind_conf": refusing("not so")}}
		said, err := importOf(t, a, "options { "+options+" };"+oneZone, map[string]string{"a.db": "@ 60 SOA . . 1 1 1 1 1\n"})
		if err == nil || slices.Contains(a.asked, "POST /dns/views") == ends || strings.Contains(err.Error(), "so nothing else is") != ends {
			t.Errorf("%s: %v, %v, %s", options, err, a.asked, said)
		}
	}
}
