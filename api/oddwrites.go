package api

import (
	"cmp"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
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
	cuts, touched := dns.NewCuts(events)
	cuts = cuts[:min(len(cuts), maxWarnings)]
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

// hiddenIn looks at the cuts of one zone.
func (k *Kernel) hiddenIn(w *Request, events []domain.Event, zone int64, cuts []dns.Cut, touched map[int64]bool) ([]domain.Warning, error) {
	rows, err := k.DNS.RecordsBelow(w.Context(), w.Viewer(), zone, cuts)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	others := recordsOf(events, zone) // which a dry run does not find
	for _, r := range rows {
		if !touched[r.ID] {
			others = append(others, r.RecordData)
		}
	}
	var warnings []domain.Warning
	for _, c := range cuts {
		for _, r := range rows {
			if !touched[r.ID] && c.Hides(r.Zone.Name, others, r.RecordData) {
				warnings = append(warnings, wordHiddenBelow(c, r.RecordData))
				break
			}
		}
	}
	return warnings, nil
}

// recordsOf are what events make records of a zone.
func recordsOf(events []domain.Event, zone int64) (all []dns.RecordData) {
	for _, event := range events {
		switch e := event.(type) {
		case dns.RecordAdded:
			if e.ZoneID == zone {
				all = append(all, e.Record)
			}
		case dns.RecordUpdated:
			if e.ZoneID == zone {
				all = append(all, e.After)
			}
		}
	}
	return all
}

func wordHiddenBelow(c dns.Cut, r dns.RecordData) domain.Warning {
	if c.Type == "DNAME" {
		return domain.Warn("", "the DNAME at %s hides the records below it, such as %s %s", c.Host, r.Host, r.Type)
	}
	return domain.Warn("", "%s is delegated now, which hides the records below it, such as %s %s", c.Host, r.Host, r.Type)
}
