package projections

import (
	"context"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// View is a view of the name servers.
type View struct {
	ID int64
	dns.ViewData
	// Target is the view as rights see it; lists and Reader.View fill it in.
	Target access.Target
	// Changed is the position of the view's last event.
	Changed domain.Position
}

// ViewFilter restricts a list of views; what is nil or empty does not.
type ViewFilter struct {
	ID *int64
	// Name matches as a substring.
	Name string
}

// Views lists the views, which everybody may see.
func (r *Reader) Views(ctx context.Context, f ViewFilter, page Page) ([]View, int, error) {
	l := &listing[View]{
		columns: viewColumns + ", " + targetColumns, from: "dns.views v USING (id)" + targetJoin(access.KindView, "v.id"), ids: "dns.views t",
		scan: func(v *View) []any { return append(scanView(v), scanTarget(&v.Target)...) },
	}
	equal(&l.query, "t.id", f.ID)
	l.contains("t.name", f.Name)
	return l.read(ctx, r, page)
}

// View returns one view, or [ErrNotFound].
func (r *Reader) View(ctx context.Context, id int64) (View, error) {
	return first(r.Views(ctx, ViewFilter{ID: &id}, Page{Number: 1, Size: 1}))
}

const viewColumns = `v.id, v.name, v.acl, v.changed`

func scanView(v *View) []any { return []any{&v.ID, &v.Name, &v.ACL, &v.Changed} }
