package dns

import "strings"

// IsGeneratedOption names the options that the agent writes itself, or that
// would undo what it relies on: where named keeps files and listens, how zones
// are added, who may update them, and what zone data named refuses.
func IsGeneratedOption(name string) bool {
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

// validateEffect refuses, by name, what would have no effect beside what is generated:
// named listens for plain DNS alone, and makes no empty zones unless it is told to.
func (c *BindConf) validateEffect() error {
	for _, s := range c.Statements {
		if s.Name() == "http" {
			return confError(s.Line, "http语句不起作用：监听地址由系统生成，没有HTTP监听")
		}
	}
	emptyZones := false
	for _, o := range c.Options() {
		if o.Name() == "empty-zones-enable" {
			emptyZones = isYes(o.word(1))
		}
	}
	for _, o := range c.Options() {
		switch name := o.Name(); name {
		case "http-listener-clients", "http-streams-per-connection":
			return confError(o.Line, "选项%q不起作用：监听地址由系统生成，没有HTTP监听", name)
		case "disable-empty-zone", "empty-contact", "empty-server":
			if !emptyZones {
				return confError(o.Line, "选项%q不起作用：需要同时设置empty-zones-enable yes", name)
			}
		case "allow-transfer", "allow-query":
			if len(o.Elements) != 2 || !o.Elements[1].IsBlock {
				return confError(o.Line, "选项%q只能是一个地址列表", name)
			}
		}
	}
	return nil
}

// isYes reads a truth value as named does.
func isYes(word string) bool {
	switch strings.ToLower(word) {
	case "yes", "true", "1":
		return true
	default:
		return false
	}
}
