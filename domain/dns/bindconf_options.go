package dns

import "strings"

// isGeneratedOption names the options that the agent writes itself, or that
// would undo what it relies on: where named keeps files and listens, how zones
// are added, who may update them, and what zone data named refuses.
func isGeneratedOption(name string) bool {
	switch name {
	case "directory", "pid-file", "lock-file", "session-keyfile", "session-keyname", "session-keyalg",
		"dump-file", "statistics-file", "memstatistics-file", "recursing-file", "secroots-file", "bindkeys-file",
		"key-directory", "managed-keys-directory", "geoip-directory", "new-zones-directory", "lmdb-mapsize",
		"server-id", "listen-on", "listen-on-v6", "port", "tls-port", "http-port", "https-port",
		"allow-new-zones", "allow-update", "allow-update-forwarding", "update-quota",
		"masterfile-format", "masterfile-style", "max-journal-size", "serial-update-method", "ixfr-from-differences",
		"max-records", "max-records-per-type", "max-types-per-name", "max-zone-ttl":
		return true
	default:
		return strings.HasPrefix(name, "check-")
	}
}

// isAllowedOption lists the options that a client may set. Beside the generated
// ones it leaves out: what names files or devices (dnstap, tkey, dlz); what
// signs zones or otherwise adds to them, since a zone is what the log says
// (dnssec-policy, auto-dnssec, sig-…); what needs zones of the client's own
// (response-policy, catalog-zones, nxdomain-redirect); what may shut the agent
// out of its own server (blackhole, allow-query-on); and what is obsolete.
func isAllowedOption(name string) bool {
	switch name {
	case "allow-notify", "allow-query", "allow-query-cache", "allow-query-cache-on",
		"allow-recursion", "allow-recursion-on", "allow-transfer", "also-notify",
		"answer-cookie", "auth-nxdomain", "automatic-interface-scan",
		"clients-per-query", "cookie-algorithm", "cookie-secret",
		"deny-answer-addresses", "deny-answer-aliases", "disable-algorithms", "disable-ds-digests", "disable-empty-zone",
		"dns64", "dns64-contact", "dns64-server", "dnssec-accept-expired", "dnssec-validation",
		"edns-udp-size", "empty-contact", "empty-server", "empty-zones-enable",
		"fetch-quota-params", "fetches-per-server", "fetches-per-zone", "forward", "forwarders",
		"hostname", "http-listener-clients", "http-streams-per-connection", "interface-interval",
		"lame-ttl", "match-mapped-addresses", "max-cache-size", "max-cache-ttl", "max-clients-per-query",
		"max-ncache-ttl", "max-query-count", "max-query-restarts", "max-recursion-depth", "max-recursion-queries", "max-stale-ttl",
		"max-transfer-idle-in", "max-transfer-idle-out", "max-transfer-time-in", "max-transfer-time-out", "max-udp-size",
		"message-compression", "min-cache-ttl", "min-ncache-ttl", "minimal-any", "minimal-responses",
		"nocookie-udp-size", "no-case-compress", "notify", "notify-delay", "notify-rate", "notify-source", "notify-source-v6", "notify-to-soa",
		"nta-lifetime", "nta-recheck", "prefetch", "provide-ixfr", "qname-minimization",
		"query-source", "query-source-v6", "querylog", "rate-limit", "recursion", "recursive-clients",
		"request-expire", "request-ixfr", "request-nsid", "require-server-cookie", "resolver-query-timeout",
		"root-key-sentinel", "rrset-order", "send-cookie", "serial-query-rate", "servfail-ttl", "sortlist",
		"stale-answer-client-timeout", "stale-answer-enable", "stale-answer-ttl", "stale-cache-enable", "stale-refresh-time",
		"startup-notify-rate", "synth-from-dnssec", "tcp-advertised-timeout", "tcp-clients", "tcp-idle-timeout",
		"tcp-initial-timeout", "tcp-keepalive-timeout", "tcp-listen-queue", "tcp-receive-buffer", "tcp-send-buffer",
		"transfer-format", "transfer-message-size", "transfer-source", "transfer-source-v6", "transfers-in", "transfers-out", "transfers-per-ns",
		"trust-anchor-telemetry", "udp-receive-buffer", "udp-send-buffer", "use-v4-udp-ports", "use-v6-udp-ports",
		"v6-bias", "validate-except", "version", "zone-statistics":
		return true
	default:
		return false
	}
}
