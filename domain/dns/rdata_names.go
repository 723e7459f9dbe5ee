package dns

import (
	"strings"

	mdns "github.com/miekg/dns"
)

// FoldNames brings the names in a record's data to lower case: names compare without
// case in every type, and a record's data is the same whatever their case. It says whether
// any name was written otherwise.
func FoldNames(rr mdns.RR) (changed bool) {
	for _, name := range namesIn(rr) {
		folded := strings.ToLower(*name)
		changed = changed || folded != *name
		*name = folded
	}
	return changed
}

// namesIn returns the names in a record's data.
func namesIn(rr mdns.RR) []*string {
	switch r := rr.(type) {
	case *mdns.A, *mdns.AAAA, *mdns.TXT:
		return nil // most records are of these types
	case *mdns.CNAME:
		return []*string{&r.Target}
	case *mdns.NS:
		return []*string{&r.Ns}
	case *mdns.PTR:
		return []*string{&r.Ptr}
	case *mdns.MX:
		return []*string{&r.Mx}
	case *mdns.SRV:
		return []*string{&r.Target}
	case *mdns.NAPTR:
		return []*string{&r.Replacement}
	case *mdns.DNAME:
		return []*string{&r.Target}
	case *mdns.SVCB:
		return []*string{&r.Target}
	case *mdns.HTTPS:
		return []*string{&r.Target}
	default:
		return rareNamesIn(rr)
	}
}

func rareNamesIn(rr mdns.RR) []*string {
	switch r := rr.(type) {
	case *mdns.AFSDB:
		return []*string{&r.Hostname}
	case *mdns.AMTRELAY:
		return []*string{&r.GatewayHost}
	case *mdns.HIP:
		var names []*string
		for i := range r.RendezvousServers {
			names = append(names, &r.RendezvousServers[i])
		}
		return names
	case *mdns.IPSECKEY:
		return []*string{&r.GatewayHost}
	case *mdns.KX:
		return []*string{&r.Exchanger}
	case *mdns.LP:
		return []*string{&r.Fqdn}
	case *mdns.MB:
		return []*string{&r.Mb}
	case *mdns.MG:
		return []*string{&r.Mg}
	case *mdns.MINFO:
		return []*string{&r.Rmail, &r.Email}
	case *mdns.MR:
		return []*string{&r.Mr}
	case *mdns.NSAPPTR:
		return []*string{&r.Ptr}
	case *mdns.PX:
		return []*string{&r.Map822, &r.Mapx400}
	case *mdns.RP:
		return []*string{&r.Mbox, &r.Txt}
	case *mdns.RT:
		return []*string{&r.Host}
	case *mdns.TALINK:
		return []*string{&r.PreviousName, &r.NextName}
	default:
		return nil
	}
}
