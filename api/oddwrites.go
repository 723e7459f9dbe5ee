package api

import (
	"cmp"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// look finds what events did, or would do, that is legal and most likely not meant, and that
// only the read models show: what a decision sees it says by [domain.Env.Warn].
type look func(*Request, []domain.Event) ([]domain.Warning, error)

// warn says what is found. The change is in the log: that nothing can be said of it is no failure.
func (k *Kernel) warn(w *Request, events []domain.Event, looks ...look) {
	for _, look := range looks {
		warnings, err := look(w, events)
		if err != nil {
			k.Log.Warn("a write's warnings are not known", "error", err)
			continue
		}
		w.remarks().warn(warnings...)
	}
}

// hiddenByCuts warns of records that a delegation or a DNAME hides, which came when they were
// there. Of one that comes below such a name the domain warns.
func (k *Kernel) hiddenByCuts(w *Request, events []domain.Event) ([]domain.Warning, error) {
	cuts, touched := dns.NewCuts(events, maxWarnings)
	slices.SortStableFunc(cuts, func(a, b dns.Cut) int { return cmp.Compare(a.ZoneID, b.ZoneID) })
	var warnings []domain.Warning
	for len(cuts) > 0 {
		zone := cuts[0].ZoneID
		n := slices.IndexFunc(cuts, func(c dns.Cut) bool { return c.ZoneID != zone })
		if n < 0 {
			n = len(cuts)
		}
		found, err := k.hiddenIn(w, events, zone, cuts[:n], touched)
		if err != nil {
			return nil, err
		}
		warnings, cuts = append(warnings, found...), cuts[n:]
	}
	return warnings, nil
}

// hiddenIn looks at the cuts of one zone. Where an NS record is that the events leave as it is, the
// name was delegated before.
func (k *Kernel) hiddenIn(w *Request, events []domain.Event, zone int64, cuts []dns.Cut, touched map[int64]bool) ([]domain.Warning, error) {
	rows, err := k.DNS.RecordsBelow(w.Context(), w.Viewer(), zone, cuts)
	rows = slices.DeleteFunc(rows, func(r dnsmodel.Record) bool { return touched[r.ID] })
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	delegations := dns.Delegations{}
	for _, r := range rows {
		delegations.Add(zone, r.Zone.Name, r.RecordData)
	}
	fresh := slices.DeleteFunc(slices.Clone(cuts), delegations.Has)
	for _, event := range events { // what a dry run does not find
		if _, in, _, r := dns.AboutRecord(event); r != nil && in == zone {
			delegations.Add(zone, rows[0].Zone.Name, *r)
		}
	}
	var warnings []domain.Warning
	for _, c := range fresh {
		for _, r := range rows {
			if c.Hides(delegations, r.RecordData) {
				warnings = append(warnings, wordHiddenBelow(c, r.RecordData))
				break
			}
		}
	}
	return warnings, nil
}

func wordHiddenBelow(c dns.Cut, r dns.RecordData) domain.Warning {
	if c.Type == "DNAME" {
		return domain.Warn("", "the DNAME at %s hides the records below it, such as %s %s", c.Host, r.Host, r.Type)
	}
	return domain.Warn("", "%s is delegated now, which hides the records below it, such as %s %s", c.Host, r.Host, r.Type)
}
