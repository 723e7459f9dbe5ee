package zoneupdate

import (
	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

// step is one update of a message as a command: none, one or several of the commands that
// clients' requests become (RFC 2136, section 3.4.2).
type step struct {
	u *Update
	change
}

// Decide implements [domain.Command]. Steps are decided in a batch, which asks for parts.
func (s step) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	return s.DecidePart(h, env)
}

// Judge implements [domain.Judged].
func (step) Judge(h domain.History, env domain.Env, decided []domain.Event) error {
	return dns.AddRecord{}.Judge(h, env, decided)
}

// DecidePart implements [domain.Judged].
func (s step) DecidePart(h domain.History, env domain.Env) ([]domain.Event, error) {
	if s.ignoredAlways() {
		return nil, nil
	}
	now := dns.NewNow(h).Guarding()
	if err := now.Read([]int64{s.u.to.ZoneID}, []dns.Node{s.u.node(s.key.Owner)}); err != nil {
		return nil, err
	}
	commands, err := s.commands(now)
	if err != nil {
		return nil, err
	}
	return decideParts(h, env, commands)
}

// decideParts decides commands one after the other, up to the first that is refused.
func decideParts(h domain.History, env domain.Env, commands []domain.Judged) (events []domain.Event, err error) {
	for _, cmd := range commands {
		decided, err := cmd.DecidePart(h, env)
		if events = append(events, decided...); err != nil {
			return events, err
		}
	}
	return events, nil
}

func (s step) commands(now *dns.Now) ([]domain.Judged, error) {
	if s.kind == add {
		return s.adding(now)
	}
	return s.deleting(now)
}

// deleting deletes what there is of an RRset, of a name, or of one record, but never the last
// name server of the zone.
func (s step) deleting(now *dns.Now) (commands []domain.Judged, err error) {
	found, err := s.u.at(now, s.key)
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		switch {
		case s.kind == deleteRecord && r.rdata != s.data:
		case s.key == zonedata.ApexNS && len(found) == 1:
		case s.key.Owner == dns.Apex && s.key.Type == mdns.TypeANY && r.data.Type == "NS":
		default:
			cmd, err := dns.NewDeleteRecord(r.id, nil)
			if err != nil {
				return nil, err
			}
			commands = append(commands, cmd.At(s.u.node(s.key.Owner)))
		}
	}
	return commands, nil
}

// adding adds a record. One that is there gets the TTL, an alias the new name; and all of an
// RRset have one TTL (RFC 2181, section 5.2). A CNAME beside other data is ignored, and so is
// other data beside a CNAME.
func (s step) adding(now *dns.Now) (commands []domain.Judged, err error) {
	all, err := s.u.at(now, zonedata.Key{Owner: s.key.Owner, Type: mdns.TypeANY})
	if err != nil {
		return nil, err
	}
	alias := s.key.Type == mdns.TypeCNAME
	if alias && s.key.Owner == dns.Apex {
		return nil, nil // beside the SOA
	}
	there := false
	for _, r := range all {
		if (r.data.Type == "CNAME") != alias {
			return nil, nil
		}
		if r.data.Type != dns.TypeName(s.key.Type) {
			continue
		}
		same := alias || r.rdata == s.data
		there = there || same
		if !same && !s.levels {
			continue
		}
		cmd, err := s.changing(r)
		if err != nil {
			return nil, err
		}
		if cmd != nil {
			commands = append(commands, cmd)
		}
	}
	if there {
		return commands, nil
	}
	in, err := s.input()
	if err != nil {
		return nil, err
	}
	cmd, err := dns.NewAddRecord(in)
	return append(commands, cmd), err
}

// changing brings a record of the RRset to what it is beside the one that is added, nil for one
// that is so.
func (s step) changing(r present) (domain.Judged, error) {
	replaced := s.key.Type == mdns.TypeCNAME && r.rdata != s.data
	if !replaced && r.data.TTL == s.ttl {
		return nil, nil
	}
	in, err := s.input()
	if err != nil {
		return nil, err
	}
	in.Host = &r.data.Host
	if !replaced {
		if in.Value = &r.data.Value; r.data.Literal { // which a value is not that is given now
			value, err := zonefile.Value(s.u.to.Zone, s.key.Type, r.rdata)
			if err != nil {
				return nil, err
			}
			in.Value = &value
		}
	}
	return dns.NewUpdateRecord(r.id, in, nil)
}

// input is the record that is added, as a client would write it.
func (s step) input() (in dns.RecordInput, err error) {
	rrtype := dns.TypeName(s.key.Type)
	if _, err := dns.ParseRecordType(rrtype); err != nil {
		return in, err
	}
	if _, err := dns.AcceptOctets(rrtype, s.written); err != nil {
		return in, err
	}
	value, err := zonefile.Value(s.u.to.Zone, s.key.Type, s.written)
	to := s.u.to
	return dns.RecordInput{ZoneID: &to.ZoneID, ViewName: &to.View, Host: &s.host, Type: &rrtype, Value: &value, TTL: &s.ttl}, err
}
