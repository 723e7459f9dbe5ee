package dns

import "net/netip"

// MatchesACL says whether a list matches an address, as named matches it: the first entry that
// the address falls into decides, and an address that falls into none is not matched.
func MatchesACL(list []ACLEntry, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, e := range list {
		if e.Any || e.Prefix.Contains(a) {
			return !e.Not
		}
	}
	return false
}
