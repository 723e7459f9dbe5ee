package movein

import (
	"slices"
	"strings"

	"github.com/opsledger/opsledger/bindio/namedconf"
	"github.com/opsledger/opsledger/domain/dns"
)

// shared are options that views, or zones, say for themselves. Here options hold for all: one that all
// of them say alike is taken, and any other is left out.
type shared struct {
	// of is what says them: "view" or "zone".
	of    string
	count int
	said  map[string][]saying
}

// saying is an option of one view or zone.
type saying struct {
	namedconf.Statement
	by string
}

func newShared(of string) *shared { return &shared{of: of, said: map[string][]saying{}} }

// add counts one more view or zone, with what it says.
func (s *shared) add(by string, options []namedconf.Statement) {
	s.count++
	for _, o := range options {
		s.said[o.Name()] = append(s.said[o.Name()], saying{o, by})
	}
}

// alike says whether all views, or zones, say the option once, in the same words.
func (s *shared) alike(name string) bool {
	all := s.said[name]
	seen := map[string]bool{}
	for _, o := range all {
		if seen[o.by] || text(o) != text(all[0]) {
			return false
		}
		seen[o.by] = true
	}
	return len(all) == s.count
}

func text(s saying) string { return dns.FormatStatements([]dns.Statement{s.Plain()}, 0) }

// liftable says whether an option of zones, or views, means the same as one for all: it says whom
// named answers and tells, and not what a zone is.
func liftable(name string) bool {
	switch name {
	case "allow-query", "allow-transfer", "also-notify", "notify", "recursion", "allow-recursion", "allow-query-cache", "minimal-responses":
		return true
	}
	return false
}

// lift takes what all say alike and the options do not say, and leaves out the rest. It returns the
// statements that it takes.
func (b *builder) lift(s *shared, said map[string]bool) (taken []piece) {
	var names []string
	for name := range s.said {
		names = append(names, name)
	}
	slices.SortFunc(names, strings.Compare)
	for _, name := range names {
		all := s.said[name]
		if b.only == nil && liftable(name) && !said[name] && s.alike(name) {
			said[name] = true
			b.note(all[0].Place, "%s is taken for all: each %s says it", all[0].Short(), s.of)
			taken = append(taken, piece{all[0].Statement, true})
			continue
		}
		b.transfers = b.transfers || name == "allow-transfer"
		why := ""
		if liftable(name) {
			why = ": here options hold for all"
		}
		for _, o := range all {
			b.leave(o.Place, "%s %s: %s is not taken%s", s.of, o.by, o.Short(), why)
		}
	}
	return taken
}
