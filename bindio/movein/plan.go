package movein

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/bindio/namedconf"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Plan is what of a BIND goes into an opsledger.
type Plan struct {
	// Main is the main configuration, empty where nothing of it is taken.
	Main string
	// Views are in the order in which they are matched.
	Views []View
	// Zones are in the order of their first statements.
	Zones []*Zone
	Notes []Note
}

// View is a view that is taken.
type View struct {
	Name string
	ACL  []dns.ACLEntry
	at   namedconf.Place
	// narrower says that it has fewer clients than it had.
	narrower bool
}

// Zone is a zone that is taken, with the views that it is in.
type Zone struct {
	// Name is in lower case, without final dot.
	Name string
	// Forwarders are those of a zone whose questions are passed on, else nil.
	Forwarders []string
	In         []Source
}

// Source is where the records of a zone in a view are.
type Source struct {
	namedconf.Place
	View          string
	File, Journal string
	// of is the view whose statement says what the zone is: another one for in-view.
	of string
}

// Note tells of what somebody should know.
type Note struct {
	namedconf.Place
	Text string
	// LeftOut says that something was not taken, or means something else here.
	LeftOut bool
}

// String is the note as a line.
func (n Note) String() string { return n.Place.String() + ": " + n.Text }

// defaultView is that of a BIND that has no views.
const defaultView = "default"

// Asked is what a plan is made of.
type Asked struct {
	Files *namedconf.Files
	// Conf is the configuration, as named names it.
	Conf string
	// Only says which zones are meant, nil for all. With it options are left as they are.
	Only func(zone string) bool
	// Say puts a refusal into the words of whoever reads the notes.
	Say func(domain.Text) string
}

// Read makes the plan of a configuration.
func Read(a Asked) (*Plan, error) {
	statements, err := a.Files.Read(a.Conf)
	if err != nil {
		return nil, err
	}
	b := builder{
		plan: &Plan{}, files: a.Files, only: a.Only, say: a.Say, acls: acls{}, zones: map[string]*Zone{},
		views: map[string]bool{}, stated: map[string]bool{}, ofZones: newShared("zone"), ofViews: newShared("view"),
		closed: map[string]namedconf.Place{},
	}
	for _, m := range a.Files.Missed {
		b.leave(m.Place, "%s is not all read: %s", m.Short(), m.Why)
	}
	b.read(statements)
	return b.plan, nil
}

// builder makes a plan.
type builder struct {
	plan  *Plan
	files *namedconf.Files
	only  func(zone string) bool
	say   func(domain.Text) string
	acls  acls
	// zones are those of the plan by name, views the names of its views.
	zones map[string]*Zone
	views map[string]bool
	// stated are the zones that a view has a statement of, taken or not.
	stated map[string]bool
	// main are the statements of the main configuration, transfers says that a zone or a view says
	// itself who may transfer it.
	main      []namedconf.Statement
	transfers bool
	// closed are the options that are written as for nobody, since a zone or a view restricts them.
	closed map[string]namedconf.Place
	// gone are the views that are not taken.
	gone []goneView
	// ofZones and ofViews are the options that zones and views say for themselves.
	ofZones, ofViews *shared
}

func (b *builder) note(at namedconf.Place, format string, args ...any) {
	b.plan.Notes = append(b.plan.Notes, Note{Place: at, Text: fmt.Sprintf(format, args...)})
}

func (b *builder) leave(at namedconf.Place, format string, args ...any) {
	b.plan.Notes = append(b.plan.Notes, Note{Place: at, Text: fmt.Sprintf(format, args...), LeftOut: true})
}

func (b *builder) read(statements []namedconf.Statement) {
	hasViews := slices.ContainsFunc(statements, func(s namedconf.Statement) bool { return s.Name() == "view" })
	for _, s := range statements {
		if s.Name() == "acl" {
			b.acls.define(s)
		}
	}
	for _, s := range statements {
		switch name := s.Name(); {
		case name == "view":
			b.view(s)
		case name == "zone" && hasViews:
			b.leave(s.Place, "%s is not taken: it is in no view, and there are views", s.Short())
		case name == "zone":
			b.zone(defaultView, s)
		default:
			b.main = append(b.main, s)
		}
	}
	if !hasViews && len(b.plan.Zones) > 0 {
		b.plan.Views = []View{{Name: defaultView, ACL: []dns.ACLEntry{{Any: true}}}}
	}
	b.linkInViews()
	if b.only == nil {
		b.mainConfiguration()
	} else {
		b.zonesAlone()
	}
	b.tellOfClients()
}

// zonesAlone takes no options.
func (b *builder) zonesAlone() {
	b.leaveShared(b.ofZones, nil)
	b.dropLaterViews()
	b.ofViews.keep(func(view string) bool {
		return slices.ContainsFunc(b.plan.Views, func(v View) bool { return v.Name == view })
	})
	b.leaveShared(b.ofViews, nil)
}

// dropLaterViews leaves the views behind the last one with a zone that is meant. One before it is taken
// without zones: its clients would see the views behind it.
func (b *builder) dropLaterViews() {
	used := map[string]bool{}
	for _, z := range b.plan.Zones {
		for _, in := range z.In {
			used[in.View] = true
		}
	}
	last := len(b.plan.Views)
	for last > 0 && !used[b.plan.Views[last-1].Name] {
		last--
	}
	b.plan.Views = b.plan.Views[:last]
}

// goneView is a view that is not taken, which stood before the one of a number in the plan.
type goneView struct {
	name   string
	before int
}

// tellOfClients tells of each view that has clients here whom views before it had.
func (b *builder) tellOfClients() {
	var others []string
	gone := b.gone
	for i, v := range b.plan.Views {
		for len(gone) > 0 && gone[0].before <= i {
			others, gone = append(others, gone[0].name), gone[1:]
		}
		if len(others) > 0 && !slices.Equal(v.ACL, nobody()) {
			b.leave(v.at, "view %s also gets clients of view %s, which is left out or for fewer clients here", v.Name, strings.Join(others, ", "))
		}
		if v.narrower {
			others = append(others, v.Name)
		}
	}
}

// hide shows a view to nobody, and says whether it did before.
func (b *builder) hide(view string) bool {
	i := slices.IndexFunc(b.plan.Views, func(v View) bool { return v.Name == view })
	if i < 0 || slices.Equal(b.plan.Views[i].ACL, nobody()) {
		return false
	}
	b.plan.Views[i].ACL, b.plan.Views[i].narrower = nobody(), true
	return true
}

// isIN says whether the words behind a name are nothing, or the class IN.
func isIN(words []string) bool {
	return len(words) == 0 || len(words) == 1 && (equal(words[0], "IN") || equal(words[0], "CLASS1"))
}

// view takes a view and its zones.
func (b *builder) view(s namedconf.Statement) {
	words := s.Words()
	if len(words) == 0 || !isIN(words[1:]) || s.Block() == nil {
		b.leave(s.Place, "%s is not taken: only views of class IN are", s.Short()) // its clients ask in another class
		return
	}
	name, err := dns.ParseViewName(words[0])
	if err != nil {
		b.leave(s.Place, "%s is not taken: a view's name has up to 63 letters, digits, _ and -", s.Short())
		b.gone = append(b.gone, goneView{words[0], len(b.plan.Views)})
		return
	}
	if b.views[name] {
		b.leave(s.Place, "%s is not taken: there is a view of this name", s.Short())
		return
	}
	b.views[name] = true
	v := View{Name: name, ACL: []dns.ACLEntry{{Any: true}}, at: s.Place}
	hidden := false
	var options []namedconf.Statement
	for _, inner := range s.Block() {
		switch inner.Name() {
		case "match-clients":
			v.ACL, v.narrower = b.matchList(inner)
		case "match-destinations", "match-recursive-only":
			hidden = !b.matchesAll(inner) || hidden
		case "zone":
			b.zone(name, inner)
		default:
			options = append(options, inner)
		}
	}
	if hidden {
		v.ACL, v.narrower = nobody(), true
	}
	b.ofViews.add(name, "", options)
	b.plan.Views = append(b.plan.Views, v)
}

// matchesAll says whether a condition of a view, beside its clients, is one that all questions meet. Any
// other is told of: here views are chosen by clients alone.
func (b *builder) matchesAll(s namedconf.Statement) bool {
	if isAny(s) || s.Name() == "match-recursive-only" && isNo(s) {
		return true
	}
	b.leave(s.Place, "%s is not taken: views are chosen by clients alone here, and so nobody sees the view until somebody sets its clients", s.Short())
	return false
}

// isAny says whether a list is { any; }.
func isAny(s namedconf.Statement) bool {
	list := s.Block()
	return len(s.Elements) == 2 && len(list) == 1 && len(list[0].Elements) == 1 && equal(list[0].Word(0), "any")
}

// isNo says whether a truth value is one that named reads as no.
func isNo(s namedconf.Statement) bool {
	word := s.Word(1)
	return equal(word, "no") || equal(word, "false") || word == "0"
}
