package dns

import (
	"regexp"
	"strings"

	mdns "github.com/miekg/dns"
)

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
	if rr.Target == "" || len(rr.Target) > maxCharacterString {
		f.fail("目标必须为1到255字节")
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
		Flags: f.list[2].octets, Service: f.list[3].octets, Regexp: escaped(f.list[4].octets),
		Replacement: f.target(5, origin),
	}
	if len(rr.Flags) > 32 || !consistsOf(rr.Flags, "") {
		f.fail("flags只能包含字母和数字")
	}
	if len(rr.Service) > maxCharacterString || !consistsOf(rr.Service, ":+.-") {
		f.fail("services只能包含字母、数字和“:”“+”“.”“-”")
	}
	if !naptrRegexp(f.list[4].octets) {
		f.fail("regexp不正确")
	}
	return rr, f.problem
}

// naptrRegexp accepts the substitution expressions that ENUM and SIP use:
// !ere!replacement! with an optional i. The ere is limited to literals, escaped
// punctuation, ".", ".*" and the group "(.*)", a form that every name server reads alike.
func naptrRegexp(text string) bool {
	if text == "" {
		return true
	}
	if len(text) > maxCharacterString {
		return false
	}
	parts := regexp.MustCompile(`^!\^?((?:[A-Za-z0-9@:_-]|\\[.+]|\.\*?|\(\.\*\))+)\$?!((?:[A-Za-z0-9@:_./;=+?&%-]|\\[1-9])+)!i?$`).FindStringSubmatch(text)
	if parts == nil {
		return false
	}
	groups := strings.Count(parts[1], "(")
	for i := 0; i+1 < len(parts[2]); i++ {
		if parts[2][i] == '\\' && int(parts[2][i+1]-'0') > groups {
			return false
		}
	}
	return true
}
