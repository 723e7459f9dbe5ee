package zoneupdate

import (
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// setStep is one RRset of [Sets] as a command: the commands that clients' requests become, as many
// as it takes.
type setStep struct {
	u *Update
	Set
}

// Decide implements [domain.Command]. Steps are decided in a batch, which asks for parts.
func (s setStep) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	return s.DecidePart(h, env)
}

// Judge implements [domain.Judged].
func (setStep) Judge(h domain.History, env domain.Env, decided []domain.Event) error {
	return dns.AddRecord{}.Judge(h, env, decided)
}

// DecidePart implements [domain.Judged].
func (s setStep) DecidePart(h domain.History, env domain.Env) ([]domain.Event, error) {
	now := dns.NewNow(h).Guarding()
	if err := now.Read([]int64{s.u.to.ZoneID}, []dns.Node{s.u.node(s.key().Owner)}); err != nil {
		return nil, err
	}
	found, err := s.u.at(now, s.key())
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		if generated, err := s.isGenerated(now); err != nil || generated {
			return nil, err
		}
	}
	commands, err := s.commands(found)
	if err != nil {
		return nil, err
	}
	return decideParts(h, env, commands)
}

// isGenerated says whether the RRset, of which the zone has no records, is served as it is wanted
// anyway.
func (s setStep) isGenerated(now *dns.Now) (bool, error) {
	key := s.key()
	switch {
	case len(s.Records) == 0 || generatedAfter(key) == 0:
		return false, nil
	case key.Type == mdns.TypePTR:
		return s.isKept(now)
	}
	_, settings, _ := now.Zone(s.u.to.ZoneID)
	asked, err := s.isAsked(now)
	if err != nil || !asked {
		return false, err
	}
	served, err := newServed(s.u, now, settings)
	if err != nil {
		return false, err
	}
	set := served.generated.Sets[key]
	return set != nil && set.Equal(s.wanted()), nil
}

// wanted are the records that the RRset is to have.
func (s setStep) wanted() *zonedata.RRset {
	all := make([]zonedata.Record, len(s.Records))
	for i, r := range s.Records {
		all[i] = zonedata.Record{TTL: s.TTL, Data: r.data}
	}
	return zonedata.Assemble(all)
}

// isKept says whether the RRset is a PTR that the zone has of another one.
func (s setStep) isKept(now *dns.Now) (bool, error) {
	kept := s.u.to.Kept[s.key().Owner]
	if kept == nil || !kept.Equal(s.wanted()) {
		return false, nil
	}
	alias, err := s.u.at(now, zonedata.Key{Owner: s.key().Owner, Type: mdns.TypeCNAME})
	return len(alias) == 0, err
}

// isAsked says whether it takes more than a look at the name servers to know whether the RRset is
// generated: thousands of addresses are none of theirs.
func (s setStep) isAsked(now *dns.Now) (bool, error) {
	if err := now.Read(nil, []dns.Node{s.u.node(dns.Apex)}); err != nil {
		return false, err
	}
	apex, err := s.u.at(now, zonedata.ApexNS)
	if err != nil {
		return false, err
	}
	var own []zonedata.Record
	for _, r := range apex {
		own = append(own, zonedata.Record{TTL: r.data.TTL, Data: r.rdata})
	}
	return slices.Contains(zonedata.Asked(s.u.zone(), s.u.to.Fleet, zonedata.Assemble(own)), s.key().Owner), nil
}

// commands bring the records of the RRset to what is wanted.
func (s setStep) commands(found []present) (commands []domain.Judged, err error) {
	if s.Records == nil {
		return s.commenting(found)
	}
	p := s.plan(found)
	for _, r := range p.gone {
		cmd, err := dns.NewDeleteRecord(r.id, nil)
		if err != nil {
			return nil, err
		}
		commands = append(commands, cmd.At(s.u.node(s.key().Owner)))
	}
	for _, k := range p.kept {
		cmd, err := s.changing(k)
		if err != nil {
			return nil, err
		}
		if cmd != nil {
			commands = append(commands, cmd)
		}
	}
	for _, r := range p.added {
		in := s.input(s.Host, s.Records[r.wanted].Value, s.TTL, r.comment)
		cmd, err := dns.NewAddRecord(in)
		if err != nil {
			return nil, err
		}
		commands = append(commands, cmd)
	}
	return commands, nil
}

// commenting gives the records their comments.
func (s setStep) commenting(found []present) (commands []domain.Judged, err error) {
	switch {
	case s.Comments == nil:
		return nil, nil
	case len(s.Comments) > len(found):
		return nil, errCommentsWithoutRecords()
	}
	for i, r := range found {
		cmd, err := s.rewriting(r, r.data.Host, "", r.data.TTL, commentOf(s.Comments, i))
		if err != nil {
			return nil, err
		}
		if cmd != nil {
			commands = append(commands, cmd)
		}
	}
	return commands, nil
}

func errCommentsWithoutRecords() *domain.Error {
	return domain.Refused("there are more comments than records to keep them with")
}

// commentOf is the comment of a record of an RRset, which has those that are given one by one, and the
// last of them from there on.
func commentOf(comments []string, i int) string {
	if len(comments) == 0 {
		return ""
	}
	return comments[min(i, len(comments)-1)]
}

// setPlan is what becomes of an RRset's records.
type setPlan struct {
	gone        []present
	kept, added []wantedRecord
}

// wantedRecord is a record that is wanted, by its place among [Set.Records], with the one that is
// there.
type wantedRecord struct {
	present
	wanted  int
	comment string
}

// plan keeps the records that are wanted. Of the others as many as there are missing ones become these:
// half the events, and the log says what came in whose place.
func (s setStep) plan(found []present) (p setPlan) {
	taken, places := make([]bool, len(s.Records)), make(map[string]int, len(s.Records))
	for i, w := range s.Records {
		places[w.data] = i
	}
	for _, r := range found {
		i, wanted := places[r.rdata]
		if !wanted || taken[i] {
			p.gone = append(p.gone, r)
			continue
		}
		taken[i] = true
		p.kept = append(p.kept, wantedRecord{present: r, wanted: i, comment: r.data.Comment})
	}
	for i, has := range taken {
		switch {
		case has:
		case len(p.gone) > 0:
			p.kept = append(p.kept, wantedRecord{present: p.gone[0], wanted: i, comment: p.gone[0].data.Comment})
			p.gone = p.gone[1:]
		default:
			p.added = append(p.added, wantedRecord{wanted: i})
		}
	}
	s.comment(&p)
	return p
}

// comment says which comments the records get: those that the client gives, or else each its own, and
// a new one that of another.
func (s setStep) comment(p *setPlan) {
	for i := range p.kept {
		if s.Comments != nil {
			p.kept[i].comment = commentOf(s.Comments, i)
		}
	}
	for i := range p.added {
		switch {
		case s.Comments != nil:
			p.added[i].comment = commentOf(s.Comments, len(p.kept)+i)
		case len(p.kept) > 0:
			p.added[i].comment = p.kept[0].comment
		}
	}
}

// changing brings a record that stays to what is wanted, nil for one that is so.
func (s setStep) changing(k wantedRecord) (domain.Judged, error) {
	return s.rewriting(k.present, k.data.Host, s.Records[k.wanted].Value, s.TTL, k.comment)
}

// rewriting gives a record another value, "" for the one that it has, TTL and comment; nil where it
// has all of that.
func (s setStep) rewriting(r present, host, value string, ttl uint32, comment string) (domain.Judged, error) {
	shown, err := Content(s.u.to.Zone, r.data)
	if err != nil {
		return nil, err
	}
	if value == "" {
		value = shown
	}
	if value == shown && ttl == r.data.TTL && comment == r.data.Comment {
		return nil, nil
	}
	if value == shown && !r.data.Literal {
		value = r.data.Value
	}
	return dns.NewUpdateRecord(r.id, s.input(host, value, ttl, comment), nil)
}

func (s setStep) input(host, value string, ttl uint32, comment string) dns.RecordInput {
	to := s.u.to
	return dns.RecordInput{
		ZoneID: &to.ZoneID, ViewName: &to.View, Host: &host, Type: &s.Type, Value: &value, TTL: &ttl, Comment: &comment,
	}
}
