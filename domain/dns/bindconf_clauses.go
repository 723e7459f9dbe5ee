package dns

import (
	"net/netip"
	"slices"
	"strings"
)

// confClauses lists, for each statement in whose block named looks for statements by
// their names, those that may stand there. All other blocks are lists of addresses, keys
// and names, in which a word is never a statement.
//
// What is not listed names files (tls: ca-file, cert-file, key-file, dhparam-file), or no
// named knows it. The latter matters: a named skips what it does not know by rules of its
// own, see [validateQuoted].
var confClauses = map[string][]string{
	"key": {"algorithm", "secret"},
	"server": {
		"bogus", "edns", "edns-udp-size", "edns-version", "keys", "max-udp-size", "notify-source", "notify-source-v6", "padding",
		"provide-ixfr", "query-source", "query-source-v6", "request-expire", "request-ixfr", "request-nsid", "require-cookie",
		"send-cookie", "tcp-keepalive", "tcp-only", "transfer-format", "transfer-source", "transfer-source-v6", "transfers",
	},
	"tls":                 {"cipher-suites", "ciphers", "prefer-server-ciphers", "protocols", "remote-hostname", "session-tickets"},
	"http":                {"endpoints", "listener-clients", "streams-per-connection"},
	"statistics-channels": {"inet"},
	"logging":             {"category", "channel"},
	"channel": {
		"buffered", "file", "null", "print-category", "print-severity", "print-time", "severity", "stderr", "syslog",
	},
	"rate-limit": {
		"all-per-second", "errors-per-second", "exempt-clients", "ipv4-prefix-length", "ipv6-prefix-length", "log-only",
		"max-table-size", "min-table-size", "nodata-per-second", "nxdomains-per-second", "qps-scale", "referrals-per-second",
		"responses-per-second", "slip", "window",
	},
	"dns64": {"break-dnssec", "clients", "exclude", "mapped", "recursive-only", "suffix"},
}

// validateClauses refuses what [confClauses] does not list, at any depth.
func validateClauses(s Statement) error {
	allowed, named := confClauses[s.Name()]
	if !named {
		return nil
	}
	if !s.endsInBlock() {
		return confError(s.Line, "%s语句不正确", s.Name())
	}
	for _, inner := range s.block() {
		if !slices.Contains(allowed, inner.Name()) {
			return confError(inner.Line, "不允许的语句%q", shorten(inner.Name()))
		}
		if err := validateClauses(inner); err != nil {
			return err
		}
	}
	return nil
}

// validateStatistics lets named tell its statistics to this host alone: it tells them to
// whoever asks, over plain HTTP.
func validateStatistics(s Statement) error {
	for _, inner := range s.block() {
		addr, err := netip.ParseAddr(inner.word(1))
		if err != nil || !addr.IsLoopback() || addr.Is4In6() || addr.Zone() != "" {
			return confError(inner.Line, "statistics-channels只能监听本机地址，例如127.0.0.1或::1，不能是%q", shorten(inner.word(1)))
		}
	}
	return nil
}

// validateQuoted keeps what looks like a statement or a comment out of quoted texts. To a
// named that does not know an option, because it is older or newer than [isAllowedOption]
// expects, quotes mean nothing while it skips the option, and what such a text holds would
// be statements to it. Every named knows version and hostname.
func validateQuoted(s Statement) error {
	for i, e := range s.Elements {
		anyText := len(s.Elements) == 2 && (s.Name() == "version" || s.Name() == "hostname")
		if e.Quoted && !anyText && looksLikeConf(e.Text, i == len(s.Elements)-1) {
			return confError(s.Line, "双引号内不能有“{”、“}”、“;”、“#”、“//”或“/*”")
		}
		for _, inner := range e.Block {
			if err := validateQuoted(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// looksLikeConf allows base64, which may have "//", at a statement's end, where a comment
// would hide nothing but that end.
func looksLikeConf(text string, last bool) bool {
	return strings.ContainsAny(text, "{};#") || strings.Contains(text, "/*") ||
		strings.Contains(text, "//") && !(last && isSecretText(text))
}
