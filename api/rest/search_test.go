package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// found is what a search replies.
type found struct {
	Zones, Views, Servers, Machines, Users []struct {
		ID                   int64
		Name, Host, Username string
	}
	Records []struct {
		ID         int64
		Name, Zone string
	}
	Next     *string
	TimedOut bool `json:"timed_out"`
}

func (s *stack) search(query string, options ...func(*http.Request)) found {
	s.t.Helper()
	return decoded[found](s, s.do("GET", "/v1/search?"+query, nil, options...))
}

// names are what was found, kind by kind.
func (f found) names() string {
	var all []string
	for _, z := range f.Zones {
		all = append(all, z.Name)
	}
	for _, r := range f.Records {
		all = append(all, r.Name+" in "+r.Zone)
	}
	for _, v := range f.Views {
		all = append(all, v.Name)
	}
	for _, s := range f.Servers {
		all = append(all, s.Host)
	}
	for _, m := range f.Machines {
		all = append(all, m.Name)
	}
	for _, u := range f.Users {
		all = append(all, u.Username)
	}
	return strings.Join(all, ", ")
}

// withFindings has a resource of each kind.
func withFindings(t *testing.T) *stack {
	t.Helper()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "any"})
	s.ok("POST", "/dns/views", m{"name": "lab", "acl": "any"})
	for _, zone := range []string{"example.com", "例子.test"} {
		s.ok("POST", "/dns/zones", m{"name": zone, "zone_type": "master", "view_ids": []int{1, 2}})
	}
	for _, r := range []m{
		{"zone_id": 1, "host": "www", "value": "192.0.2.1"}, {"zone_id": 1, "host": "@", "record_type": "TXT", "value": "office hours"},
		{"zone_id": 2, "host": "bücher", "record_type": "CNAME", "value": "www.example.com."},
	} {
		r["view_name"] = "office"
		s.ok("POST", "/dns/records", r)
	}
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "lab", "host": "www", "value": "192.0.2.2"})
	s.ok("POST", "/dns/servers", changed(aServer("1"), "host", "ns-office"))
	s.opsDo("POST", pathMachine, act("add", aMachine("office01", 7)))
	s.reader("officer")
	return s
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := withFindings(t)
	for q, want := range map[string]string{
		"ww.exam":      "www.example.com in example.com, xn--bcher-kva.xn--fsqu00a.test in xn--fsqu00a.test, www.example.com in example.com",
		"OFFICE":       "example.com in example.com, office, ns-office, office01, officer",
		" 例子.te ":      "xn--fsqu00a.test, xn--bcher-kva.xn--fsqu00a.test in xn--fsqu00a.test",
		"xn--fsqu00a.": "xn--fsqu00a.test, xn--bcher-kva.xn--fsqu00a.test in xn--fsqu00a.test",
		"192.0.2.2":    "www.example.com in example.com",
		"10.8.0":       "office01",
		"nothing":      "",
	} {
		got := s.search("q=" + url.QueryEscape(q))
		if got.names() != want || got.Next != nil || got.TimedOut {
			t.Errorf("%q: %q, want %q", q, got.names(), want)
		}
	}
	if got := s.search("q=office&kind=view,user").names(); got != "office, officer" {
		t.Errorf("two kinds: %q", got)
	}
}

// What was written is found by who asks for its position.
func TestSearchReadsOwnWrites(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "any"})
	got := s.ok("POST", "/dns/zones", m{"name": "example.com", "zone_type": "master", "view_ids": []int{1}})
	position := with("Opsledger-Min-Position", got.header.Get("Opsledger-Position"))
	if got := s.search("q=exam", position).names(); got != "example.com" {
		t.Errorf("%q", got)
	}
	s.stopProjections()
	if got := s.do("GET", "/v1/search?q=exam", nil, with("Opsledger-Min-Position", "100000")); got.status != 503 {
		t.Errorf("a position to come: %d %s", got.status, got.body)
	}
}

// Pages of all kinds go on until there is nothing more, and show each hit once.
func TestSearchPages(t *testing.T) {
	t.Parallel()
	s := withFindings(t)
	var all []string
	for query := "limit=1&q=" + url.QueryEscape("e"+"xam"); ; {
		got := s.search(query)
		if names := got.names(); names != "" {
			all = append(all, strings.Split(names, ", ")...)
		}
		if got.Next == nil {
			break
		}
		query = "limit=1&q=exam&cursor=" + *got.Next
	}
	slices.Sort(all)
	want := "example.com, example.com in example.com, www.example.com in example.com, www.example.com in example.com, xn--bcher-kva.xn--fsqu00a.test in xn--fsqu00a.test"
	if got := strings.Join(all, ", "); got != want {
		t.Errorf("%s", got)
	}
	for query, field := range map[string]string{
		"":             "q",
		"q=":           "q",
		"q=x":          "q",
		"q=%00x":       "q",
		"q=+x+":        "q",
		"q=%ff%ff":     "q",
		"q=ab&kind=x":  "kind",
		"q=ab&limit=0": "limit",
		"q=ab&more=1":  "more",
		"q=" + strings.Repeat("x", maxSoughtInTests+1): "q",
		"q=ab&cursor=x": "cursor", "q=ab&cursor=z0": "cursor", "q=ab&cursor=z1.": "cursor", "q=ab&cursor=r1.z1": "cursor", "q=ab&cursor=z1.z2": "cursor",
		"q=ab&cursor=z+1": "cursor", "q=ab&cursor=z-1": "cursor",
	} {
		if got := s.do("GET", "/v1/search?"+query, nil); got.status != 400 || !strings.Contains(got.body, `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
}

// maxSoughtInTests is how long what is looked for may be, as openapi.yaml has it.
const maxSoughtInTests = 1024

// Nobody finds what no list shows them.
func TestSearchShowsWhatListsShow(t *testing.T) {
	t.Parallel()
	s := withFindings(t)
	guest, plain := as(s.member("viewer", 7)), as(s.login("officer", "secret"))
	const q = "q=office"
	if got := s.search(q, plain).names(); got != "office" { // views are for everybody
		t.Errorf("who may nothing finds %q", got)
	}
	if got := s.search("q=www", plain).names(); got != "" {
		t.Errorf("who may nothing finds %q", got)
	}
	if got := s.search(q, guest).names(); got != "example.com in example.com, office" {
		t.Errorf("a guest of zones finds %q", got)
	}
	for restrict, want := range map[string]string{
		`{"zones":["xn--fsqu00a.test"]}`: "xn--bcher-kva.xn--fsqu00a.test in xn--fsqu00a.test",
		`{"types":["A"]}`:                "example.com, www.example.com in example.com, www.example.com in example.com",
		`{"names":["example.com"]}`:      "example.com, example.com in example.com",
		`{"read_only":true}`: "example.com, www.example.com in example.com, xn--bcher-kva.xn--fsqu00a.test in xn--fsqu00a.test, " +
			"example.com in example.com, www.example.com in example.com",
	} {
		body := `{"name":"robot","kind":"token","restrict":` + restrict + `}`
		token := as(field(t, s.done("POST", "/v1/credentials", body).body, "secret"))
		if got := s.search("q=example", token).names(); got != want {
			t.Errorf("%s finds %q, want %q", restrict, got, want)
		}
	}
	token := as(s.credential(m{"view": "lab"}))
	if got := s.search("q=www.example", token).names(); got != "www.example.com in example.com" {
		t.Errorf("a credential for a view finds %q", got)
	}
	narrow := as(s.credential(m{"restrict": m{"types": []string{"A"}}}))
	if got := s.search(q, narrow).names(); got != "" {
		t.Errorf("a narrow credential finds %q", got)
	}
	if got := s.search("q=office", as(s.credential(m{"view": "lab"}))).names(); got != "office, ns-office, office01, officer" {
		t.Errorf("a credential of a view finds %q", got)
	}
}
