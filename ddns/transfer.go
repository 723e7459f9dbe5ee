package ddns

import mdns "github.com/miekg/dns"

func (r *running) transfer(a *asked, _ func([]byte) error) reply {
	if a.signed == nil {
		return refused(mdns.ExtendedErrorCodeProhibited, "a transfer must be signed by a TSIG credential")
	}
	return reply{rcode: mdns.RcodeNotImplemented}
}
