package powerdns

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// idOf is a zone's name as paths have it: with its final dot, and "=2F" in place of a slash.
func idOf(zone string) string {
	var out strings.Builder
	for i := 0; i < len(zone); i++ {
		switch c := zone[i]; {
		case c == '.', c == '-', '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, "=%02X", c)
		}
	}
	return out.String() + "."
}

// nameOf is the name of the zone that a path has, folded; "" where no zone can have it.
func nameOf(id string) string {
	id = unescaped(id)
	name, rest, coded := strings.Cut(id, "=")
	for coded {
		if len(rest) < 2 {
			return ""
		}
		octet, err := strconv.ParseUint(rest[:2], 16, 8)
		if err != nil {
			return ""
		}
		var part string
		part, rest, coded = strings.Cut(rest[2:], "=")
		name += string([]byte{byte(octet)}) + part
	}
	return zoneName(name)
}

// unescaped is a part of a path that may be escaped still: none of what is sought has a percent sign.
func unescaped(part string) string {
	if text, err := url.PathUnescape(part); err == nil {
		return text
	}
	return part
}

// zoneName is a zone's name, with or without its final dot, folded; "" where no zone can have it.
func zoneName(name string) string {
	folded := strings.ToLower(strings.TrimSuffix(name, "."))
	if parsed, err := dns.ParseZoneName(folded); err != nil || parsed != folded {
		return ""
	}
	return folded
}

// urlOf is the path of a zone, or of all zones of a server for no zone.
func urlOf(server, zone string) string {
	path := pathServers + "/" + url.PathEscape(server) + "/zones"
	if zone == "" {
		return path
	}
	return path + "/" + idOf(dns.FoldName(zone))
}

// canonical is an absolute name as it stands in a body.
func canonical(name string) (string, error) {
	if !strings.HasSuffix(name, ".") {
		return "", domain.Refused("DNS Name '%s' is not canonical", domain.Shown(name))
	}
	return name, nil
}
