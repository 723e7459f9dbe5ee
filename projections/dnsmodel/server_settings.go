package dnsmodel

import (
	"context"
	"errors"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// ServerSettings are the settings of a server whose settings were changed. They outlive the server,
// as it may come back with its id.
type ServerSettings struct {
	ServerID int64
	dns.ServerSettings
	// Changed is the position of the settings' last event.
	Changed domain.Position
}

func (s *ServerSettings) columns() []table.Column {
	return []table.Column{
		table.Col("server_id", table.Number, &s.ServerID),
		table.Col("on_drift", table.Bytewise, &s.OnDrift),
		table.Col("changed", table.Number, &s.Changed),
	}
}

var serverSettings = table.Keeping(table.Table[ServerSettings]{Name: "server_settings", Key: "server_id", Columns: (*ServerSettings).columns})

var (
	selectServerSettings = "SELECT " + table.NamesOf("s", (*ServerSettings).columns) +
		" FROM " + serverSettings.In("dns") + " s WHERE s.server_id = $1"
	snapshotServerSettings = "SELECT " + table.NamesOf("s", (*ServerSettings).columns) + " FROM dns.server_settings s ORDER BY s.server_id"
)

// ServerSettings returns a server's settings, those of one whose settings nobody has changed at
// position 0.
func (r *Reader) ServerSettings(ctx context.Context, server int64) (ServerSettings, error) {
	s, err := query.Only(ctx, r.pool, query.Row((*ServerSettings).columns), selectServerSettings, server)
	if errors.Is(err, query.ErrNotFound) {
		return ServerSettings{ServerID: server, ServerSettings: dns.DefaultServerSettings()}, nil
	}
	return s, err
}

func (b *batch) serverSettingsChanged(e domain.Recorded, event dns.ServerSettingsChanged) error {
	server, err := b.servers.Find(event.ID)
	if err != nil {
		return err
	}
	b.serverSettings.Put(ServerSettings{ServerID: event.ID, ServerSettings: event.After, Changed: e.Position})
	return b.log(e, oplog.OperationChange, serverTarget(server), oplog.Changed(serverSettingsDetail(event.Before), serverSettingsDetail(event.After)))
}

func serverSettingsDetail(s dns.ServerSettings) *oplog.Detail {
	d := oplog.NewDetail()
	d.Line("漂移处理", string(s.OnDrift))
	return d
}
