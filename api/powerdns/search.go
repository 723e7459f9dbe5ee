package powerdns

import (
	"context"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

const (
	// defaultFound is how much is found where a client does not say, maxFound at most.
	defaultFound, maxFound = 100, 1000
	// maxSought is how many octets of a pattern there are at most: each is compared with each of a text's.
	maxSought = 1024
	// searchTime is how long the records are looked through for one reply.
	searchTime = 2 * time.Second
)

// sought is what is looked for: a text in which "*" stands for any text and "?" for one character.
type sought struct {
	pattern string
	max     int
	kind    string
}

func readSought(q *api.Params) sought {
	s := sought{pattern: strings.ToLower(api.Given(q.Text("q"))), max: defaultFound, kind: api.Given(q.Text("object_type"))}
	most := q.Integer("max")
	switch {
	case q.Err != nil:
	case s.pattern == "":
		q.Err = domain.Refused("Query q can't be blank")
	case len(s.pattern) > maxSought:
		q.Err = domain.Refused("q must not have more than %d octets", maxSought)
	case most != nil && *most < 1:
		q.Err = domain.Refused("Maximum entries must be larger than 0")
	case s.kind != "" && s.kind != "all" && s.kind != "zone" && s.kind != "record" && s.kind != "comment":
		q.Err = domain.Refused("object_type must be one of the following options: all, zone, record, comment")
	}
	if most != nil {
		s.max = int(min(*most, maxFound))
	}
	return s
}

func (s sought) wants(kind string) bool { return s.kind == "" || s.kind == "all" || s.kind == kind }

// matches says whether a text is as the pattern says, without case.
func (s sought) matches(text string) bool { return matches(s.pattern, strings.ToLower(text)) }

// matchesName is matches for a name, with or without its final dot.
func (s sought) matchesName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	return s.matches(name) || s.matches(name+".")
}

func matches(pattern, text string) bool {
	// star is where the last asterisk stands, and from where its text is tried to go on.
	star, from, p := -1, 0, 0
	for t := 0; t < len(text); {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// literal is the longest part of the pattern without wildcards: all that matches has it.
func (s sought) literal() (longest string) {
	for _, part := range strings.FieldsFunc(s.pattern, func(c rune) bool { return c == '*' || c == '?' }) {
		if len(part) > len(longest) {
			longest = part
		}
	}
	return longest
}

// foundBody is what is found: a zone, a record or the comment of one.
type foundBody struct {
	ObjectType string  `json:"object_type"`
	ZoneID     string  `json:"zone_id"`
	Zone       string  `json:"zone,omitempty"`
	Name       string  `json:"name"`
	Type       string  `json:"type,omitempty"`
	TTL        *uint32 `json:"ttl,omitempty"`
	Disabled   *bool   `json:"disabled,omitempty"`
	Content    string  `json:"content,omitempty"`
}

// search finds zones by name, and records by name, content or comment, among those of the server.
func (a *API) search(c echo.Context) error {
	at, err := a.serverOf(c)
	if err != nil {
		return err
	}
	q := api.ReadQuery(c.Request())
	s := searching{API: a, asker: askerOf(c), server: at, sought: readSought(q), end: time.Now().Add(searchTime), found: []foundBody{}}
	if q.Err != nil {
		return q.Err
	}
	leave, err := a.searches.Take(c.Request().Context(), api.Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	if s.wants("zone") {
		err = s.zones(c.Request().Context())
	}
	if err == nil && (s.wants("record") || s.wants("comment")) {
		err = s.records(c.Request().Context())
	}
	if err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, s.found)
}

// searching is one search on its way.
type searching struct {
	*API
	asker
	sought
	server server
	end    time.Time
	found  []foundBody
}

func (s *searching) full() bool { return len(s.found) >= s.max }

func (s *searching) zones(ctx context.Context) error {
	by := dnsmodel.Search{Text: strings.TrimSuffix(s.literal(), "."), Before: math.MaxInt64, Limit: pageOfZones}
	for {
		zones, err := s.DNS.SearchZones(ctx, s.viewer, by)
		if err != nil {
			return err
		}
		for _, z := range zones {
			_, elsewhere := inView(z, s.server, "")
			if elsewhere != nil || dns.HaveZoneFile(z.ZoneData) != nil || !s.matchesName(dns.FoldName(z.Name)) {
				continue
			}
			s.found = append(s.found, foundBody{ObjectType: "zone", ZoneID: idOf(dns.FoldName(z.Name)), Name: zonedata.Absolute(z.Name)})
			if s.full() {
				return nil
			}
		}
		if len(zones) < by.Limit {
			return nil
		}
		by.Before = zones[len(zones)-1].ID
	}
}

// records looks through the records, newest first, for as long as a search may take.
func (s *searching) records(ctx context.Context) error {
	by := dnsmodel.Search{Text: strings.TrimSuffix(s.literal(), "."), Before: math.MaxInt64, Limit: pageOfZones}
	if s.kind == "comment" {
		by.Text = "" // which is looked for in names and values
	}
	seen := map[int64]*place{}
	for !s.full() && by.Before > 0 && time.Now().Before(s.end) {
		records, next, err := s.DNS.SearchRecords(ctx, s.viewer, by, s.end)
		if err != nil {
			return err
		}
		if err := s.zonesOf(ctx, records, seen); err != nil {
			return err
		}
		for _, r := range records {
			if ctx.Err() != nil || s.full() || time.Now().After(s.end) {
				return ctx.Err()
			}
			if at := seen[r.ZoneID]; at != nil && at.view == r.ViewID {
				if err := s.record(at, r); err != nil {
					return err
				}
			}
		}
		by.Before = next
	}
	return nil
}

// zonesOf finds the zones of records on the server; nil stands for one that is not there.
func (s *searching) zonesOf(ctx context.Context, records []dnsmodel.Record, seen map[int64]*place) error {
	for _, r := range records {
		if _, known := seen[r.ZoneID]; known {
			continue
		}
		seen[r.ZoneID] = nil
		id := r.ZoneID
		zones, _, err := s.DNS.Zones(ctx, s.viewer, dnsmodel.ZoneFilter{ID: &id}, query.One())
		if err != nil {
			return err
		}
		if len(zones) == 1 && dns.HaveZoneFile(zones[0].ZoneData) == nil {
			if at, elsewhere := inView(zones[0], s.server, ""); elsewhere == nil {
				seen[r.ZoneID] = &at
			}
		}
	}
	return nil
}

// record adds what is found in a record.
func (s *searching) record(at *place, r dnsmodel.Record) error {
	name := dns.FullName(dns.FoldName(r.Host), dns.FoldName(at.Zone.Name))
	content, err := zoneupdate.Content(dns.FoldName(at.Zone.Name), r.RecordData)
	if err != nil {
		return err
	}
	found := foundBody{ZoneID: idOf(dns.FoldName(at.Zone.Name)), Zone: at.name(), Name: name + ".", Type: r.Type}
	if s.wants("record") && (s.matchesName(name) || s.matchesName(content)) {
		found.ObjectType, found.Content, found.TTL, found.Disabled = "record", content, &r.TTL, new(bool)
		s.found = append(s.found, found)
	}
	if s.wants("comment") && r.Comment != "" && !s.full() && (s.matchesName(name) || s.matches(r.Comment)) {
		found.ObjectType, found.Content, found.TTL, found.Disabled = "comment", r.Comment, nil, nil
		s.found = append(s.found, found)
	}
	return nil
}
