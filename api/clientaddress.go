package api

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// ClientAddress is the address that a request came from. What X-Forwarded-For
// says is believed as far as trusted proxies said it: read from its end, the
// first address that is no trusted proxy's is the client's. The zero address
// stands for one that cannot be read.
func (k *Kernel) ClientAddress(r *http.Request) netip.Addr {
	from := parseAddress(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values(echo.HeaderXForwardedFor), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !k.trusts(from) {
			break
		}
		next := parseAddress(strings.TrimSpace(hop))
		if !next.IsValid() {
			break
		}
		from = next
	}
	return from
}

func (k *Kernel) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(k.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(address) })
}

// parseAddress reads an address with or without a port.
func parseAddress(text string) netip.Addr {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone("")
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return address.Unmap().WithZone("")
}
