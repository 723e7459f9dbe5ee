package bind

import (
	"context"
	"fmt"
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// proof compares a zone with a content while it is transferred, so that the zone is not held.
//
// Invariants:
//  1. It succeeds only if each RRset of the content came once, as it is wanted, and nothing else did but
//     what signing adds and the SOA.
type proof struct {
	content content
	soa     *mdns.SOA
	// key is the RRset that is coming, and set what has come of it: named sends the records of an
	// RRset one after the other.
	key setKey
	set *rrset
	// proved are the RRsets that came.
	proved map[setKey]struct{}
	err    error
}

// prove transfers the zone and compares it with the job's content. It returns the zone's SOA.
func (w *worker) prove(ctx context.Context, j job) (*mdns.SOA, error) {
	p := &proof{content: j.content, proved: make(map[setKey]struct{}, len(j.content.sets))}
	if err := w.transfer(ctx, j.key, p.take); err != nil {
		return nil, err
	}
	return p.soa, p.end()
}

// take takes the next record, of which the first is the SOA.
func (p *proof) take(rr mdns.RR) {
	if p.soa == nil {
		p.soa, _ = rr.(*mdns.SOA)
		return
	}
	if p.err != nil {
		return
	}
	h := rr.Header()
	owner, inside := relative(h.Name, p.content.zone)
	data, err := zonedata.Data(rr)
	if err != nil || !inside {
		p.err = mismatch(fmt.Sprintf("named serves %s in zone %s, which has no such record", h.Name, p.content.zone))
		return
	}
	if key := (setKey{owner: owner, rrtype: h.Rrtype}); p.set == nil || key != p.key {
		p.endSet()
		p.key, p.set = key, &rrset{ttl: h.Ttl}
	}
	p.set.rdata = append(p.set.rdata, data)
}

// endSet compares the RRset that has come.
func (p *proof) endSet() {
	if p.set == nil || p.err != nil || !p.content.has(p.key) && madeBySigning(p.key) {
		return
	}
	slices.Sort(p.set.rdata)
	p.set.rdata = slices.Compact(p.set.rdata)
	if _, again := p.proved[p.key]; again || !p.content.set(p.key).equal(p.set) {
		p.differs(p.key)
	}
	p.proved[p.key] = struct{}{}
}

func (p *proof) differs(key setKey) {
	p.err = mismatch(fmt.Sprintf("named serves another %s at %s than the file that it was given has",
		mdns.TypeToString[key.rrtype], absolute(key.owner, p.content.zone)))
}

// end ends the comparison: what did not come is missing.
func (p *proof) end() error {
	p.endSet()
	if p.err != nil || len(p.proved) == p.content.size() {
		return p.err
	}
	for _, key := range p.content.keys() {
		if _, came := p.proved[key]; !came && p.content.has(key) {
			p.differs(key)
			break
		}
	}
	return p.err
}
