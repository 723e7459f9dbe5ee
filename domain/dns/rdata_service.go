package dns

import mdns "github.com/miekg/dns"

// parseSRV reads "priority weight port target".
func parseSRV(origin, value string) (mdns.RR, string) {
	f, problem := fields(value, 4)
	if problem != "" {
		return nil, problem
	}
	rr := &mdns.SRV{
		Priority: uint16(f.number(0, 16)), Weight: uint16(f.number(1, 16)), Port: uint16(f.number(2, 16)),
		Target: f.target(3, origin),
	}
	return rr, f.problem
}

// parseURI reads `priority weight "target"` (RFC 7553).
func parseURI(_, value string) (mdns.RR, string) {
	f, problem := fields(value, 3)
	if problem != "" {
		return nil, problem
	}
	rr := &mdns.URI{Priority: uint16(f.number(0, 16)), Weight: uint16(f.number(1, 16)), Target: f.plainText(2)}
	if rr.Target == "" {
		f.fail("目标不能为空")
	}
	return rr, f.problem
}

// parseNAPTR reads `order preference "flags" "services" "regexp" replacement` (RFC 3403).
func parseNAPTR(origin, value string) (mdns.RR, string) {
	f, problem := fields(value, 6)
	if problem != "" {
		return nil, problem
	}
	rr := &mdns.NAPTR{
		Order: uint16(f.number(0, 16)), Preference: uint16(f.number(1, 16)),
		Flags: f.list[2].octets, Regexp: escaped(f.list[4].octets),
		Replacement: f.target(5, origin),
	}
	if len(rr.Flags) > 32 || !consistsOf(rr.Flags, "") {
		f.fail("flags只能包含字母和数字")
	}
	rr.Service = f.plainText(3)
	if len(rr.Service) > maxCharacterString {
		f.fail("services不能超过255字节")
	}
	if problem := substitution(f.list[4].octets); problem != "" {
		f.fail(problem)
	}
	return rr, f.problem
}
