package dns

import (
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// Apex is the host that stands for the zone's own name.
const Apex = "@"

// ParseHost checks a record's owner name relative to its zone: "@" for the apex,
// else labels of letters, digits, "-", "_", "/" and escaped octets (RFC 1035, section
// 5.1), of which the leftmost may be "*". IDN labels become punycode, and each name has
// one spelling but for the case of letters. [OwnerName] says whether the name fits
// below a zone.
func ParseHost(text string) (string, error) {
	if text == Apex || text == "*" {
		return text, nil
	}
	if isAbsolute(text) {
		return "", domain.Invalid("host", "必须是相对于Zone的主机名，不能以“.”结尾！")
	}
	rest, wild := strings.CutPrefix(text, "*.")
	name, problem := escapedName(rest)
	if problem == "" && hasAsterisk(name) {
		problem = "“*”只能是最左边的一段，且不能转义！"
	}
	if problem != "" {
		return "", domain.Invalid("host", "%s", domain.Phrase(problem))
	}
	if wild {
		name = "*." + name
	}
	return name, nil
}

// isAbsolute says whether a name ends with a dot that is no part of its last label.
func isAbsolute(text string) bool {
	rest, dot := strings.CutSuffix(text, ".")
	return dot && (len(rest)-len(strings.TrimRight(rest, `\`)))%2 == 0
}

// hasAsterisk says whether a name has a label that is an asterisk, which means on the
// wire what "*" does however it is written.
func hasAsterisk(name string) bool {
	return strings.Contains(name, `\*`) && strings.Contains("."+name+".", `.\*.`)
}

// OwnerName returns the absolute owner name, with its final dot, of a host that
// passed [ParseHost]. It refuses what is longer than a domain name may be.
func OwnerName(host, zone string) (string, error) {
	if err := checkOwnerName(host, zone); err != nil {
		return "", err
	}
	if host == Apex {
		return zone + ".", nil
	}
	return host + "." + zone + ".", nil
}

func checkOwnerName(host, zone string) error {
	if host != Apex && octetsOf(host)+len(".")+len(zone) > maxName || len(zone) > maxName {
		return domain.Invalid("host", "与Zone名称合起来不能超过%d个字符！", maxName)
	}
	return nil
}

// Respelled returns a host, however it is written, in the one spelling that [ParseHost] has.
func Respelled(host string) string {
	if host == Apex || host == "*" {
		return host
	}
	rest, wild := strings.CutPrefix(host, "*.")
	if wild {
		return "*." + respelled(rest)
	}
	return respelled(host)
}
