package zoneupdate

import (
	"fmt"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// Failure ends an update with a response code of RFC 2136. Nothing was changed.
type Failure struct {
	Rcode  int
	Reason string
}

func (f *Failure) Error() string { return mdns.RcodeToString[f.Rcode] + ": " + f.Reason }

func fail(rcode int, format string, args ...any) *Failure {
	return &Failure{Rcode: rcode, Reason: fmt.Sprintf(format, args...)}
}

// unmet is the failure of a prerequisite.
func unmet(rcode int, key zonedata.Key, what string) *Failure {
	if key.Type == mdns.TypeANY {
		return fail(rcode, "prerequisite: %s %s", key.Owner, what)
	}
	return fail(rcode, "prerequisite: %s %s %s", key.Owner, dns.TypeName(key.Type), what)
}
