package dns

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/opsledger/opsledger/domain"
)

// warn names what is odd about the record among the others at the change's end. What it
// looks at is no condition of the append: a warning may be out of date.
func (j judge) warn(env domain.Env, node *recordsFold) error {
	if !env.Warns() {
		return nil
	}
	for other := range j.others(&node.recordSet) {
		if other.data.Type == j.own.data.Type && other.data.TTL != j.own.data.TTL {
			env.Warn(warning("the records of %s %s have different TTLs; all are served with the lowest", j.own.data.Host, j.own.data.Type))
			break
		}
	}
	for _, look := range []func(domain.Env, *recordsFold) error{j.warnOfTarget, j.warnOfNameServer, j.warnOfDelegation} {
		if err := look(env, node); err != nil {
			return err
		}
	}
	return nil
}

// warning is about no parameter alone.
func warning(format string, args ...any) domain.Warning { return domain.Warn("", format, args...) }

// glancesAbove returns folds that the judge of nearly every record reads: the names above
// it. A decision loads them with what it reads itself, for each Load costs a round trip.
func glancesAbove(zone int64, host string) []domain.Fold {
	var folds []domain.Fold
	for _, above := range parents(host) {
		folds = append(folds, newGlance(zone, above))
	}
	return folds
}

// glance returns the records at some names.
func (j judge) glance(hosts ...string) ([]*glanceFold, error) {
	if len(hosts) == 0 {
		return nil, nil
	}
	nodes, folds := make([]*glanceFold, len(hosts)), make([]domain.Fold, len(hosts))
	for i, host := range hosts {
		nodes[i] = newGlance(j.zone.id, host)
		folds[i] = nodes[i]
	}
	return nodes, j.history.Load(folds...)
}

// anyType says whether a live record of one of the types, or of any type if none is
// given, is at one of the names in the record's view.
func (j judge) anyType(nodes []*glanceFold, types ...string) bool {
	for _, n := range nodes {
		for _, r := range j.zone.liveOf(&n.recordSet) {
			if !sameView(r.data, j.own.data) {
				continue
			}
			if len(types) == 0 {
				return true
			}
			for _, rrtype := range types {
				if r.data.Type == rrtype {
					return true
				}
			}
		}
	}
	return false
}

// answering lists a host and the wildcards that answer for it.
func answering(host string) []string {
	hosts := []string{host}
	for _, above := range parents(host) {
		hosts = append(hosts, "*."+above)
	}
	return append(hosts, "*")
}

// warnOfTarget: www.example.com without its final dot, in the zone example.com.
func (j judge) warnOfTarget(env domain.Env, _ *recordsFold) error {
	text := targetText(j.own.data)
	if text == "" || text == Apex || isAbsolute(text) {
		return nil
	}
	name, problem := escapedName(text)
	if problem != "" || !looksAbsolute(FoldName(name), FoldName(j.zone.data.Name)) {
		return nil
	}
	host, inside := j.targetHost(j.own)
	if !inside {
		return nil
	}
	nodes, err := j.glance(answering(host)...)
	if err != nil || j.anyType(nodes) {
		return err
	}
	env.Warn(warning("%s %s leads to %s.%s., which is not in the zone; a final dot makes a name absolute",
		j.own.data.Host, j.own.data.Type, shortName(name), shortName(j.zone.data.Name)))
	return nil
}

// looksAbsolute says whether a relative name ends as absolute ones do: in the zone's name
// or in a public suffix.
func looksAbsolute(name, zone string) bool {
	if name == zone || strings.HasSuffix(name, "."+zone) {
		return true
	}
	suffix, icann := publicsuffix.PublicSuffix(name)
	return suffix != name && (icann || strings.Contains(suffix, "."))
}

// targetText is the name in a value as the client wrote it, empty for a type without.
func targetText(r RecordData) string {
	var at int
	switch r.Type {
	case "CNAME", "NS", "PTR", "DNAME":
		return r.Value
	case "MX", "AFSDB", "KX", "RT", "LP", "SVCB", "HTTPS":
		at = 1
	case "SRV":
		at = 3
	case "NAPTR":
		at = 5
	default:
		return ""
	}
	s := scanner{text: r.Value, pairs: true}
	if problem := s.scan(); problem != "" || len(s.list) <= at {
		return ""
	}
	return s.list[at].raw
}

// warnOfNameServer: a name server inside the zone that has no address.
func (j judge) warnOfNameServer(env domain.Env, _ *recordsFold) error {
	if j.own.data.Type != "NS" {
		return nil
	}
	host, inside := j.targetHost(j.own)
	if !inside {
		return nil
	}
	nodes, err := j.glance(answering(host)...)
	if err != nil || j.anyType(nodes, "A", "AAAA") {
		return err
	}
	env.Warn(warning("the name server %s of %s is inside the zone and has no address", shortName(host), shortName(j.own.data.Host)))
	return nil
}

// warnOfDelegation: a record that nobody is shown, since its name, or one above it, is
// delegated, or has a DNAME above it. Addresses of the delegation's name servers are shown.
func (j judge) warnOfDelegation(env domain.Env, node *recordsFold) error {
	own := j.own.data
	if own.Host == Apex {
		return nil
	}
	if own.Type == "NS" && j.othersHidden(node) || own.Type != "NS" && own.Type != "DS" && hasType(j.zone, &node.recordSet, own, "NS") {
		env.Warn(warning("%s is delegated by its NS records, which hide its other records", shortName(own.Host)))
	}
	above := parents(own.Host)
	nodes, err := j.glance(above...)
	if err != nil {
		return err
	}
	for i, n := range nodes {
		at := []*glanceFold{n}
		if j.anyType(at, "NS") && !j.isGlue(n) || j.anyType(at, "DNAME") {
			env.Warn(warning("%s %s is hidden: %s above it is delegated or a DNAME", shortName(own.Host), own.Type, shortName(above[i])))
			return nil
		}
	}
	return nil
}

// othersHidden says whether a delegation hides records of its own name.
func (j judge) othersHidden(node *recordsFold) bool {
	for other := range j.others(&node.recordSet) {
		if other.data.Type != "NS" && other.data.Type != "DS" {
			return true
		}
	}
	return false
}

// isGlue says whether the record is the address of a name server of the delegation.
func (j judge) isGlue(cut *glanceFold) bool {
	if j.own.data.Type != "A" && j.own.data.Type != "AAAA" {
		return false
	}
	for _, r := range j.zone.liveOf(&cut.recordSet) {
		if r.data.Type != "NS" || !sameView(r.data, j.own.data) {
			continue
		}
		if host, inside := j.targetHost(r); inside && host == FoldName(j.own.data.Host) {
			return true
		}
	}
	return false
}

// shortName keeps a name within a warning.
func shortName(name string) string {
	const most = 60
	if len(name) > most {
		return name[:most] + "..."
	}
	return name
}

// StoredWarning says why a record of the log would be refused if a client gave it now,
// the zero value for nothing: an older program took other values. Zone is its zone's name.
func StoredWarning(zone string, d RecordData) domain.Warning {
	if d.Literal {
		return warning("the record %s %s keeps the meaning of an older version: its value is one literal string", shortName(d.Host), d.Type)
	}
	if _, err := AcceptRData(zone, d.Type, d.Value); err != nil {
		return warning("the record %s %s is served as an older version took it; its value would be refused now", shortName(d.Host), d.Type)
	}
	return domain.Warning{}
}
