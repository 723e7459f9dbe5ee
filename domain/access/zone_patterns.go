package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// patternedPrefix begins the names of privileges on all zones whose names match a pattern,
// as in "ZONE~**.cust.example#UPDATE".
const patternedPrefix = "ZONE~"

// patterned says of a privilege what its name says, if that has the form of one on zones by
// pattern: then the name alone decides, and numbers that say something else are refused. So a
// privilege that was stored under such a name before there were any grants nothing.
func (p privilegePatch) patterned(d PrivilegeData) (PrivilegeData, error) {
	d.Zones = ""
	rest, found := strings.CutPrefix(d.Name, patternedPrefix)
	if !found {
		return d, nil
	}
	i := strings.LastIndexByte(rest, '#')
	if i < 0 {
		return d, errPatterned()
	}
	o := slices.IndexFunc(allOperations, func(o Operation) bool { return o.String() == rest[i+1:] })
	patterns, err := parsePatterns("name", []string{rest[:i]})
	switch {
	case o < 0:
		return d, errPatterned()
	case err != nil:
		return d, err
	case differs(p.in.Operation, int(allOperations[o])):
		return d, domain.Invalid("operation", "与权限名称不一致！")
	case differs(p.in.ResourceType, int(KindZone)):
		return d, domain.Invalid("resource_type", "与权限名称不一致！")
	case differs(p.in.ResourceID, 0):
		return d, domain.Invalid("resource_id", "与权限名称不一致！")
	}
	d.Operation, d.ResourceType, d.ResourceID, d.Zones = allOperations[o], KindZone, 0, patterns[0]
	return d, nil
}

var allOperations = []Operation{OperationAccess, OperationUpdate, OperationDelete}

func errPatterned() error {
	return domain.Invalid("name", "必须是ZONE~域名模式#ACCESS、#UPDATE或#DELETE！")
}

func differs[T comparable](given *T, from T) bool { return given != nil && *given != from }

// zonePatterns is the fold of all privileges on zones by pattern.
type zonePatterns struct{ held map[int64]zonePattern }

type zonePattern struct {
	zones     string
	operation Operation
}

func newZonePatterns() *zonePatterns { return &zonePatterns{held: map[int64]zonePattern{}} }

// Item implements [domain.Fold]. A new privilege takes nothing away and guards nothing.
func (f *zonePatterns) Item() domain.Item {
	guards := []string{PrivilegeChanged{}.EventType(), PrivilegeDeleted{}.EventType()}
	return domain.Item{Tag: TagZonePatterns, Types: append([]string{PrivilegeCreated{}.EventType()}, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *zonePatterns) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case PrivilegeCreated:
		f.set(e.ID, e.Privilege)
	case PrivilegeChanged:
		f.set(e.ID, e.After)
	case PrivilegeDeleted:
		delete(f.held, e.ID)
	}
}

func (f *zonePatterns) set(id int64, p PrivilegeData) {
	if p.Zones != "" {
		f.held[id] = zonePattern{zones: p.Zones, operation: p.Operation}
	} else {
		delete(f.held, id)
	}
}

// Snapshot implements [domain.Fold].
func (f *zonePatterns) Snapshot() any { return maps.Clone(f.held) }

// Restore implements [domain.Fold].
func (f *zonePatterns) Restore(s any) { f.held = maps.Clone(s.(map[int64]zonePattern)) }

// of returns the privileges that concern a zone of the name, in the order of their ids.
func (f *zonePatterns) of(zone string) []ManualPrivilege {
	var out []ManualPrivilege
	for _, id := range slices.Sorted(maps.Keys(f.held)) {
		if p := f.held[id]; matchesAny([]string{p.zones}, zone) {
			out = append(out, ManualPrivilege{ID: id, Operation: p.operation})
		}
	}
	return out
}
