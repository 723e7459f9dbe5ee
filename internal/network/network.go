// Package network says what counts as one address where connections, logins and work of
// strangers are bounded.
//
// Stage in the flow: none; listeners, throttles and the embedded bus use it.
//
// Contract: pure; a client of IPv6 has a whole /64 to come from.
package network

import "net/netip"

// Of names the network of an address: the address itself in IPv4, its /64 in IPv6. A mapped
// IPv4 address is one of IPv4.
func Of(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	if address.Is6() {
		prefix, err := address.Prefix(64)
		if err == nil {
			return prefix.String()
		}
	}
	return address.String()
}
