package workload

import (
	"fmt"
	"slices"
	"strings"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/bind"
)

// checkNamed: each zone, transferred out of each view, has exactly the records
// that were acknowledged for it there, besides the generated apex; what was
// deleted, renamed or only forwards is not served.
func (w *Workload) checkNamed(all belongings) {
	w.t.Helper()
	named, err := bind.OpenAccess(w.site.DNS.Dir)
	if err != nil {
		w.t.Fatal(err)
	}
	transfers, served := 0, 0
	for id, z := range all.zones {
		for view := range all.views {
			got, err := w.transfer(named, view, z.Name)
			if z.Type != dns.ZoneMaster || !slices.Contains(z.ViewIDs, view) {
				if err == nil {
					w.t.Errorf("%s is served in view %d: %v", z.Name, view, got)
				}
				continue
			}
			want := wantedRecords(w, all, id, view)
			if err != nil {
				w.t.Errorf("%s in view %d: %v", z.Name, view, err)
				continue
			}
			w.compareZone(fmt.Sprintf("%s in view %d", z.Name, view), z.Name, got, want)
			transfers++
			served += len(want)
		}
	}
	for _, name := range all.gone {
		for view := range all.views {
			if _, err := w.transfer(named, view, name); err == nil {
				w.t.Errorf("%s is gone, but served in view %d", name, view)
			}
		}
	}
	w.t.Logf("named serves %d records in %d zones of views; %d names are gone", served, transfers, len(all.gone))
}

// transfer reads a whole zone out of a view.
func (w *Workload) transfer(named *bind.Access, view int64, zone string) ([]mdns.RR, error) {
	key, err := named.ViewKey(view)
	if err != nil {
		return nil, err
	}
	m := new(mdns.Msg).SetAxfr(zone + ".")
	m.SetTsig(key.Name, mdns.HmacSHA256, 300, time.Now().Unix())
	answers, err := (&mdns.Transfer{
		TsigSecret: map[string]string{key.Name: key.Secret}, DialTimeout: testkit.Patience, ReadTimeout: testkit.Patience,
	}).In(m, w.site.DNS.DNS)
	if err != nil {
		return nil, err
	}
	var out []mdns.RR
	for a := range answers {
		if a.Error != nil {
			err = a.Error
		}
		out = append(out, a.RR...)
	}
	return out, err
}

// wantedRecords are the zone's records in the view, each as a line of zone text.
func wantedRecords(w *Workload, all belongings, zone, view int64) map[string]bool {
	out := map[string]bool{}
	for _, r := range all.records {
		if r.zone != zone || r.ViewID != view {
			continue
		}
		rr, err := dns.RecordRR(all.zones[zone].Name, r.RecordData)
		if err != nil {
			w.t.Errorf("%+v: %v", r, err)
			continue
		}
		out[lineOf(w, rr)] = true
	}
	return out
}

// lineOf gives a record one form, whether it came from named or was made here.
func lineOf(w *Workload, rr mdns.RR) string {
	wire := make([]byte, 4096)
	n, err := mdns.PackRR(rr, wire, 0, nil, false)
	if err == nil {
		rr, _, err = mdns.UnpackRR(wire[:n], 0)
	}
	if err != nil {
		w.t.Errorf("%s: %v", rr, err)
		return ""
	}
	rr.Header().Name = strings.ToLower(rr.Header().Name)
	return rr.String()
}

// compareZone leaves out what the agent generates: the SOA, name servers at an
// apex that has no others, and their address.
func (w *Workload) compareZone(what, zone string, got []mdns.RR, want map[string]bool) {
	w.t.Helper()
	seen, soas := map[string]bool{}, 0
	for _, rr := range got {
		name, line := strings.ToLower(rr.Header().Name), lineOf(w, rr)
		switch {
		case rr.Header().Rrtype == mdns.TypeSOA:
			soas++
		case want[line]:
			seen[line] = true
		case name == zone+"." && rr.Header().Rrtype == mdns.TypeNS, name == "master."+zone+".":
		default:
			w.t.Errorf("%s: named also has %s", what, line)
		}
	}
	if soas != 2 {
		w.t.Errorf("%s: %d SOA records frame the transfer", what, soas)
	}
	for line := range want {
		if !seen[line] {
			w.t.Errorf("%s: named lacks %s", what, line)
		}
	}
}
