package dns

import (
	"net/netip"
	"slices"
)

// MatchedView is a view at its place in the order in which views are matched.
type MatchedView struct {
	ID int64
	ViewData
}

// HiddenView is a view that can never match.
type HiddenView struct {
	View MatchedView
	// Behind are the earlier views that take its addresses, in their order.
	Behind []MatchedView
}

// HiddenViews returns the views that can never match since earlier ones take all their
// addresses. A view without addresses never matches anyway, and is not meant. It costs the
// number of views times that of all ACL entries; who hides a view is looked for only where
// one is hidden.
func HiddenViews(views []MatchedView) []HiddenView {
	taken := make([][]span, len(views))
	var hidden []HiddenView
	var all []span // what the views so far match
	for i, view := range views {
		entries, err := ParseACL(view.ACL)
		if err != nil {
			continue // of an older program with other checks; it is not matched by us
		}
		taken[i] = matched(entries)
		fresh := without(taken[i], all)
		if len(fresh) == 0 && len(taken[i]) > 0 {
			hidden = append(hidden, HiddenView{View: view, Behind: behind(taken[i], views[:i], taken)})
		}
		all = join(all, fresh)
	}
	return hidden
}

// behind returns the views that take the addresses one after the other, until none is left.
func behind(rest []span, views []MatchedView, taken [][]span) (takers []MatchedView) {
	for i := range views {
		after := without(rest, taken[i])
		if !slices.Equal(after, rest) {
			rest, takers = after, append(takers, views[i])
		}
		if len(rest) == 0 {
			break
		}
	}
	return takers
}

// span is the addresses of one family from one to another, both included.
type span struct{ from, to netip.Addr }

var everyAddress = []span{
	{netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("255.255.255.255")},
	{netip.MustParseAddr("::"), netip.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")},
}

// matched returns the addresses that an ACL matches, ascending and apart from each other. The
// first entry that an address falls under decides.
func matched(entries []ACLEntry) []span {
	var in, decided []span
	for _, e := range entries {
		of := everyAddress
		if !e.Any {
			of = []span{spanOf(e.Prefix)}
		}
		fresh := without(of, decided)
		decided = join(decided, fresh)
		if !e.Not {
			in = join(in, fresh)
		}
	}
	return in
}

func spanOf(p netip.Prefix) span {
	last := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(last)*8; bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	to, _ := netip.AddrFromSlice(last)
	return span{p.Addr(), to}
}

// join returns the spans of both lists, which have no address in common.
func join(a, b []span) []span {
	if len(b) == 0 {
		return a
	}
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y span) int { return x.from.Compare(y.from) })
	return all
}

// without returns the addresses of a that b does not have. Both are ascending.
func without(a, b []span) []span {
	var out []span
	for _, s := range a {
		at, _ := slices.BinarySearchFunc(b, s.from, func(x span, from netip.Addr) int { return x.to.Compare(from) })
		rest, left := s, true
		for ; at < len(b) && left && b[at].from.Compare(rest.to) <= 0; at++ {
			if b[at].from.Compare(rest.from) > 0 {
				out = append(out, span{rest.from, b[at].from.Prev()})
			}
			if left = b[at].to.Compare(rest.to) < 0; left {
				rest.from = b[at].to.Next()
			}
		}
		if left {
			out = append(out, rest)
		}
	}
	return out
}
