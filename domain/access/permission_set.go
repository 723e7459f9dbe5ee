package access

import (
	"slices"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// ParsePermissions reads a set of codes as the operations dialect writes it, "1,2,3":
// ascending and without repeats. The empty text is the empty set; a code that the
// catalogue lacks is refused.
func ParsePermissions(text string) ([]int, error) {
	codes := []int{}
	if strings.TrimSpace(text) == "" {
		return codes, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		code, err := strconv.ParseUint(strings.TrimSpace(part), 10, 16)
		if err != nil {
			return nil, domain.Invalid("permissions", "必须是逗号分隔的权限代码！")
		}
		codes = append(codes, int(code))
	}
	return checkCodes(codes)
}

// FormatPermissions writes a set of codes as [ParsePermissions] reads it.
func FormatPermissions(codes []int) string {
	parts := make([]string, len(codes))
	for i, code := range codes {
		parts[i] = strconv.Itoa(code)
	}
	return strings.Join(parts, ",")
}

// checkCodes returns the codes ascending and without repeats, if all are known.
func checkCodes(codes []int) ([]int, error) {
	set := append([]int{}, codes...)
	slices.Sort(set)
	set = slices.Compact(set)
	for _, code := range set {
		if !slices.ContainsFunc(Permissions(), func(p Permission) bool { return p.Code == code }) {
			return nil, domain.Invalid("permissions", "权限代码%d不存在！", code)
		}
	}
	return set, nil
}

// checkGrants refuses to give, or take, a code that the actor lacks.
func checkGrants(actor *Actor, codes []int) error {
	for _, code := range codes {
		if !actor.May(Permitted(code)) {
			return domain.Forbidden("无权限！不能授予或收回您没有的权限：%s", permissionName(code))
		}
	}
	return nil
}

// differing returns the codes that are in one of the sets alone.
func differing(a, b []int) []int {
	var codes []int
	for _, code := range slices.Concat(a, b) {
		if slices.Contains(a, code) != slices.Contains(b, code) {
			codes = append(codes, code)
		}
	}
	return codes
}
