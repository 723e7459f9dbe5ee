package movein

import (
	"net/netip"
	"strings"

	"github.com/opsledger/opsledger/bindio/namedconf"
	"github.com/opsledger/opsledger/domain/dns"
)

// acls are the named lists of addresses.
type acls map[string][]namedconf.Statement

func (a acls) define(s namedconf.Statement) {
	if s.Block() != nil {
		a[strings.ToLower(s.Word(1))] = s.Block()
	}
}

const (
	// maxACLDepth is how deep lists may stand in each other: one that is in itself has no end.
	maxACLDepth = 16
	// maxACLEntries is how many entries a view's list may have here, maxACLWork how many all lists in it
	// may have together.
	maxACLEntries, maxACLWork = 1000, 100_000
)

// matchList takes a view's list of clients.
//
// Invariants:
//  1. Whom the list that is taken matches the list that was read matches, too.
//  2. A list that cannot be taken like this matches nobody.
//
// narrower says that the list that was read matches others, too.
func (b *builder) matchList(s namedconf.Statement) (list []dns.ACLEntry, narrower bool) {
	f := flattener{builder: b}
	entries := withoutRepeats(f.list(s.Block(), false, 0))
	switch {
	case f.unsound:
		b.leave(s.Place, "match-clients matches nobody here until somebody sets it: see the lines before")
	case len(entries) > maxACLEntries:
		b.leave(s.Place, "match-clients matches nobody here until somebody sets it: it has more than %d entries", maxACLEntries)
	case len(entries) == 0:
		b.leave(s.Place, "match-clients matches nobody: no entry of it is taken")
	default:
		return entries, f.narrower
	}
	return nobody(), true
}

// nobody is a list that matches nobody.
func nobody() []dns.ACLEntry { return []dns.ACLEntry{{Any: true, Not: true}} }

// flattener makes one list of lists in lists, as named reads them: the first entry that fits decides,
// but a list within the list fits those alone whom it matches. Whom it keeps off, the next entry may
// match.
type flattener struct {
	*builder
	// unsound says that the list would match more than it did, for what is left out of it.
	unsound bool
	// narrower says that the list matches fewer than it did.
	narrower bool
	// count bounds the entries of all lists: lists that name each other grow without end.
	count int
}

// list returns a list's entries. not says that whom it matches is kept off.
func (f *flattener) list(list []namedconf.Statement, not bool, depth int) (entries []dns.ACLEntry) {
	for _, s := range list {
		elements, negated := s.Elements, false
		for len(elements) > 0 && elements[0].Text == "!" && !elements[0].Quoted {
			elements, negated = elements[1:], true
		}
		found := f.entry(s, elements, not != negated, depth)
		if f.count += len(found); f.count > maxACLWork {
			f.refuse(s, true, "the lists in it are too long")
			return nil
		}
		for _, e := range found {
			e.Not = e.Not != negated
			entries = append(entries, e)
		}
	}
	return entries
}

// entry returns what an entry stands for, as if it were not negated. off says that whom it matches is
// kept off in the end.
func (f *flattener) entry(s namedconf.Statement, elements []namedconf.Element, off bool, depth int) []dns.ACLEntry {
	switch {
	case len(elements) == 1 && elements[0].IsBlock:
		return f.nested(s, elements[0].Block, off, depth)
	case len(elements) == 1:
		return f.word(s, elements[0].Text, off, depth)
	}
	return f.refuse(s, off, "views are chosen by addresses here")
}

func (f *flattener) nested(s namedconf.Statement, list []namedconf.Statement, off bool, depth int) []dns.ACLEntry {
	if depth == maxACLDepth {
		return f.refuse(s, true, "lists stand in each other, too deep")
	}
	if f.unsound { // nothing of it is taken any more
		return nil
	}
	return matched(f.list(list, off, depth+1))
}

// word takes an address, a network, or the name of a list.
func (f *flattener) word(s namedconf.Statement, word string, off bool, depth int) []dns.ACLEntry {
	if list, has := f.acls[strings.ToLower(word)]; has {
		return f.nested(s, list, off, depth)
	}
	switch strings.ToLower(word) {
	case "localhost":
		if off {
			return f.refuse(s, off, "the addresses of a name server are not known here")
		}
		f.narrower = true
		f.note(s.Place, "%s in match-clients is taken for 127.0.0.1 and ::1: other addresses of the name servers are to be added", s.Entry())
		return loopback()
	case "localnets":
		return f.refuse(s, off, "the networks of a name server are not known here")
	}
	if mapped, err := netip.ParseAddr(word); err == nil && mapped.Is4In6() {
		return f.refuse(s, off, "an IPv4 address within an IPv6 one is not the IPv4 address to named")
	}
	if entries, err := dns.ParseACL(abbreviated(word)); err == nil && !strings.ContainsAny(word, "! ,") {
		return entries
	}
	return f.refuse(s, off, "there is no such list, and it is no address")
}

func loopback() []dns.ACLEntry {
	return []dns.ACLEntry{
		{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 32)},
		{Prefix: netip.PrefixFrom(netip.IPv6Loopback(), 128)},
	}
}

// refuse leaves an entry out. Without one that keeps clients off, others would be matched.
func (f *flattener) refuse(s namedconf.Statement, off bool, why string) []dns.ACLEntry {
	if !f.unsound {
		f.leave(s.Place, "%s in match-clients is not taken: %s", s.Entry(), why)
	}
	f.unsound, f.narrower = f.unsound || off, true
	return nil
}

// withoutRepeats leaves out what never decides, since an entry before has the same addresses.
func withoutRepeats(list []dns.ACLEntry) (kept []dns.ACLEntry) {
	seen := map[dns.ACLEntry]bool{}
	for _, e := range list {
		unsigned := e
		if unsigned.Not = false; !seen[unsigned] {
			seen[unsigned] = true
			kept = append(kept, e)
		}
	}
	return kept
}

// abbreviated completes a network that is written as named takes it, too: 10/8.
func abbreviated(word string) string {
	address, length, isPrefix := strings.Cut(word, "/")
	if dots := strings.Count(address, "."); isPrefix && dots < 3 && !strings.Contains(address, ":") {
		return address + strings.Repeat(".0", 3-dots) + "/" + length
	}
	return word
}

func equal(a, b string) bool { return strings.EqualFold(a, b) }
