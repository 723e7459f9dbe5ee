package accessmodel

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// Credential is what a program acts with in place of a login.
type Credential struct {
	ID domain.CredentialID
	// User is whom it acts for, Username that user's name.
	User     domain.UserID
	Username string
	Name     string
	// Kind and Algorithm are as in [access.CredentialAdded].
	Kind, Algorithm string
	// ViewID is the one view that it is for, 0 for all; View is the view's name, empty for a
	// view that is gone.
	ViewID   int64
	View     string
	Restrict access.Restriction
	Created  time.Time
	// Expires is when it ends by itself, nil for never.
	Expires *time.Time
	// Changed is the position of its last event.
	Changed domain.Position
	// Used is when it was last used, to the minute, nil for never; Clear says that it was
	// ever sent unencrypted from another machine. Neither is from the log.
	Used  *time.Time
	Clear bool
}

func (c *Credential) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &c.ID),
		table.Col("user_id", table.Number|table.Fixed, &c.User),
		table.Col("name", table.Bytewise|table.Fixed, &c.Name),
		table.Col("kind", table.Text|table.Fixed, &c.Kind),
		table.Col("algorithm", table.Text|table.Fixed, &c.Algorithm),
		table.Col("view_id", table.Number|table.Fixed, &c.ViewID),
		table.Col("restriction", table.JSON|table.Fixed, &c.Restrict),
		table.Col("created", table.Time|table.Fixed, &c.Created),
		table.Col("expires", table.OptionalTime|table.Fixed, &c.Expires),
		table.Col("changed", table.Number, &c.Changed),
	}
}

// shown are the columns of the row c with what belongs to it elsewhere.
func (c *Credential) shown() []table.Column {
	return append(table.Of("c", c.columns()),
		table.Column{Name: "u.username", Place: &c.Username},
		table.Column{Name: "coalesce(v.name, '')", Place: &c.View},
		table.Column{Name: "s.used_at", Place: &c.Used},
		table.Column{Name: "coalesce(s.in_clear, false)", Place: &c.Clear})
}

const fromCredentials = ` FROM access.credentials c JOIN access.users u ON u.id = c.user_id
	LEFT JOIN dns.views v ON v.id = c.view_id LEFT JOIN cache.credential_uses s ON s.credential = c.id
	WHERE c.deleted = ` + table.ForEver

// Credentials lists the credentials with ids below before, the newest first: those of a user,
// or of all.
func (r *Reader) Credentials(ctx context.Context, user *domain.UserID, before int64, limit int) ([]Credential, error) {
	sql := "SELECT " + table.Names((*Credential).shown(new(Credential))) + fromCredentials +
		" AND c.id < $1 AND ($2::bigint IS NULL OR c.user_id = $2) ORDER BY c.id DESC LIMIT $3"
	return query.All(ctx, r.pool, query.Row((*Credential).shown), sql, before, (*int64)(user), limit)
}

// Credential returns one, or [query.ErrNotFound].
func (r *Reader) Credential(ctx context.Context, id domain.CredentialID) (Credential, error) {
	sql := "SELECT " + table.Names((*Credential).shown(new(Credential))) + fromCredentials + " AND c.id = $1"
	return query.Only(ctx, r.pool, query.Row((*Credential).shown), sql, int64(id))
}
