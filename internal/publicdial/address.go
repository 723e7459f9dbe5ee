package publicdial

import "net/netip"

// special are the parts of IPv4, and of the global unicast addresses of IPv6 (2000::/3), that are
// not of the public Internet by the registries of special purpose addresses (RFC 6890), or lead
// back into networks that are not.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),         // this host
	netip.MustParsePrefix("10.0.0.0/8"),        // private
	netip.MustParsePrefix("100.64.0.0/10"),     // shared behind carriers' NAT; metadata of some clouds
	netip.MustParsePrefix("127.0.0.0/8"),       // loopback
	netip.MustParsePrefix("168.63.129.16/32"),  // the host of virtual machines in Azure
	netip.MustParsePrefix("169.254.0.0/16"),    // link-local; metadata of clouds
	netip.MustParsePrefix("172.16.0.0/12"),     // private
	netip.MustParsePrefix("192.0.0.0/24"),      // protocols; metadata of Oracle's cloud
	netip.MustParsePrefix("192.0.2.0/24"),      // documentation
	netip.MustParsePrefix("192.88.99.0/24"),    // relays of 6to4
	netip.MustParsePrefix("192.168.0.0/16"),    // private
	netip.MustParsePrefix("198.18.0.0/15"),     // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"),   // documentation
	netip.MustParsePrefix("203.0.113.0/24"),    // documentation
	netip.MustParsePrefix("224.0.0.0/3"),       // multicast, reserved, broadcast
	netip.MustParsePrefix("2001::/23"),         // protocols; among them Teredo, which has IPv4 in it
	netip.MustParsePrefix("2001:db8::/32"),     // documentation
	netip.MustParsePrefix("2002::/16"),         // 6to4, which has IPv4 in it
	netip.MustParsePrefix("2620:4f:8000::/48"), // AS112, sinks of private names
	netip.MustParsePrefix("3fff::/20"),         // documentation
}

// global has all unicast addresses of IPv6 that are routed between networks. What is outside of it
// is loopback, unspecified, unique local, link-local, site-local, multicast, or has IPv4 in it:
// compatible, translated and NAT64 (64:ff9b::/96, 64:ff9b:1::/48).
var global = netip.MustParsePrefix("2000::/3")

// Public says whether an address is one of the public Internet. IPv4 that is mapped into IPv6 is
// what it is a mapping of.
func Public(addr netip.Addr) bool {
	addr = addr.Unmap()
	if !addr.IsValid() || addr.Zone() != "" || addr.Is6() && !global.Contains(addr) {
		return false
	}
	for _, p := range special {
		if p.Contains(addr) {
			return false
		}
	}
	return true
}
