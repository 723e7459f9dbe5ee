package bind

import (
	"bytes"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// zoneFile writes the content in master file form, in a fixed order. The SOA comes
// last: a file that lost its end in a crash of the host has no SOA, so that named
// refuses the whole zone, which is then added anew, and never serves a part of it.
func zoneFile(c content, serial uint32) ([]byte, error) {
	var out bytes.Buffer
	delegated := false
	for _, key := range c.keys() {
		rrs, err := c.set(key).records(c.zone, key)
		if err != nil {
			return nil, err
		}
		for _, rr := range rrs {
			line, err := zonedata.Line(rr)
			if err != nil {
				return nil, err
			}
			out.WriteString(line + "\n")
			delegated = delegated || delegatesTo(rr, c.zone)
		}
	}
	if delegated {
		out.WriteString(outside)
	}
	soa, err := zonedata.Line(c.soa(serial))
	if err != nil {
		return nil, err
	}
	out.WriteString(soa + "\n")
	return out.Bytes(), nil
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
