package access

import (
	"slices"
)

// sortedIDs returns the ids ascending and without repeats, never nil.
func sortedIDs(ids []int64) []int64 {
	out := append([]int64{}, ids...)
	slices.Sort(out)
	return slices.Compact(out)
}

// without returns the ids of a that are not in b; both are ascending.
func without(a, b []int64) []int64 {
	var out []int64
	for _, id := range a {
		if _, found := slices.BinarySearch(b, id); !found {
			out = append(out, id)
		}
	}
	return out
}
