package dnsmodel

import (
	"context"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
)

// View is a view of the name servers.
type View struct {
	ID int64
	dns.ViewData
	// Target is the view as rights see it; lists and Reader.View fill it in.
	Target access.Target
	// Changed is the position of the view's last event.
	Changed domain.Position
	// Renamed is the position of the last event that gave the view another name, 0 for none. By
	// it all zones of the view got new serials.
	Renamed domain.Position
}

// ViewFilter restricts a list of views; what is nil or empty does not.
type ViewFilter struct {
	ID *int64
	// Name matches as a substring.
	Name string
}

func (v *View) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &v.ID),
		table.Col("name", table.Bytewise, &v.Name),
		table.Col("acl", table.Text, &v.ACL),
		table.Col("changed", table.Number, &v.Changed),
		table.Col("renamed", table.Number, &v.Renamed),
	}
}

var views = table.Keeping(table.Table[View]{Name: "views", Key: "id", Columns: (*View).columns}).ListedWhole()

func listViews(at query.Moment) *query.List[View] {
	return &query.List[View]{
		At: at,
		Columns: func(v *View) []table.Column {
			return append(table.Of("v", v.columns()), rights.TargetColumns(&v.Target)...)
		},
		From: views.In("dns") + " v USING (id)" + rights.JoinTarget(access.KindView, "v.id"), IDs: views.In("dns") + " t",
	}
}

// Views lists the views, which everybody may see.
func (r *Reader) Views(ctx context.Context, f ViewFilter, page query.Page) ([]View, int, error) {
	l := listViews(query.MomentOf(ctx))
	query.Equal(&l.Conditions, "t.id", f.ID)
	l.Contains("t.name", f.Name)
	return l.Read(ctx, r.pool, page)
}

// View returns one view, or [query.ErrNotFound].
func (r *Reader) View(ctx context.Context, id int64) (View, error) {
	return query.First(r.Views(ctx, ViewFilter{ID: &id}, query.One()))
}
