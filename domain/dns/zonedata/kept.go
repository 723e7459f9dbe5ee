package zonedata

import "github.com/opsledger/opsledger/domain/dns"

// Kept returns the PTR that a reverse zone may have for a record of another zone, as one of the
// reverse zone's RRsets, and false if the record has none there. Names are without final dot.
func Kept(reverse, zone string, id int64, d dns.RecordData) (Key, Record, bool) {
	ptr, is := dns.KeptPTR(reverse, zone, d)
	if !is {
		return Key{}, Record{}, false
	}
	key, data, err := Locate(dns.FoldName(reverse), ptr)
	return key, Record{ID: id, TTL: d.TTL, Data: data}, err == nil
}
