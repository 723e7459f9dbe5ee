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

func parseDNAME(origin, value string) (mdns.RR, string) {
	target, problem := parseTarget(origin, value)
	return &mdns.DNAME{Target: target}, problem
}

// parseTarget reads a domain name: absolute with a final dot, else relative to
// the origin.
func parseTarget(origin, text string) (absolute, problem string) {
	if text == Apex {
		return origin + ".", ""
	}
	relative := text
	if isAbsolute(text) {
		relative = strings.TrimSuffix(text, ".")
	}
	name, problem := escapedName(relative)
	if problem == "" && hasAsterisk(name) {
		problem = "域名的一段不能是“*”"
	}
	if problem != "" {
		return "", strings.TrimSuffix(problem, "！")
	}
	if !isAbsolute(text) {
		name += "." + origin
	}
	if octetsOf(name) > maxName {
		return "", "域名与Zone名称合起来不能超过253个字符"
	}
	return name + ".", ""
}
