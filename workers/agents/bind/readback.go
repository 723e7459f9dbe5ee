package bind

import (
	"context"
	"fmt"
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// readBack asks named, in the view of the key, for the zone's SOA and every
// changed RRset, and returns the SOA. The error is a mismatch when named serves
// anything else than what is wanted.
//
// A few RRsets are asked for as a client would ask. Some RRsets a client cannot
// see (below a delegation, or deleted where a wildcard now answers), and many would
// cost too much to ask for one by one. Those are sent as prerequisites of an update
// that changes nothing: named compares them with its own zone data.
func readBack(ctx context.Context, c *dnsclient.Conn, key dnsclient.Key, zone string, changes []change) (*mdns.SOA, error) {
	asked, hidden := split(changes)
	questions := []*mdns.Msg{question(zone, mdns.TypeSOA)}
	for _, ch := range asked {
		questions = append(questions, question(absolute(ch.key.owner, zone), ch.key.rrtype))
	}
	answers, err := c.ExchangeAll(ctx, key, questions)
	if err != nil {
		return nil, err
	}
	soa, err := soaIn(answers[0], zone)
	if err != nil {
		return nil, err
	}
	for i, ch := range asked {
		switch seen, err := compareAnswer(answers[i+1], zone, ch); {
		case err != nil:
			return nil, err
		case !seen:
			hidden = append(hidden, ch)
		}
	}
	return soa, probe(ctx, c, key, zone, hidden)
}

// askedMost is how many RRsets are asked for one by one. A question, with its two
// signatures, costs named far more than the comparison of an RRset in a message.
const askedMost = 3

// split picks the changes to ask for. Of many, these are the first one, so that
// something is always seen as clients see it, and those of a TTL alone, which
// prerequisites do not compare.
func split(changes []change) (asked, compared []change) {
	if len(changes) <= askedMost {
		return changes, nil
	}
	for i, ch := range changes {
		onlyTTL := ch.held != nil && ch.want != nil && slices.Equal(ch.held.rdata, ch.want.rdata)
		if i == 0 || onlyTTL {
			asked = append(asked, ch)
		} else {
			compared = append(compared, ch)
		}
	}
	return asked, compared
}

// mismatch says that named answers something else than it was given.
type mismatch string

func (m mismatch) Error() string { return string(m) }

func question(name string, rrtype uint16) *mdns.Msg {
	m := new(mdns.Msg)
	m.SetQuestion(name, rrtype)
	m.RecursionDesired = false
	return m
}

func soaIn(m *mdns.Msg, zone string) (*mdns.SOA, error) {
	if m.Rcode != mdns.RcodeSuccess {
		return nil, dnsclient.RcodeError(m.Rcode)
	}
	for _, rr := range m.Answer {
		if soa, ok := rr.(*mdns.SOA); ok && m.Authoritative {
			return soa, nil
		}
	}
	return nil, mismatch("named does not answer for the zone " + zone)
}

// compareAnswer compares an answer with what is wanted. seen is false if the answer
// does not show what the zone itself holds at that name.
func compareAnswer(m *mdns.Msg, zone string, ch change) (seen bool, err error) {
	if m.Rcode == mdns.RcodeServerFailure {
		// named serves the zone, or it would not have answered for the SOA. It fails at
		// a loop of aliases: a CNAME at a wildcard above a deleted name.
		return false, nil
	}
	if m.Rcode != mdns.RcodeSuccess && m.Rcode != mdns.RcodeNameError {
		return false, fmt.Errorf("%s %s: %w", absolute(ch.key.owner, zone), dns.TypeName(ch.key.rrtype), dnsclient.RcodeError(m.Rcode))
	}
	section := m.Answer
	if !m.Authoritative {
		section = m.Ns // a referral: it shows the NS of the delegation itself
	}
	served, err := pick(section, zone, ch.key)
	if err != nil {
		return false, err
	}
	switch {
	case served.equal(ch.want):
		return m.Authoritative || served != nil, nil
	case !m.Authoritative, ch.want == nil, redirected(section, absolute(ch.key.owner, zone)):
		return false, nil
	default:
		return false, mismatch(fmt.Sprintf("named serves another %s at %s than it was given",
			dns.TypeName(ch.key.rrtype), absolute(ch.key.owner, zone)))
	}
}

// redirected says whether an answer is made from a DNAME above the name.
func redirected(answer []mdns.RR, name string) bool {
	return slices.ContainsFunc(answer, func(rr mdns.RR) bool {
		return rr.Header().Rrtype == mdns.TypeDNAME && mdns.CanonicalName(rr.Header().Name) != name
	})
}

// pick finds one RRset among the records of an answer.
func pick(rrs []mdns.RR, zone string, key setKey) (*rrset, error) {
	name := absolute(key.owner, zone)
	matching := slices.DeleteFunc(slices.Clone(rrs), func(rr mdns.RR) bool {
		return rr.Header().Rrtype != key.rrtype || mdns.CanonicalName(rr.Header().Name) != name
	})
	sets, err := collect(zone, matching)
	return sets[key], err
}

// maxProbe is how many octets of records go into one probe.
const maxProbe = 48 << 10

// probe has named compare RRsets with its own zone data.
func probe(ctx context.Context, c *dnsclient.Conn, key dnsclient.Key, zone string, hidden []change) error {
	for len(hidden) > 0 {
		m := new(mdns.Msg)
		m.SetUpdate(zone)
		m.Compress = true
		n, size := 0, 0
		for n < len(hidden) && (n == 0 || size < maxProbe) {
			added, err := addPrerequisite(m, zone, hidden[n])
			if err != nil {
				return err
			}
			size += added
			n++
		}
		hidden = hidden[n:]
		reply, err := c.Exchange(ctx, key, m)
		if err != nil {
			return err
		}
		switch reply.Rcode {
		case mdns.RcodeSuccess:
		case mdns.RcodeNXRrset, mdns.RcodeYXRrset, mdns.RcodeNameError, mdns.RcodeYXDomain:
			return mismatch("named holds other data than it was given: " + mdns.RcodeToString[reply.Rcode])
		default:
			return dnsclient.RcodeError(reply.Rcode)
		}
	}
	return nil
}

func addPrerequisite(m *mdns.Msg, zone string, ch change) (size int, err error) {
	if ch.want == nil {
		name := absolute(ch.key.owner, zone)
		m.RRsetNotUsed([]mdns.RR{&mdns.ANY{Hdr: mdns.RR_Header{Name: name, Rrtype: ch.key.rrtype}}})
		return len(name) + 12, nil
	}
	rrs, err := ch.want.records(zone, ch.key)
	if err != nil {
		return 0, err
	}
	for _, rr := range rrs {
		rr.Header().Ttl = 0
		size += mdns.Len(rr)
	}
	m.Used(rrs)
	return size, nil
}
