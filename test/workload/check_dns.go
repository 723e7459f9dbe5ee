package workload

import (
	"fmt"
	"maps"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// checkDNS: the read models hold what was acknowledged, each once.
func (w *Workload) checkDNS(r *dnsmodel.Reader, oplogs *oplog.Reader, all belongings) {
	w.t.Helper()
	ctx := w.t.Context()
	servers := rowsOf(w, func(p query.Page) ([]dnsmodel.Server, int, error) {
		return r.Servers(ctx, rights.System(), dnsmodel.ServerFilter{}, p)
	}, func(s dnsmodel.Server) (int64, dns.ServerData) { return s.ID, s.ServerData })
	maps.DeleteFunc(servers, func(_ int64, s dns.ServerData) bool { return s.IP == "127.0.0.1" }) // the agent's
	sameRows(w, "servers", servers, all.servers)
	views := rowsOf(w, func(p query.Page) ([]dnsmodel.View, int, error) {
		return r.Views(ctx, dnsmodel.ViewFilter{}, p)
	}, func(v dnsmodel.View) (int64, dns.ViewData) { return v.ID, v.ViewData })
	sameRows(w, "views", views, all.views)
	zones := rowsOf(w, func(p query.Page) ([]dnsmodel.Zone, int, error) {
		return r.Zones(ctx, rights.System(), dnsmodel.ZoneFilter{}, p)
	}, func(z dnsmodel.Zone) (int64, string) { return z.ID, fmt.Sprint(z.ZoneData) })
	sameRows(w, "zones", zones, textOf(all.zones))
	records := rowsOf(w, func(p query.Page) ([]dnsmodel.Record, int, error) {
		return r.Records(ctx, rights.System(), dnsmodel.RecordFilter{}, p)
	}, func(x dnsmodel.Record) (int64, ownRecord) { return x.ID, ownRecord{x.ZoneID, x.RecordData} })
	sameRows(w, "records", records, all.records)
	if all.conf != "" {
		if conf, err := r.BindConf(ctx); err != nil || conf.Text != all.conf {
			w.t.Errorf("configuration %q, %v; acknowledged was %q", conf.Text, err, all.conf)
		}
	}
	told := len(w.positions(domain.ContextDNS, domain.ContextAccess))
	_, entries, err := oplogs.Entries(ctx, rights.System(), oplog.Filter{Operator: "admin", TargetTypes: []string{
		oplog.TargetServer, oplog.TargetView, oplog.TargetZone, oplog.TargetRecord,
		oplog.TargetBindConf, oplog.TargetUser, oplog.TargetRole, oplog.TargetPrivilege,
	}}, query.Page{Number: 1, Size: 1})
	if err != nil || entries != told {
		w.t.Errorf("%d entries in the operation log, %v; %d writes of which it tells acknowledged", entries, err, told)
	}
}
