package accessmodel

import (
	"context"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// EnrolmentToken is a token by which a host may enrol its agent, or might.
type EnrolmentToken struct {
	ID domain.CredentialID
	// Kind, Target and Name are those of an [access.EnrolmentTarget].
	Kind   string
	Target int64
	Name   string
	// Maker is who made it, and MakerName that user's name, empty for opsledger itself.
	Maker     domain.UserID
	MakerName string
	Created   time.Time
	Expires   time.Time
	// Ended is when it was used or revoked, nil for one that was not. Used says that it was used, by a host at Address.
	Ended   *time.Time
	Used    bool
	Address string
	// Changed is the position of its last event.
	Changed domain.Position
}

func (t *EnrolmentToken) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &t.ID),
		table.Col("kind", table.Text|table.Fixed, &t.Kind),
		table.Col("target", table.Number|table.Fixed, &t.Target),
		table.Col("name", table.Text|table.Fixed, &t.Name),
		table.Col("maker", table.Number|table.Fixed, &t.Maker),
		table.Col("created", table.Time|table.Fixed, &t.Created),
		table.Col("expires", table.Time|table.Fixed, &t.Expires),
		table.Col("ended", table.OptionalTime, &t.Ended),
		table.Col("used", table.Flag, &t.Used),
		table.Col("address", table.Text, &t.Address),
		table.Col("changed", table.Number, &t.Changed),
	}
}

var enrolmentTokens = table.Table[EnrolmentToken]{
	Name: "enrolment_tokens", Key: "id", Columns: (*EnrolmentToken).columns,
	Indexes: []string{"CREATE INDEX ON {schema}.enrolment_tokens (kind, target, id)"},
}

func (b *batch) enrolmentTokenAdded(e domain.Recorded, event access.EnrolmentTokenAdded) error {
	row := EnrolmentToken{
		ID: event.ID, Kind: event.Target.Kind, Target: event.Target.ID, Name: event.Target.Name,
		Maker: e.Actor, Created: e.At, Expires: event.Expires, Changed: e.Position,
	}
	if err := b.tokens.Add(row); err != nil {
		return err
	}
	return b.log(e, oplog.OperationAdd, enrolmentTarget(row), oplog.Stated(enrolmentDetail(row)))
}

func (b *batch) enrolmentTokenEnded(e domain.Recorded, event access.EnrolmentTokenEnded) error {
	row, exists := b.tokens.Get(event.ID)
	if !exists || row.Ended != nil {
		return fmt.Errorf("token %d for an enrolment does not exist", event.ID)
	}
	row.Ended, row.Used, row.Address, row.Changed = new(e.At), event.Key != "", event.Address, e.Position
	b.tokens.Put(row)
	return b.log(e, oplog.OperationDelete, enrolmentTarget(row), oplog.Stated(enrolmentDetail(row)))
}

func enrolmentTarget(t EnrolmentToken) oplog.Target {
	return oplog.Target{Type: oplog.TargetCredential, Name: t.Name, ID: int64(t.ID)}
}

func enrolmentDetail(t EnrolmentToken) *oplog.Detail {
	d := oplog.NewDetail()
	d.Number("id", int64(t.ID))
	d.Line("名称", t.Name)
	d.Line("类型", "enrolment")
	d.Line("到期时间", t.Expires.UTC().Format(time.RFC3339))
	if t.Used {
		d.Line("使用者地址", t.Address)
	}
	return d
}

// shown are the columns of the row t with what belongs to it elsewhere.
func (t *EnrolmentToken) shown() []table.Column {
	return append(table.Of("t", t.columns()), table.Column{Name: "coalesce(u.username, '')", Place: &t.MakerName})
}

const fromEnrolmentTokens = ` FROM access.enrolment_tokens t LEFT JOIN access.users u ON u.id = t.maker`

// EnrolmentTokens lists the tokens of a server or machine with ids below before, the newest first.
func (r *Reader) EnrolmentTokens(ctx context.Context, kind string, target, before int64, limit int) ([]EnrolmentToken, error) {
	sql := "SELECT " + table.Names((*EnrolmentToken).shown(new(EnrolmentToken))) + fromEnrolmentTokens +
		" WHERE t.kind = $1 AND t.target = $2 AND t.id < $3 ORDER BY t.id DESC LIMIT $4"
	return query.All(ctx, r.pool, query.Row((*EnrolmentToken).shown), sql, kind, target, before, limit)
}

// EnrolmentToken returns one, or [query.ErrNotFound].
func (r *Reader) EnrolmentToken(ctx context.Context, id domain.CredentialID) (EnrolmentToken, error) {
	sql := "SELECT " + table.Names((*EnrolmentToken).shown(new(EnrolmentToken))) + fromEnrolmentTokens + " WHERE t.id = $1"
	return query.Only(ctx, r.pool, query.Row((*EnrolmentToken).shown), sql, int64(id))
}
