package access

import (
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
	patterns, err := ParsePatterns("name", []string{rest[:i]})
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
