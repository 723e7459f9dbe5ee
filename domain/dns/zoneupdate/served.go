package zoneupdate

import (
	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// served is what the zone serves in the view before the update: its records, and what is
// generated beside them.
type served struct {
	update    *Update
	now       *dns.Now
	generated zonedata.Generated
	err       error
}

func newServed(u *Update, now *dns.Now, settings dns.ZoneSettings) (*served, error) {
	s := &served{update: u, now: now}
	var nodes []dns.Node
	for _, owner := range zonedata.Asked(u.zone(), u.to.Fleet, s.own(zonedata.ApexNS)) {
		nodes = append(nodes, u.node(owner))
	}
	if s.err != nil {
		return nil, s.err
	}
	if err := now.Read(nil, nodes); err != nil {
		return nil, err
	}
	s.generated = zonedata.Generate(u.zone(), u.to.Fleet, settings.TTL(), s.own)
	return s, s.err
}

// own is a [zonedata.Lookup] of the records of the log. It reads what was not read yet.
func (s *served) own(key zonedata.Key) *zonedata.RRset {
	if s.err == nil {
		s.err = s.now.Read(nil, []dns.Node{s.update.node(key.Owner)})
	}
	if s.err != nil {
		return nil
	}
	found, err := s.update.at(s.now, key)
	s.err = err
	var records []zonedata.Record
	for _, r := range found {
		records = append(records, zonedata.Record{ID: r.id, TTL: r.data.TTL, Data: r.rdata})
	}
	return zonedata.Assemble(records)
}

// set is an RRset, nil for none.
func (s *served) set(key zonedata.Key) (*zonedata.RRset, error) {
	if key == apexSOA {
		return s.soa()
	}
	if set, generated := s.generated.Sets[key]; generated {
		return set, nil
	}
	set := s.own(key)
	if kept := s.update.to.Kept[key.Owner]; set == nil && kept != nil && key.Type == mdns.TypePTR &&
		s.own(zonedata.Key{Owner: key.Owner, Type: mdns.TypeCNAME}) == nil {
		set = kept
	}
	return set, s.err
}

// has says whether there are records at a key.
func (s *served) has(key zonedata.Key) (bool, error) {
	if key.Owner == dns.Apex && (key.Type == mdns.TypeSOA || key.Type == mdns.TypeANY) {
		return true, nil
	}
	if key.Type != mdns.TypeANY {
		set, err := s.set(key)
		return set != nil, err
	}
	for generated := range s.generated.Sets {
		if generated.Owner == key.Owner {
			return true, nil
		}
	}
	set := s.own(key)
	return set != nil || s.update.to.Kept[key.Owner] != nil, s.err
}

var apexSOA = zonedata.Key{Owner: dns.Apex, Type: mdns.TypeSOA}

// soa is the zone's, if it is that of the log still.
func (s *served) soa() (*zonedata.RRset, error) {
	to := s.update.to
	written, err := s.now.WrittenAfter(to.ZoneID, to.SOAOf)
	switch {
	case err != nil:
		return nil, err
	case written || to.SOA == nil:
		return nil, ErrStale
	}
	data, err := zonedata.Data(to.SOA)
	return &zonedata.RRset{TTL: to.SOA.Hdr.Ttl, Data: []string{data}}, err
}
