package dns

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"

	mdns "github.com/miekg/dns"
)

// malformedRare is malformed for types that are rarely seen.
func malformedRare(rr mdns.RR) (problem string) {
	switch r := rr.(type) {
	case *mdns.X25:
		if len(r.PSDNAddress) < 4 || strings.Trim(r.PSDNAddress, "0123456789") != "" {
			return "PSDN地址必须是至少4位数字"
		}
	case *mdns.AMTRELAY:
		return malformedRelay(r)
	case *mdns.HIP:
		key, err := base64.StdEncoding.DecodeString(r.PublicKey)
		if err != nil || len(key) == 0 || len(key) != int(r.PublicKeyLength) || r.Hit == "" || len(r.Hit) != 2*int(r.HitLength) {
			return "HIT和公钥不能为空，也不能比所写的长度短"
		}
	case *mdns.L32:
		if r.Locator32.To4() == nil {
			return "必须是IPv4地址"
		}
	case *mdns.CERT:
		if r.Certificate == "" {
			return "证书不能为空"
		}
	}
	return ""
}

// malformedRelay wants the relay that the type says, and none beside the D-bit, which the library
// does not write on the wire.
func malformedRelay(r *mdns.AMTRELAY) string {
	const discovery = 0x80
	switch {
	case r.GatewayType > discovery:
		return "D位为1时不能写中继"
	case !isGateway(r.GatewayType&^discovery, r.GatewayAddr, r.GatewayHost):
		return "网关类型必须为0到3"
	}
	return ""
}

// isGateway says whether a gateway is what its type says (RFC 4025, section 2.3).
func isGateway(kind uint8, addr []byte, host string) bool {
	switch kind {
	case mdns.IPSECGatewayNone:
		return true
	case mdns.IPSECGatewayIPv4, mdns.IPSECGatewayIPv6:
		return len(addr) > 0
	case mdns.IPSECGatewayHost:
		return host != ""
	default:
		return false
	}
}

// malformedKey checks the types with a public key.
func malformedKey(rr mdns.RR) (problem string, isKey bool) {
	const protocol = 3 // RFC 4034, section 2.1.2
	switch r := rr.(type) {
	case *mdns.DNSKEY:
		if r.Protocol != protocol {
			return "protocol必须为3", true
		}
		return malformedPublicKey(r.Algorithm, r.PublicKey), true
	case *mdns.CDNSKEY:
		return malformedKey(&r.DNSKEY)
	case *mdns.RKEY:
		if r.Flags != 0 {
			return "flags必须为0", true
		}
		return malformedPublicKey(r.Algorithm, r.PublicKey), true
	case *mdns.KEY:
		const none = 0xc000 // RFC 2535, section 3.1.2
		if r.Flags&none == none && r.PublicKey == "" {
			return "", true
		}
		if r.Flags&none == none {
			return "flags说没有公钥时不能有公钥", true
		}
		return malformedPublicKey(r.Algorithm, r.PublicKey), true
	case *mdns.IPSECKEY:
		if !isGateway(r.GatewayType, r.GatewayAddr, r.GatewayHost) {
			return "网关类型必须为0到3", true
		}
		return malformedPublicKey(0, r.PublicKey), true
	default:
		return "", false
	}
}

// malformedPublicKey checks a key, which begins with the name of its algorithm where that is private.
func malformedPublicKey(algorithm uint8, key string) string {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) == 0 || algorithm == mdns.PRIVATEDNS && nameLen(string(raw)) == 0 {
		return "公钥必须是base64数据"
	}
	return ""
}

var (
	// pathTemplate is a path with variables (RFC 6570), as named takes it.
	pathTemplate = regexp.MustCompile(`^/(?:[^{%]|%[0-9A-Fa-f]{2}|\{` + templateVariable + `(?:,` + templateVariable + `)*\})*$`)
	// dnsVariable is the variable dns among those of one pair of braces.
	dnsVariable = regexp.MustCompile(`\{(?:[^{}]*,)?[+#./;?&]?dns[*:,}]`)
)

const templateVariable = `[+#./;?&]?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+(?:\*|:[1-9][0-9]{0,3})?`

// malformedDoHPath wants a path with the variable dns (RFC 9461, section 5).
func malformedDoHPath(template string) string {
	if !utf8.ValidString(template) || !pathTemplate.MatchString(template) || !dnsVariable.MatchString(template) {
		return "dohpath必须以/开头，并含有变量dns"
	}
	return ""
}
