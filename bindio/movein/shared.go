package movein

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/bindio/namedconf"
	"github.com/opsledger/opsledger/domain/dns"
)

// shared are options that views, or zones, say for themselves. Here options hold for all: one that all
// of them say alike is taken, and any other is left out. Where it kept somebody off, what it was said of
// is not shown, or nobody may do it.
type shared struct {
	// of is what says them: "view" or "zone".
	of    string
	count int
	said  map[string][]saying
	// lifted are the options that are taken for all.
	lifted map[string]bool
}

// names are those of the options that are said, in order.
func (s *shared) names() []string { return slices.Sorted(maps.Keys(s.said)) }

// saying is an option of a view, or of a zone in a view.
type saying struct {
	namedconf.Statement
	view, zone string
}

// by is who says it.
func (s saying) by() string {
	if s.zone == "" {
		return s.view
	}
	return s.zone + " in view " + s.view
}

func newShared(of string) *shared {
	return &shared{of: of, said: map[string][]saying{}, lifted: map[string]bool{}}
}

// add counts one more view, or zone of a view, with what it says.
func (s *shared) add(view, zone string, options []namedconf.Statement) {
	s.count++
	for _, o := range options {
		s.said[o.Name()] = append(s.said[o.Name()], saying{o, view, zone})
	}
}

// keep forgets what other views say.
func (s *shared) keep(meant func(view string) bool) {
	for name, all := range s.said {
		s.said[name] = slices.DeleteFunc(all, func(o saying) bool { return !meant(o.view) })
	}
}

// alike says whether all views, or zones, say the option once, in the same words.
func (s *shared) alike(name string) bool {
	all := s.said[name]
	seen := map[string]bool{}
	for _, o := range all {
		if seen[o.by()] || text(o.Statement) != text(all[0].Statement) {
			return false
		}
		seen[o.by()] = true
	}
	return len(all) == s.count
}

func text(s namedconf.Statement) string {
	return dns.FormatStatements([]dns.Statement{s.Plain()}, 0)
}

// liftable says whether an option of zones, or views, means the same as one for all: it says whom
// named answers and tells, and not what a zone is.
func liftable(name string) bool {
	switch name {
	case "allow-query", "allow-transfer", "also-notify", "notify", "recursion", "allow-recursion", "allow-query-cache", "minimal-responses":
		return true
	}
	return false
}

// lift takes what all say alike, in place of what the options say. It returns the pieces with those that
// it takes.
func (b *builder) lift(s *shared, pieces []piece) []piece {
	for _, name := range s.names() {
		all := s.said[name]
		if !liftable(name) || b.ofZones.lifted[name] || !s.alike(name) {
			continue
		}
		b.note(all[0].Place, "%s is taken for all: each %s says it", all[0].Short(), s.of)
		pieces = replaced(pieces, all[0].Statement)
		s.lifted[name] = true
	}
	return pieces
}

// replaced are the pieces with an option in place of the one of its name.
func replaced(pieces []piece, option namedconf.Statement) []piece {
	others := slices.DeleteFunc(slices.Clone(pieces), func(p piece) bool { return p.option && p.Name() == option.Name() })
	return append(others, piece{option, true})
}

// optionOf is the option of a name, nil for none.
func optionOf(pieces []piece, name string) *namedconf.Statement {
	for _, p := range pieces {
		if p.option && p.Name() == name {
			return &p.Statement
		}
	}
	return nil
}

// leaveShared leaves out what was not lifted, beside the pieces that are taken.
func (b *builder) leaveShared(s *shared, pieces []piece) {
	for _, name := range s.names() {
		if s.lifted[name] {
			continue
		}
		b.transfers = b.transfers || name == "allow-transfer"
		why := ""
		if liftable(name) {
			why = ": here options hold for all"
		}
		for _, o := range s.said[name] {
			b.leave(o.Place, "%s %s: %s is not taken%s", s.of, o.by(), o.Short(), why)
			if same := optionOf(pieces, name); !isAny(o.Statement) && (same == nil || text(*same) != text(o.Statement)) {
				b.restrict(o)
			}
		}
	}
}

// restrict does without what was restricted by an option that is not taken.
func (b *builder) restrict(o saying) {
	switch name := o.Name(); name {
	case "allow-query", "allow-query-on":
		if o.zone != "" {
			b.leave(o.Place, "zone %s is not taken: others would see it without its %s", o.by(), name)
			b.dropZone(o.view, o.zone)
		} else if b.hide(o.view) {
			b.leave(o.Place, "nobody sees view %s until somebody sets its clients: others would see it without its %s", o.view, name)
		}
	case "allow-transfer":
		if o.zone != "" || !b.ofZones.lifted[name] {
			b.close(name, o.Place)
		}
	case "recursion", "allow-recursion", "allow-recursion-on", "allow-query-cache", "allow-query-cache-on":
		if name != "recursion" || isNo(o.Statement) {
			b.close("recursion", o.Place)
		}
	}
}

func (b *builder) close(option string, at namedconf.Place) {
	if _, has := b.closed[option]; !has {
		b.closed[option] = at
	}
}

// closeOptions has nobody do what a zone or a view kept somebody from.
func (b *builder) closeOptions(pieces []piece) []piece {
	if at, closed := b.closed["recursion"]; closed && !isOff(pieces) {
		pieces = replaced(pieces, option(at, "recursion", namedconf.Element{Text: "no"}))
		b.leave(at, "recursion no is written for all, since it was restricted here")
	}
	said := optionOf(pieces, "allow-transfer")
	if at, closed := b.closed["allow-transfer"]; closed && said != nil {
		pieces = replaced(pieces, listOf(at, "allow-transfer", "none"))
		b.leave(at, "allow-transfer { none; } is written for all, since it was restricted here")
	}
	return pieces
}

// isOff says whether nobody's questions are passed on.
func isOff(pieces []piece) bool {
	recursion := optionOf(pieces, "recursion")
	return recursion != nil && isNo(*recursion)
}

// keepRecursers writes down who may have questions passed on, where named took it from an option that the
// zones' took the place of. before are the pieces without theirs.
func (b *builder) keepRecursers(pieces, before []piece) []piece {
	if !b.ofZones.lifted["allow-query"] || isOff(pieces) || optionOf(pieces, "allow-recursion") != nil || optionOf(pieces, "allow-query-cache") != nil {
		return pieces
	}
	at := b.ofZones.said["allow-query"][0].Place
	if all := optionOf(before, "allow-query"); all != nil {
		return replaced(pieces, option(at, "allow-recursion", all.Elements[1:]...))
	}
	return replaced(pieces, listOf(at, "allow-recursion", "localhost", "localnets"))
}

func option(at namedconf.Place, name string, elements ...namedconf.Element) namedconf.Statement {
	return namedconf.Statement{Place: at, Elements: append([]namedconf.Element{{Text: name}}, elements...)}
}

// listOf is an option with a list of words.
func listOf(at namedconf.Place, name string, words ...string) namedconf.Statement {
	list := namedconf.Element{IsBlock: true}
	for _, w := range words {
		list.Block = append(list.Block, option(at, w))
	}
	return option(at, name, list)
}
