package dns

import (
	"slices"

	mdns "github.com/miekg/dns"
)

// malformed says what named, or the type's RFC, has against data that the library read.
func malformed(rr mdns.RR) (problem string) {
	switch r := rr.(type) {
	case *mdns.DS:
		return malformedDigest(r)
	case *mdns.CDS:
		return malformedDigest(&r.DS)
	case *mdns.DLV:
		return malformedDigest(&r.DS)
	case *mdns.TA:
		return malformedDigest(&mdns.DS{Algorithm: r.Algorithm, DigestType: r.DigestType, Digest: r.Digest})
	case *mdns.HTTPS:
		return malformedService(&r.SVCB)
	case *mdns.SVCB:
		return malformedService(r)
	case *mdns.SMIMEA:
		return malformedAssociation(r.Usage, r.Selector, r.MatchingType, r.Certificate)
	case *mdns.ZONEMD:
		if len(r.Digest) < 2*12 { // RFC 8976, section 2.2.4
			return "摘要长度与摘要算法不符"
		}
		return malformedDigestOf(map[uint8]int{mdns.ZoneMDHashAlgSHA384: 48, mdns.ZoneMDHashAlgSHA512: 64}, r.Hash, r.Digest)
	case *mdns.LOC:
		return malformedLocation(r)
	default:
		if problem, isKey := malformedKey(rr); isKey {
			return problem
		}
		return malformedRare(rr)
	}
}

// malformedDigest wants the digest's length to be that of its algorithm. The digest of a
// CDS that asks for the removal of all DS is one octet 0 (RFC 8078, section 4).
func malformedDigest(r *mdns.DS) string {
	return malformedDigestOf(map[uint8]int{mdns.SHA1: 20, mdns.SHA256: 32, mdns.GOST94: 32, mdns.SHA384: 48}, r.DigestType, r.Digest)
}

func malformedDigestOf(lengths map[uint8]int, algorithm uint8, digest string) string {
	if octets, known := lengths[algorithm]; known && len(digest) != 2*octets || digest == "" {
		return "摘要长度与摘要算法不符"
	}
	return ""
}

// malformedService wants what RFC 9460 does of a set of parameters, which the library
// reads one by one: none in alias mode, and those that are mandatory.
func malformedService(r *mdns.SVCB) string {
	keys := make([]mdns.SVCBKey, 0, len(r.Value))
	for _, v := range r.Value {
		keys = append(keys, v.Key())
	}
	if r.Priority == 0 && len(keys) > 0 {
		return "优先级为0（别名模式）时不能有参数"
	}
	if slices.Contains(keys, mdns.SVCB_NO_DEFAULT_ALPN) && !slices.Contains(keys, mdns.SVCB_ALPN) {
		return "有no-default-alpn时必须有alpn"
	}
	for _, v := range r.Value {
		if problem := malformedParameter(v, keys); problem != "" {
			return problem
		}
	}
	return ""
}

// malformedParameter checks one parameter among those with the given keys.
func malformedParameter(v mdns.SVCBKeyValue, keys []mdns.SVCBKey) string {
	empty := false
	switch v := v.(type) {
	case *mdns.SVCBMandatory:
		for i, key := range v.Code {
			if key == mdns.SVCB_MANDATORY || !slices.Contains(keys, key) || slices.Contains(v.Code[:i], key) {
				return "mandatory只能列出所写的其他参数，每个一次"
			}
		}
		empty = len(v.Code) == 0
	case *mdns.SVCBAlpn:
		empty = len(v.Alpn) == 0 || slices.Contains(v.Alpn, "")
	case *mdns.SVCBIPv4Hint:
		empty = len(v.Hint) == 0
	case *mdns.SVCBIPv6Hint:
		empty = len(v.Hint) == 0
	case *mdns.SVCBECHConfig:
		empty = len(v.ECH) == 0
	case *mdns.SVCBDoHPath:
		return malformedDoHPath(v.Template)
	}
	if empty {
		return "参数不能没有值"
	}
	return ""
}

// malformedLocation wants what named does: version 0, digits below 10 and coordinates
// within a quarter, or half, of a turn (RFC 1876).
func malformedLocation(r *mdns.LOC) string {
	const equator, arc = 1 << 31, 3600 * 1000 // thousandths of a second
	within := func(coordinate uint32, degrees int64) bool {
		at := int64(coordinate) - equator
		return at >= -degrees*arc && at <= degrees*arc
	}
	if r.Version != 0 || !within(r.Latitude, 90) || !within(r.Longitude, 180) {
		return "经纬度不正确"
	}
	for _, size := range []uint8{r.Size, r.HorizPre, r.VertPre} {
		if digit, power := size>>4, size&0xf; digit > 9 || power > 9 || digit == 0 && power > 0 {
			return "大小或精度不正确"
		}
	}
	return ""
}
