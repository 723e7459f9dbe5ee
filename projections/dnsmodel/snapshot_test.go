package dnsmodel_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
)

// memory is a visitor that remembers what it was shown and in which order.
type memory struct {
	position, lastDNS domain.Position
	servers           []dnsmodel.Server
	views             []dnsmodel.View
	conf              []dnsmodel.BindConf
	zones             []dnsmodel.Zone
	changed           map[int64]map[int64]domain.Position
	records           []dnsmodel.Record
	fleet             dnsmodel.Fleet
	viewOrder         dnsmodel.ViewOrder
	bases             dns.SerialBases
	settings          map[int64]dns.ZoneSettings
	order             []string
	// atZone is called with the first zone.
	atZone func() error
}

func (m *memory) Begin(position, lastDNS domain.Position) error {
	m.position, m.lastDNS, m.changed = position, lastDNS, map[int64]map[int64]domain.Position{}
	m.bases, m.settings = dns.SerialBases{}, map[int64]dns.ZoneSettings{}
	return m.at("begin")
}
func (m *memory) Server(s dnsmodel.Server) error {
	m.servers = append(m.servers, s)
	return m.at("server")
}
func (m *memory) View(v dnsmodel.View) error { m.views = append(m.views, v); return m.at("view") }
func (m *memory) BindConf(c dnsmodel.BindConf) error {
	m.conf = append(m.conf, c)
	return m.at("configuration")
}
func (m *memory) Record(r dnsmodel.Record) error {
	m.records = append(m.records, r)
	return m.at("record")
}
func (m *memory) Fleet(f dnsmodel.Fleet) error { m.fleet = f; return m.at("fleet") }
func (m *memory) Order(o dnsmodel.ViewOrder) error {
	m.viewOrder = o
	return m.at("view order")
}
func (m *memory) ServerSettings(dnsmodel.ServerSettings) error { return m.at("server settings") }
func (m *memory) Rollout(dnsmodel.Rollout) error               { return m.at("rollout") }
func (m *memory) Base(of dns.SerialName, base dns.SerialBase) error {
	m.bases[of] = base
	return m.at("base")
}
func (m *memory) Zone(z dnsmodel.Zone, settings dns.ZoneSettings, changed map[int64]domain.Position) error {
	m.zones, m.changed[z.ID] = append(m.zones, z), changed
	if settings != (dns.ZoneSettings{}) {
		m.settings[z.ID] = settings
	}
	if m.atZone != nil && len(m.zones) == 1 {
		if err := m.atZone(); err != nil {
			return err
		}
	}
	return m.at("zone")
}

func (m *memory) at(what string) error {
	if len(m.order) == 0 || m.order[len(m.order)-1] != what {
		m.order = append(m.order, what)
	}
	return nil
}

func compareSnapshot(t *testing.T, pool *pgxpool.Pool, m *modeltest.Naive) {
	t.Helper()
	var seen memory
	if err := dnsmodel.NewReader(pool).Snapshot(t.Context(), &seen); err != nil {
		t.Fatal(err)
	}
	modeltest.Same(t, "position", seen.position, m.Position)
	modeltest.Same(t, "last dns event", seen.lastDNS, m.Position)
	modeltest.Same(t, "order", seen.order, slices.DeleteFunc([]string{"begin", "server", "fleet", "view", "view order", "configuration", "base", "zone", "record"}, func(what string) bool {
		return what == "view order" && m.Order == nil || what == "base" && len(m.Bases) == 0 || what == "server" && len(m.Servers) == 0 || what == "configuration" && m.Conf == nil ||
			what == "zone" && len(seen.zones) == 0 || what == "record" && len(seen.records) == 0
	}))
	sameSet(t, "servers", seen.servers, withoutRights(m.Servers, func(s *dnsmodel.Server) { s.Target = access.Target{} }), func(s dnsmodel.Server) int64 { return s.ID })
	sameSet(t, "views", seen.views, withoutRights(m.Views, func(v *dnsmodel.View) { v.Target = access.Target{} }), func(v dnsmodel.View) int64 { return v.ID })
	zones, records, changed := maps.Clone(m.Zones), maps.Clone(m.Records), maps.Clone(m.Changed)
	maps.DeleteFunc(zones, func(_ int64, z dnsmodel.Zone) bool { return !z.Group.Rendered() })
	maps.DeleteFunc(records, func(_ int64, r dnsmodel.Record) bool { return r.ViewID == 0 })
	maps.DeleteFunc(changed, func(id int64, _ map[int64]domain.Position) bool { _, ok := zones[id]; return !ok })
	sameSet(t, "zones", seen.zones, withoutRights(zones, func(z *dnsmodel.Zone) { z.Target = access.Target{} }), func(z dnsmodel.Zone) int64 { return z.ID })
	sameSet(t, "records", inUTC(seen.records), withoutRights(records, func(r *dnsmodel.Record) { r.Zone, r.Target = access.Target{}, access.Target{} }), func(r dnsmodel.Record) int64 { return r.ID })
	modeltest.Same(t, "changed", seen.changed, changed)
	modeltest.Same(t, "settings", seen.settings, m.Settings)
	modeltest.Same(t, "bases", seen.bases, m.Bases)
	modeltest.Same(t, "order of views", seen.viewOrder.IDs, m.Order)
	modeltest.Same(t, "fleet's names", seen.fleet.NS, m.Fleet.NS)
	if !slices.IsSortedFunc(seen.records, func(a, b dnsmodel.Record) int { return int(a.ZoneID-b.ZoneID)<<32 + int(a.ID-b.ID) }) {
		t.Error("records are not ordered by zone and id")
	}
}

// withoutRights returns the rows as a snapshot has them, which no right matters to.
func withoutRights[T any](rows map[int64]T, strip func(*T)) map[int64]T {
	bare := make(map[int64]T, len(rows))
	for id, row := range rows {
		strip(&row)
		bare[id] = row
	}
	return bare
}

func sameSet[T any](t *testing.T, what string, got []T, rows map[int64]T, id func(T) int64) {
	t.Helper()
	byID := map[int64]T{}
	for _, row := range got {
		byID[id(row)] = row
	}
	modeltest.Same(t, what, byID, rows)
	modeltest.Same(t, "number of "+what, len(got), len(rows))
}

// TestSnapshotIsOfOnePosition changes the state while it is shown.
func TestSnapshotIsOfOnePosition(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	log := linkedZone(3)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", log.Events, 100)
	before := log.Position
	seen := memory{atZone: func() error {
		log.Add(1, dns.ZoneDeleted{ID: 1, Zone: zoneOne})
		modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", log.Events[len(log.Events)-1:], 1)
		return nil
	}}
	if err := dnsmodel.NewReader(pool).Snapshot(t.Context(), &seen); err != nil {
		t.Fatal(err)
	}
	modeltest.Same(t, "position", seen.position, before)
	modeltest.Same(t, "records", len(seen.records), 6)
}

// TestSnapshotKnowsReplacedTables switches the tables while they are shown.
func TestSnapshotKnowsReplacedTables(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	log := linkedZone(1)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", log.Events, 100)
	modeltest.MakeTables(t, pool, modeltest.NewDNS(), "dns_next")
	seen := memory{atZone: func() error {
		return pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), "ALTER SCHEMA dns RENAME TO dns_old; ALTER SCHEMA dns_next RENAME TO dns")
			return err
		})
	}}
	if err := dnsmodel.NewReader(pool).Snapshot(t.Context(), &seen); !errors.Is(err, dnsmodel.ErrReplaced) {
		t.Errorf("tables replaced while they are read: %v", err)
	}
	again := memory{}
	if err := dnsmodel.NewReader(pool).Snapshot(t.Context(), &again); err != nil || len(again.zones) != 0 {
		t.Errorf("second try: %v, %d zones", err, len(again.zones))
	}
}

func TestVisitorEndsTheSnapshot(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", linkedZone(3).Events, 100)
	enough := errors.New("enough")
	if err := dnsmodel.NewReader(pool).Snapshot(context.Background(), &memory{atZone: func() error { return enough }}); !errors.Is(err, enough) {
		t.Errorf("error of the visitor: %v", err)
	}
}
