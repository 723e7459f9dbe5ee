package bind

import (
	"strings"

	mdns "github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// zoneFile writes the content in master file form, in a fixed order. The SOA comes
// last: a file that lost its end in a crash of the host has no SOA, so that named
// refuses the whole zone, which is then added anew, and never serves a part of it.
func zoneFile(c content, serial uint32) ([]byte, error) {
	keys := c.keys()
	halves := [][]setKey{keys}
	if len(keys) >= halvedAt {
		halves = [][]setKey{keys[:len(keys)/2], keys[len(keys)/2:]}
	}
	texts := make([]linesOf, len(halves))
	var writing errgroup.Group
	for i, half := range halves {
		writing.Go(func() error { return texts[i].write(c, half) })
	}
	if err := writing.Wait(); err != nil {
		return nil, err
	}
	var out []byte
	delegated := false
	for _, l := range texts {
		out, delegated = append(out, l.text...), delegated || l.delegated
	}
	if delegated {
		out = append(out, outside...)
	}
	soa, err := zonedata.Line(c.soa(serial))
	return append(append(out, soa...), '\n'), err
}

// halvedAt is how many RRsets are written by two processors, if there are two.
const halvedAt = 50_000

// linesOf are the lines of some RRsets; delegated says that one of them leads to the zone's apex.
type linesOf struct {
	text      []byte
	delegated bool
}

func (l *linesOf) write(c content, keys []setKey) error {
	const line = 40 // about as much as most have
	l.text = make([]byte, 0, line*len(keys))
	for _, key := range keys {
		rrs, err := c.set(key).records(c.zone, key)
		if err != nil {
			return err
		}
		for _, rr := range rrs {
			line, err := zonedata.Line(rr)
			if err != nil {
				return err
			}
			l.text = append(append(l.text, line...), '\n')
			l.delegated = l.delegated || delegatesTo(rr, c.zone)
		}
	}
	return nil
}

// outside is a record outside the zone, which named ignores. It is written after a
// delegation to the zone's apex: named takes records that directly follow such a
// delegation for the addresses of its name servers, and would refuse the SOA among
// them.
const outside = ". 0 IN TXT \"\"\n"

// delegatesTo says whether the record leads from another name to the zone's apex.
func delegatesTo(rr mdns.RR, zone string) bool {
	ns, ok := rr.(*mdns.NS)
	return ok && strings.EqualFold(ns.Ns, zone) && !strings.EqualFold(ns.Hdr.Name, zone)
}
