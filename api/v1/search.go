package v1

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/rights"
)

const (
	// minSought and maxSought bound the text that is looked for, in octets: nearly
	// everything has each single letter in it.
	minSought, maxSought = 2, 1024
	// searchTime is how long the records are looked through for one reply. One search takes a
	// processor of the database for as long.
	searchTime = 2 * time.Second
)

// placesOfSearches bounds how many searches are in work at once; others wait in line.
func placesOfSearches() *api.Places {
	return api.NewPlaces(api.PlaceLimits{What: "searches", Most: 2, Each: 1, Line: 4})
}

// foundKind is a kind of what is found, by the letter that a cursor has for it.
type foundKind byte

// The kinds, in the order in which they are looked for: what costs most comes last.
const (
	foundZones    foundKind = 'z'
	foundViews    foundKind = 'v'
	foundServers  foundKind = 's'
	foundMachines foundKind = 'm'
	foundUsers    foundKind = 'u'
	foundRecords  foundKind = 'r'
)

// namedKind is a kind as the parameter "kind" has it.
type namedKind struct {
	name string
	kind foundKind
}

var kindNames = []namedKind{
	{"zone", foundZones}, {"view", foundViews}, {"server", foundServers}, {"machine", foundMachines}, {"user", foundUsers}, {"record", foundRecords},
}

// soughtText reads what is looked for.
func soughtText(q *api.Params) string {
	text := strings.TrimSpace(q.Required("q"))
	if q.Err == nil && (len(text) < minSought || len(text) > maxSought) {
		q.Refuse("q", "must have %d to %d octets", minSought, maxSought)
	}
	return text
}

// soughtKinds reads which kinds are wanted; nil stands for all.
func soughtKinds(q *api.Params) (kinds []foundKind) {
	text := q.Text("kind")
	if text == nil {
		return nil
	}
	for name := range strings.SplitSeq(*text, ",") {
		i := slices.IndexFunc(kindNames, func(k namedKind) bool { return k.name == name })
		if i < 0 {
			q.Refuse("kind", "must be some of zone, view, server, machine, user and record, separated by commas")
			return nil
		}
		kinds = append(kinds, kindNames[i].kind)
	}
	return kinds
}

func (a *API) searchRoute() api.Route {
	return api.Get("/v1/search", api.AccessUser, domain.Contexts(), a.search).
		WithQuery(api.Reads(soughtText).And(api.Reads(soughtKinds)).And(api.Reads(limitOf)).And(api.Reads(foundCursorOf))).ForNarrow().WithPast()
}

// search finds what the caller may ACCESS and has a text in its name or value.
func (a *API) search(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	text, kinds, limit, from := soughtText(q), soughtKinds(q), limitOf(q), foundCursorOf(q)
	if q.Err != nil {
		return q.Err
	}
	leave, err := a.searches.Take(c.Request().Context(), api.Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	s := searching{API: a, who: api.Caller(c), viewer: api.Viewer(c), text: text, limit: limit, end: time.Now().Add(searchTime)}
	next := foundCursor{}
	for _, k := range kindNames {
		before, goesOn := from.of(k.kind)
		if !goesOn || kinds != nil && !slices.Contains(kinds, k.kind) || !s.may(k.kind) {
			continue
		}
		below, err := s.find(c.Request().Context(), k.kind, before)
		if err != nil {
			return err
		}
		if below != 0 {
			next[k.kind] = below
		}
	}
	s.found.Next = next.text()
	return api.WriteJSON(c, http.StatusOK, s.found.whole())
}

// searching is one search on its way.
type searching struct {
	*API
	who    *identity.User
	viewer rights.Caller
	text   string
	limit  int
	end    time.Time
	found  foundBody
}

// may says whether the caller may ask for a kind at all, by the rule of its lists: a narrow
// credential is for zones and records alone.
func (s *searching) may(kind foundKind) bool {
	switch kind {
	case foundZones, foundRecords:
		return true
	case foundMachines:
		return s.who.May(access.Permitted(access.CodeGetMachine))
	case foundUsers:
		return s.who.May(access.Permitted(access.CodeGetUser))
	default:
		return !s.who.Narrow()
	}
}

// find looks for a kind, and returns below which id the search goes on, 0 for nowhere. One row
// more than is wanted is looked for, to know that.
func (s *searching) find(ctx context.Context, kind foundKind, before int64) (below int64, err error) {
	by := dnsmodel.Search{Text: s.text, Before: before, Limit: s.limit + 1}
	switch kind {
	case foundZones:
		rows, err := s.DNS.SearchZones(ctx, s.viewer, by)
		s.found.Zones, below = foundPage(rows, s.limit, zoneFound)
		return below, err
	case foundViews:
		rows, err := s.DNS.SearchViews(ctx, by)
		s.found.Views, below = foundPage(rows, s.limit, viewFound)
		return below, err
	case foundServers:
		rows, err := s.DNS.SearchServers(ctx, s.viewer, by)
		s.found.Servers, below = foundPage(rows, s.limit, serverFound)
		return below, err
	case foundMachines:
		rows, err := s.Ops.SearchMachines(ctx, s.text, before, s.limit+1)
		s.found.Machines, below = foundPage(rows, s.limit, machineFound)
		return below, err
	case foundUsers:
		rows, err := s.Access.SearchUsers(ctx, s.text, before, s.limit+1)
		s.found.Users, below = foundPage(rows, s.limit, userFound)
		return below, err
	default:
		rows, goesOn, err := s.DNS.SearchRecords(ctx, s.viewer, by, s.end)
		s.found.Records, below = foundPage(rows, s.limit, recordFound)
		if below == 0 && goesOn != 0 {
			s.found.TimedOut, below = true, goesOn
		}
		return below, err
	}
}
