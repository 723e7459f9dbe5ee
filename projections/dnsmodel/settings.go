package dnsmodel

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// ZoneSettings are the settings of a zone that has some of its own.
type ZoneSettings struct {
	ZoneID int64
	dns.ZoneSettings
	// Changed is the position of the settings' last event.
	Changed domain.Position
}

func (s *ZoneSettings) columns() []table.Column {
	return []table.Column{
		table.Col("zone_id", table.Number, &s.ZoneID),
		table.Col("settings", table.JSON, &s.ZoneSettings),
		table.Col("changed", table.Number, &s.Changed),
	}
}

var zoneSettings = table.Keeping(table.Table[ZoneSettings]{Name: "zone_settings", Key: "zone_id", Columns: (*ZoneSettings).columns, Indexes: []string{
	"CREATE INDEX ON {schema}.zone_settings USING gin ((settings->'ptr'->'from'))",
}})

var selectZoneSettings = "SELECT " + table.NamesOf("s", (*ZoneSettings).columns) +
	" FROM " + zoneSettings.In("dns") + " s WHERE s.zone_id = $1"

// ZoneSettings returns a zone's settings, those of a zone that has none at position 0.
func (r *Reader) ZoneSettings(ctx context.Context, zone int64) (ZoneSettings, error) {
	s, err := query.Only(ctx, r.pool, query.Row((*ZoneSettings).columns), selectZoneSettings, zone)
	if errors.Is(err, query.ErrNotFound) {
		return ZoneSettings{ZoneID: zone}, nil
	}
	return s, err
}

// zoneSettingsChanged changes the zone's content in all its views, but is no other version of
// the zone.
func (b *batch) zoneSettingsChanged(e domain.Recorded, event dns.ZoneSettingsChanged) error {
	zone, err := b.zones.Find(event.ID)
	if err != nil {
		return err
	}
	before, _ := b.settings.Get(zone.ID)
	b.settings.Put(ZoneSettings{ZoneID: zone.ID, ZoneSettings: event.After, Changed: e.Position})
	b.touchLinks(zone, e.Position)
	if event.Raise != nil {
		if err := b.raiseSerials(*event.Raise, e.Position); err != nil {
			return err
		}
	}
	return b.log(e, oplog.OperationChange, zoneTarget(zone), oplog.Changed(settingsDetail(before.ZoneSettings), settingsDetail(event.After)))
}

func settingsDetail(s dns.ZoneSettings) *oplog.Detail {
	d := oplog.NewDetail()
	d.Line("SOA主服务器", s.MName)
	d.Line("SOA邮箱", s.RName)
	for _, f := range []struct {
		label string
		value *uint32
	}{
		{"SOA刷新", s.Refresh}, {"SOA重试", s.Retry}, {"SOA过期", s.Expire}, {"SOA否定缓存", s.Minimum},
		{"默认TTL", s.DefaultTTL}, {"最小序列号", s.SerialAtLeast},
	} {
		text := ""
		if f.value != nil {
			text = strconv.FormatUint(uint64(*f.value), 10)
		}
		d.Line(f.label, text)
	}
	if s.PTR != nil {
		d.Line("PTR来源", strings.Join(s.PTR.From, " "))
	}
	return d
}
