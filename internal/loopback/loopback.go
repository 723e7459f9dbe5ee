// Package loopback tells what never leaves this machine.
package loopback

import "net/netip"

// Names says whether a host, without a port, is a loopback address or localhost, in small
// letters. Another name may stand for another machine at any time.
func Names(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}
