package dns

import (
	"net/netip"
	"strings"

	mdns "github.com/miekg/dns"
)

func parseA(_, value string) (mdns.RR, string) {
	addr, err := netip.ParseAddr(value)
	if err != nil || !addr.Is4() {
		return nil, "必须是IPv4地址"
	}
	return &mdns.A{A: addr.AsSlice()}, ""
}

func parseAAAA(_, value string) (mdns.RR, string) {
	addr, err := netip.ParseAddr(value)
	if err != nil || !addr.Is6() || addr.Zone() != "" {
		return nil, "必须是IPv6地址"
	}
	return &mdns.AAAA{AAAA: addr.AsSlice()}, ""
}

func parseCNAME(origin, value string) (mdns.RR, string) {
	target, problem := parseTarget(origin, value)
	return &mdns.CNAME{Target: target}, problem
}

func parseNS(origin, value string) (mdns.RR, string) {
	target, problem := parseTarget(origin, value)
	return &mdns.NS{Ns: target}, problem
}

func parsePTR(origin, value string) (mdns.RR, string) {
	target, problem := parseTarget(origin, value)
	return &mdns.PTR{Ptr: target}, problem
}

// parseMX reads "preference exchange"; the exchange "." says that no mail is
// accepted (RFC 7505).
func parseMX(origin, value string) (mdns.RR, string) {
	f, problem := fields(value, 2)
	if problem != "" {
		return nil, problem
	}
	preference := f.number(0, 16)
	exchange := f.target(1, origin)
	return &mdns.MX{Preference: uint16(preference), Mx: exchange}, f.problem
}

// parseTarget reads a domain name: absolute with a final dot, else relative to
// the origin.
func parseTarget(origin, text string) (absolute, problem string) {
	if text == Apex {
		return origin + ".", ""
	}
	relative, isAbsolute := strings.CutSuffix(text, ".")
	name, problem := asciiName(relative)
	if problem != "" {
		return "", strings.TrimSuffix(problem, "！")
	}
	if !isAbsolute {
		name += "." + origin
	}
	if len(name) > maxName {
		return "", "域名与Zone名称合起来不能超过253个字符"
	}
	return name + ".", ""
}

// nameField returns the name in a record's data that compares without case, or
// nil. No supported type has two.
func nameField(rr mdns.RR) *string {
	switch r := rr.(type) {
	case *mdns.CNAME:
		return &r.Target
	case *mdns.NS:
		return &r.Ns
	case *mdns.PTR:
		return &r.Ptr
	case *mdns.MX:
		return &r.Mx
	case *mdns.SRV:
		return &r.Target
	case *mdns.NAPTR:
		return &r.Replacement
	default:
		return nil
	}
}
