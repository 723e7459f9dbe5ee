package accessmodel

import (
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/table"
)

// credentialRow is a row of credentials. One that has ended stays: its name stands beside
// what was done with it.
type credentialRow struct {
	Credential
	// deleted is the position of its end, or forever.
	deleted domain.Position
}

var credentials = table.Table[credentialRow]{
	Name: "credentials", Key: "id",
	Columns: func(c *credentialRow) []table.Column {
		return append(c.columns(), table.Col("deleted", table.Number, &c.deleted))
	},
	Indexes: []string{"CREATE INDEX ON {schema}.credentials (user_id, id)"},
}

func (b *batch) credentialAdded(e domain.Recorded, event access.CredentialAdded) error {
	row := credentialRow{deleted: table.Forever, Credential: Credential{
		ID: event.ID, User: event.User, Name: event.Name, Kind: event.Kind, Algorithm: event.Algorithm,
		ViewID: event.View, Restrict: event.Restrict, Created: e.At, Expires: event.Expires, Changed: e.Position,
	}}
	if err := b.credentials.Add(row); err != nil {
		return err
	}
	detail, err := b.credentialDetail(row)
	if err != nil {
		return err
	}
	return b.log(e, oplog.OperationAdd, credentialTarget(row), oplog.Stated(detail))
}

func (b *batch) credentialDeleted(e domain.Recorded, event access.CredentialDeleted) error {
	row, exists := b.credentials.Get(event.ID)
	if !exists || row.deleted != table.Forever {
		return fmt.Errorf("credential %d does not exist", event.ID)
	}
	detail, err := b.credentialDetail(row)
	if err != nil {
		return err
	}
	row.deleted, row.Changed = e.Position, e.Position
	b.credentials.Put(row)
	return b.log(e, oplog.OperationDelete, credentialTarget(row), oplog.Stated(detail))
}

func credentialTarget(c credentialRow) oplog.Target {
	return oplog.Target{Type: oplog.TargetCredential, Name: c.Name, ID: int64(c.ID)}
}

func (b *batch) credentialDetail(c credentialRow) (*oplog.Detail, error) {
	user, known := b.users.Get(c.User)
	if !known {
		return nil, fmt.Errorf("user %d does not exist", c.User)
	}
	d := oplog.NewDetail()
	d.Number("id", int64(c.ID))
	d.Line("名称", c.Name)
	d.Line("用户", user.Username)
	d.Line("类型", c.Kind)
	if c.ViewID != 0 {
		d.Number("View", c.ViewID)
	}
	if c.Restrict.ReadOnly {
		d.Line("只读", "是")
	}
	d.Names("Zone范围", c.Restrict.Zones)
	d.Names("记录名范围", c.Restrict.Names)
	d.Names("记录类型范围", c.Restrict.Types)
	if c.Expires != nil {
		d.Line("到期时间", c.Expires.UTC().Format(time.RFC3339))
	}
	return d, nil
}
