package dnsmodel

import (
	"context"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// Search is what is looked for in the resources of a kind: all with a text in them, in any
// spelling, the newest first.
type Search struct {
	Text string
	// Before is the id below which the search goes on.
	Before int64
	// Limit is how many are wanted at most.
	Limit int
}

// absolute are the columns with the names of a zone as they are searched: folded, with the
// final dot that people may write.
func absolute(zone string) []string {
	return []string{"(lower(" + zone + ".name) || '.')", "(CASE " + zone + ".typed WHEN '' THEN '' ELSE " + zone + ".typed || '.' END)"}
}

// SearchZones looks for a text in the names of the zones that the caller may ACCESS.
func (r *Reader) SearchZones(ctx context.Context, c rights.Caller, s Search) ([]Zone, error) {
	l := listZones(query.MomentOf(ctx), c, ZoneFilter{})
	l.And(l.AnyIn(dns.Spellings(s.Text), absolute("t")...))
	return l.Before(ctx, r.pool, s.Before, s.Limit)
}

// SearchViews looks for a text in the names of views.
func (r *Reader) SearchViews(ctx context.Context, s Search) ([]View, error) {
	l := listViews(query.MomentOf(ctx))
	l.And(l.AnyIn(dns.Spellings(s.Text), "lower(t.name)"))
	return l.Before(ctx, r.pool, s.Before, s.Limit)
}

// SearchServers looks for a text in the hosts and addresses of the servers that the caller may
// ACCESS.
func (r *Reader) SearchServers(ctx context.Context, c rights.Caller, s Search) ([]Server, error) {
	l := listServers(query.MomentOf(ctx))
	l.And(l.AnyIn(dns.Spellings(s.Text), "lower(t.host)", "lower(t.ip)"))
	rights.Restrict(l, c, access.KindServer, "")
	return l.Before(ctx, r.pool, s.Before, s.Limit)
}
