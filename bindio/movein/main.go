package movein

import (
	"errors"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/bindio/namedconf"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// piece is a statement of the main configuration, or an option of it.
type piece struct {
	namedconf.Statement
	option bool
}

// mainConfiguration takes what may stand in the main configuration here. What named does without
// being told, and name servers here do not, is written down.
func (b *builder) mainConfiguration() {
	var pieces []piece
	said := map[string]bool{}
	for _, s := range b.main {
		switch s.Name() {
		case "options":
			for _, o := range s.Block() {
				said[o.Name()] = true
				if b.mayTake(o) {
					pieces = append(pieces, piece{o, true})
				}
			}
		case "controls":
			b.note(s.Place, "%s is not taken: agents control named here", s.Short())
		default:
			pieces = append(pieces, piece{s, false})
		}
	}
	before := pieces
	pieces = b.lift(b.ofViews, b.lift(b.ofZones, pieces))
	b.leaveShared(b.ofZones, pieces)
	b.leaveShared(b.ofViews, pieces)
	pieces = b.keepRecursers(b.closeOptions(pieces), before)
	for _, p := range pieces {
		said[p.Name()] = said[p.Name()] || p.option
	}
	b.plan.Main = textOf(b.sound(pieces), b.unsaid(said))
}

// mayTake tells of the options that agents write themselves.
func (b *builder) mayTake(o namedconf.Statement) bool {
	switch name := o.Name(); {
	case name == "allow-new-zones":
		b.leave(o.Place, "%s is not taken, and neither are zones that were added by rndc addzone: named-nzd2nzf prints them", o.Short())
	case strings.HasPrefix(name, "allow-update"):
		b.leave(o.Place, "%s is not taken: zones are changed through opsledger", o.Short())
	case dns.IsGeneratedOption(name):
		b.note(o.Place, "%s is not taken: agents set it", o.Short())
	default:
		return true
	}
	return false
}

// unsaid are the options in which a named that is told nothing does otherwise than name servers here.
func (b *builder) unsaid(said map[string]bool) (options []string) {
	if !said["allow-transfer"] && !b.transfers {
		options = append(options, "allow-transfer { any; };")
	}
	if !said["notify"] {
		options = append(options, "notify yes;")
	}
	return options
}

// sound leaves out, with the reason, what no client may set here. What depends on another piece is tried
// again when that one was taken.
func (b *builder) sound(pieces []piece) []piece {
	if check(pieces) == nil {
		return pieces
	}
	var taken []piece
	for {
		var left []piece
		grown := false
		for _, p := range pieces {
			if check(append(taken[:len(taken):len(taken)], p)) == nil {
				taken, grown = append(taken, p), true
			} else {
				left = append(left, p)
			}
		}
		if pieces = left; !grown || len(left) == 0 {
			break
		}
	}
	for _, p := range pieces {
		b.leave(p.Place, "%s is not taken: %s", p.Short(), b.reason(check(append(taken[:len(taken):len(taken)], p))))
		taken = b.forNobody(p, taken)
	}
	return taken
}

// forNobody writes an option down as for nobody that says who may do something, and cannot be taken.
func (b *builder) forNobody(p piece, taken []piece) []piece {
	name := p.Name()
	if name == "allow-query-on" { // which may not stand here
		name = "allow-query"
	}
	if !p.option || !strings.HasPrefix(name, "allow-") || isAny(p.Statement) {
		return taken
	}
	none := listOf(p.Place, name, "none")
	if with := replaced(taken, none); check(with) == nil {
		b.leave(p.Place, "%s { none; } is written in its place", name)
		return with
	}
	return taken
}

// check says what is wrong with pieces, as the API would.
func check(pieces []piece) error {
	conf, err := dns.ParseBindConf(textOf(pieces, nil))
	if err != nil {
		return err
	}
	return conf.Validate()
}

// Restricts says whether the main configuration says who may do something, or that nobody may recurse.
func (p *Plan) Restricts() bool {
	conf, err := dns.ParseBindConf(p.Main)
	if err != nil {
		return p.Main != ""
	}
	return slices.ContainsFunc(conf.Options(), func(o dns.Statement) bool {
		switch text := strings.Join(strings.Fields(dns.FormatStatements([]dns.Statement{o}, 0)), " "); {
		case strings.HasPrefix(o.Name(), "allow-"):
			return text != o.Name()+" { any; };"
		case o.Name() == "recursion":
			return text != "recursion yes;"
		}
		return false
	})
}

// inLine is the format of errors about a configuration, of which the line is ours.
const inLine = "第%d行：%s"

// reason is what is wrong, without the line of a text that nobody sees.
func (b *builder) reason(err error) string {
	var refused *domain.Error
	if !errors.As(err, &refused) {
		return err.Error()
	}
	if refused.Text.Format == inLine && len(refused.Text.Args) == 2 {
		if inner, ok := refused.Text.Args[1].(domain.Text); ok {
			return b.say(inner)
		}
	}
	return b.say(refused.Text)
}

// textOf writes pieces as one configuration.
func textOf(pieces []piece, unsaid []string) string {
	var others, options strings.Builder
	for _, p := range pieces {
		if p.option {
			options.WriteString(dns.FormatStatements([]dns.Statement{p.Plain()}, 1))
		} else {
			others.WriteString(dns.FormatStatements([]dns.Statement{p.Plain()}, 0))
		}
	}
	for _, o := range unsaid {
		options.WriteString("\t" + o + "\n")
	}
	if options.Len() > 0 || others.Len() == 0 {
		return others.String() + "options {\n" + options.String() + "};\n"
	}
	return others.String()
}
