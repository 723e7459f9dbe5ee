package rights

import (
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// Within returns the caller as a credential lets them read. The credential must not change.
func (c Caller) Within(credential *access.CredentialState) Caller {
	c.credential = credential
	return c
}

// BoundZones leaves of a list the zones that the caller's credential covers; name is the
// column of a zone's name. It says whether it may have left out any.
func (c Caller) BoundZones(q *query.Conditions, name string) bool {
	if c.credential == nil || len(c.credential.Restrict.Zones) == 0 {
		return false
	}
	q.And(MatchesAny(q, name, c.credential.Restrict.Zones))
	return true
}

// BoundRecords leaves of a list the records t that the caller's credential covers. It says
// whether it may have left out any.
func (c Caller) BoundRecords(q *query.Conditions) bool {
	if c.credential == nil || c.credential.View == 0 && !c.credential.Restrict.Narrow() {
		return false
	}
	restrict := c.credential.Restrict
	if c.credential.View != 0 {
		q.Where("t.view_id = ?", c.credential.View)
	}
	if len(restrict.Types) > 0 {
		q.And("t.type = ANY (" + q.Arg(restrict.Types) + "::text[])")
	}
	if len(restrict.Zones) > 0 {
		q.And("t.zone_id IN (SELECT z.id FROM " + namesOfZones + " z WHERE " + MatchesAny(q, "z.name", restrict.Zones) + ")")
	}
	if len(restrict.Names) > 0 {
		full := "(CASE t.host WHEN '@' THEN z.name ELSE t.host || '.' || z.name END)"
		q.And("EXISTS (SELECT FROM " + namesOfZones + " z WHERE z.id = t.zone_id AND " + MatchesAny(q, full, restrict.Names) + ")")
	}
	return true
}

// namesOfZones are the zones by the names that they have at the moment.
var namesOfZones = table.At("dns.zones", "id, name")

// MatchesAny says whether a name matches one of some patterns.
func MatchesAny(q *query.Conditions, name string, patterns []string) string {
	return "(lower(" + name + ") || '.') ~ " + q.Arg(access.PatternsRegexp(patterns)) + "::text"
}
