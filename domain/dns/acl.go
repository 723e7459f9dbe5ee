package dns

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
)

// ACLEntry is one element of a view's address match list. Either Any is set or
// Prefix is valid; "none" is a negated Any.
type ACLEntry struct {
	Not bool
	Any bool
	// Prefix has no bits beyond its length: named refuses them.
	Prefix netip.Prefix
}

// String is the entry as it stands in named.conf. It consists of digits,
// letters and ".:/!" only.
func (e ACLEntry) String() string {
	text := e.Prefix.String()
	switch {
	case e.Any && e.Not:
		return "none"
	case e.Any:
		return "any"
	case e.Prefix.IsSingleIP():
		text = e.Prefix.Addr().String()
	}
	if e.Not {
		return "!" + text
	}
	return text
}

const (
	maxACLEntries = 1000
	maxACLText    = 64 << 10
)

// ParseACL reads a view's address match list: addresses, prefixes, "any" or
// "none", each possibly negated by "!", separated by line ends, blanks, commas
// or semicolons. Host bits of a prefix are dropped. An empty list is refused.
func ParseACL(text string) ([]ACLEntry, error) {
	if len(text) > maxACLText || !utf8.ValidString(text) {
		return nil, domain.Invalid("acl", "不能超过%d字节，且必须是合法的UTF-8文本！", maxACLText)
	}
	var entries []ACLEntry
	for word := range strings.FieldsFuncSeq(text, isListSeparator) {
		entry, ok := parseACLEntry(word)
		if !ok {
			return nil, domain.Invalid("acl", "%q必须是IP地址、网段、any或none，可以用“!”取反！", shorten(word))
		}
		entries = append(entries, entry)
	}
	if len(entries) == 0 {
		return nil, domain.Invalid("acl", "不能为空！")
	}
	if len(entries) > maxACLEntries {
		return nil, domain.Invalid("acl", "不能超过%d条！", maxACLEntries)
	}
	return entries, nil
}

func parseACLEntry(word string) (ACLEntry, bool) {
	body, not := strings.CutPrefix(word, "!")
	switch strings.ToLower(body) {
	case "any":
		return ACLEntry{Any: true, Not: not}, true
	case "none":
		return ACLEntry{Any: true, Not: !not}, true
	}
	if addr, ok := parseAddr(body); ok {
		addr = addr.Unmap()
		return ACLEntry{Not: not, Prefix: netip.PrefixFrom(addr, addr.BitLen())}, true
	}
	prefix, err := netip.ParsePrefix(body)
	if err != nil || prefix.Addr().Is4In6() {
		return ACLEntry{}, false
	}
	return ACLEntry{Not: not, Prefix: prefix.Masked()}, true
}
