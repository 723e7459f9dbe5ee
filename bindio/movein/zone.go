package movein

import (
	"slices"
	"strings"

	"github.com/opsledger/opsledger/bindio/namedconf"
	"github.com/opsledger/opsledger/domain/dns"
)

// zoneStatement is what the statement of a zone says.
type zoneStatement struct {
	namedconf.Statement
	view, name                  string
	kind, file, journal, inView string
	// forwards is the statement of the forwarders.
	forwards *namedconf.Statement
	only     bool
	asks     string
	// options are what it says for itself alone.
	options []namedconf.Statement
}

// zone takes a zone of a view.
func (b *builder) zone(view string, s namedconf.Statement) {
	words := s.Words()
	if len(words) == 0 || !isIN(words[1:]) || s.Block() == nil {
		b.leave(s.Place, "%s is not taken: only zones of class IN are", s.Short())
		return
	}
	name, err := dns.ParseZoneName(words[0])
	switch name = dns.FoldName(name); {
	case err == nil && b.only != nil && !b.only(name):
		return
	case words[0] == "." && b.only != nil:
		return
	}
	z := zoneStatement{Statement: s, view: view, name: name}
	b.zoneBlock(&z)
	switch {
	case z.kind == "hint" && words[0] == ".":
		b.note(s.Place, "%s is not needed: named knows the root name servers", s.Short())
	case err != nil:
		b.leave(s.Place, "%s is not taken: such a name no zone has here", s.Short())
	case b.stated[view+" "+name]:
		b.leave(s.Place, "%s is not taken: the view has a zone of this name", s.Short())
	default:
		b.stated[view+" "+name] = true
		b.take(z)
	}
}

// zoneBlock reads what stands in the statement.
func (b *builder) zoneBlock(z *zoneStatement) {
	for _, s := range z.Block() {
		switch name := s.Name(); name {
		case "type":
			z.kind = strings.ToLower(s.Word(1))
		case "file":
			z.file = s.Word(1)
		case "journal":
			z.journal = s.Word(1)
		case "in-view":
			z.inView = s.Word(1)
		case "forward":
			z.only = equal(s.Word(1), "only")
		case "forwarders":
			z.forwards = &s
		case "primaries", "masters":
			z.asks = addressesOf(s)
		case "request-ixfr", "request-expire", "zone-statistics", "max-refresh-time", "min-refresh-time", "max-retry-time", "min-retry-time":
			// how named does its work, which says nothing to anybody else
		default:
			if !dns.IsGeneratedOption(name) || strings.HasPrefix(name, "allow-") {
				z.options = append(z.options, s)
			}
		}
	}
}

// addressesOf are the words of a list, for people to read.
func addressesOf(s namedconf.Statement) string {
	var words []string
	for _, inner := range s.Block() {
		words = append(words, inner.Entry())
	}
	return strings.Join(words, ", ")
}

func (b *builder) take(z zoneStatement) {
	switch z.kind {
	case "primary", "master":
		b.takeFile(z)
	case "secondary", "slave":
		b.takeSecondary(z)
	case "forward":
		b.takeForward(z)
	case "":
		if z.inView == "" {
			b.leave(z.Place, "zone %s is not taken: it has no type", z.name)
			return
		}
		b.add(z, nil)
	default:
		b.leave(z.Place, "zone %s is not taken: zones of type %s are not known here", z.name, z.kind)
	}
}

func (b *builder) takeFile(z zoneStatement) {
	if z.file == "" {
		b.leave(z.Place, "zone %s is not taken: it has no file", z.name)
		return
	}
	b.add(z, nil)
}

// takeSecondary takes a zone that named had from others, as it was transferred last.
func (b *builder) takeSecondary(z zoneStatement) {
	if z.file == "" || !b.files.Exists(z.file) {
		b.leave(z.Place, "zone %s is not taken: it is a secondary zone, and its content in no file here; "+
			"after adding the zone, import axfr transfers it from its primaries (%s)", z.name, z.asks)
		return
	}
	b.note(z.Place, "zone %s is a secondary zone: it is taken as it was transferred last; what its primaries (%s) change does not come any more",
		z.name, z.asks)
	b.add(z, nil)
}

func (b *builder) takeForward(z zoneStatement) {
	var list []string
	if z.forwards != nil {
		for _, s := range z.forwards.Block() {
			list = append(list, s.Entry()) // an address alone, or what is refused
		}
	}
	text := strings.Join(list, ";")
	forwarders, err := dns.ParseForwarders(text)
	if err != nil || len(forwarders) == 0 || strings.Contains(text, " ") || len(z.forwards.Words()) > 0 {
		b.leave(z.Place, "zone %s is not taken: its forwarders are to be addresses, without ports", z.name)
		return
	}
	if !z.only {
		b.leave(z.Place, "zone %s: here its forwarders alone are asked (forward only), and nobody else where they do not answer", z.name)
	}
	b.add(z, forwarders)
}

// add adds the zone to the plan, in one view more.
func (b *builder) add(z zoneStatement, forwarders []string) {
	source := Source{Place: z.Place, View: z.view, File: z.file, Journal: z.journal, of: z.view}
	if z.inView != "" {
		source.File, source.Journal = "", z.inView // until linkInViews
	} else if source.Journal == "" && z.file != "" {
		source.Journal = z.file + ".jnl"
	}
	known, has := b.zones[z.name]
	switch {
	case !has:
		known = &Zone{Name: z.name, Forwarders: forwarders}
		b.zones[z.name] = known
		b.plan.Zones = append(b.plan.Zones, known)
	case z.inView != "":
	case (known.Forwarders == nil) != (forwarders == nil):
		b.leave(z.Place, "zone %s is not taken in view %s: it is of another type than in view %s", z.name, z.view, known.In[0].View)
		return
	case !slices.Equal(known.Forwarders, forwarders):
		b.leave(z.Place, "zone %s: in view %s its forwarders are those of view %s here", z.name, z.view, known.In[0].View)
	}
	known.In = append(known.In, source)
	if z.inView == "" && forwarders == nil {
		b.ofZones.add(z.view, z.name, z.options)
		return
	}
	for _, o := range z.options {
		b.leave(o.Place, "zone %s: %s is not taken", z.name, o.Short())
	}
}

// linkInViews gives the zones of other views that a view also shows their files.
func (b *builder) linkInViews() {
	for _, z := range b.plan.Zones {
		own := map[string]Source{}
		for _, in := range z.In {
			if in.File != "" || z.Forwarders != nil {
				own[in.View] = in
			}
		}
		var kept []Source
		for _, in := range z.In {
			if in.File == "" && z.Forwarders == nil {
				of, has := own[in.Journal]
				if !has {
					b.leave(in.Place, "zone %s is not taken in view %s: no view %s has it", z.Name, in.View, in.Journal)
					continue
				}
				in.File, in.Journal, in.of = of.File, of.Journal, of.View
			}
			kept = append(kept, in)
		}
		z.In = kept
	}
	b.dropZonesOfNoView()
}

func (b *builder) dropZonesOfNoView() {
	b.plan.Zones = slices.DeleteFunc(b.plan.Zones, func(z *Zone) bool { return len(z.In) == 0 })
}

// dropZone leaves out a zone of a view, and what other views show of it.
func (b *builder) dropZone(view, name string) {
	z := b.zones[name]
	z.In = slices.DeleteFunc(z.In, func(in Source) bool {
		if in.of == view && in.View != view {
			b.leave(in.Place, "zone %s is not taken in view %s: it is that of view %s, which is not taken", name, in.View, view)
		}
		return in.of == view
	})
	b.dropZonesOfNoView()
}
