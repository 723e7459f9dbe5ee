package bind

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// The PTRs that reverse zones have of other zones are the same in the read model and in the engine, and
// those that a child would write down, after any history; and so are the numbers of the zones.
func TestKeptPTRsFollowFromRecords(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			pool := modeltest.Serving(t)
			l, kept := newRandomLog(t, seed), 0
			l.ptr = true
			for range 20 {
				done := len(l.events)
				for range 100 {
					l.step()
				}
				modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", l.events[done:], 1+int(seed)*20)
				sameNumbers(t, l.state, pool)
				sameContent(t, l.state, pool)
				kept += samePTRs(t, l.state, pool)
			}
			if kept < 20 {
				t.Errorf("%d PTRs of other zones were compared", kept)
			}
		})
	}
}

// ptrCommand is one of those that matter most for PTRs.
func (l *randomLog) ptrCommand() (domain.Command, error) {
	switch l.rng.IntN(8) {
	case 0:
		return l.settingsCommand()
	case 1:
		return dns.NewDeleteRecord(l.id(domain.SequenceRecord), nil)
	case 2, 3:
		return dns.NewUpdateRecord(l.id(domain.SequenceRecord), l.recordInput(), nil)
	default:
		return dns.NewAddRecord(l.recordInput())
	}
}

// addressInput makes a record one that matters for PTRs: an address, or what stands at the name of one.
func (l *randomLog) addressInput(in *dns.RecordInput) {
	z := l.state.zones[*in.ZoneID]
	if z == nil {
		return
	}
	if _, reverse := dns.ReversePrefix(z.data.Name); reverse && l.rng.IntN(3) > 0 {
		in.Host = new(fmt.Sprint(l.rng.IntN(4), oneOf(l, ".0", ".0.0")))
		in.Type, in.Value = new(oneOf(l, "PTR", "CNAME")), new("own.test.")
		return
	}
	in.Type, in.Value = new("A"), new(fmt.Sprint("10.0.0.", l.rng.IntN(4)))
	if l.rng.IntN(4) == 0 {
		in.Type, in.Value = new("AAAA"), new(oneOf(l, "2001:db8::1", "::ffff:10.0.0.1"))
	}
}

// ptrInput asks for the PTRs of most zones that there are, or of none.
func (l *randomLog) ptrInput() dns.ZoneSettingsInput {
	names := []string{}
	for _, other := range l.state.zones {
		if name := dns.FoldName(other.data.Name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	l.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:max(len(names)-l.rng.IntN(3), 0)]
	if l.rng.IntN(8) == 0 {
		names = nil
	}
	return dns.ZoneSettingsInput{PTRFrom: dns.Setting[[]string]{Given: true, Value: &names}}
}

// samePTRs compares the PTRs that the engine has with the naive ones. It returns how many of these are
// of other zones.
func samePTRs(t *testing.T, s *desiredState, pool *pgxpool.Pool) (kept int) {
	t.Helper()
	records, _ := modeltest.MustPage(dnsmodel.NewReader(pool).Records(t.Context(), rights.System(), dnsmodel.RecordFilter{}, query.Everything()))
	for id, zone := range s.zones {
		for view, c := range zone.copies {
			if c.forwards() {
				continue
			}
			want, ofOthers := naivePTRs(s, records, id, view)
			kept += ofOthers
			got := []string{}
			for key, set := range c.sets {
				if key.rrtype != mdns.TypePTR {
					continue
				}
				rrs, err := assemble(set).records(absoluteZone(zone.data.Name), key)
				if err != nil {
					t.Fatal(err)
				}
				for _, rr := range rrs {
					got = append(got, rr.String())
				}
			}
			slices.Sort(got)
			modeltest.Same(t, fmt.Sprintf("PTRs of %s in view %d", zone.data.Name, view), got, want)
		}
	}
	return kept
}

// naivePTRs are a zone's PTRs in a view: its own, and for each name that has neither one nor a CNAME
// that of the oldest address record of the zones that its settings name.
func naivePTRs(s *desiredState, all []dnsmodel.Record, id, view int64) (lines []string, kept int) {
	zone := s.zones[id]
	lines = []string{}
	line := func(owner string, ttl uint32, target string) {
		lines = append(lines, fmt.Sprintf("%s\t%d\tIN\tPTR\t%s", owner, ttl, strings.ToLower(target)))
	}
	taken, oldest := map[string]bool{}, map[string]dnsmodel.Record{}
	for _, r := range all {
		switch own := s.zones[r.ZoneID]; {
		case own == nil || r.ViewID != view:
		case r.ZoneID == id && (r.Type == "PTR" || r.Type == "CNAME"):
			owner := r.Host + "." + absoluteZone(zone.data.Name)
			if taken[owner] = true; r.Type == "PTR" {
				line(owner, r.TTL, r.Value)
			}
		case (r.Type == "A" || r.Type == "AAAA") && r.Host != "*" && slices.Contains(zone.settings.KeptFrom(), dns.FoldName(own.data.Name)):
			owner := nameOfAddress(r.Value)
			if strings.HasSuffix(owner, "."+absoluteZone(zone.data.Name)) && (oldest[owner].ID == 0 || r.ID < oldest[owner].ID) {
				oldest[owner] = r
			}
		}
	}
	for owner, r := range oldest {
		if !taken[owner] {
			kept++
			line(owner, r.TTL, dns.FullName(r.Host, absoluteZone(s.zones[r.ZoneID].data.Name)))
		}
	}
	slices.Sort(lines)
	return lines, kept
}

// nameOfAddress is the name of an address. The library has none for IPv4 in IPv6.
func nameOfAddress(text string) string {
	if rest, mapped := strings.CutPrefix(text, "::ffff:10.0.0."); mapped {
		return rest + ".0.0.0.0.0.a.0.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."
	}
	owner, _ := mdns.ReverseAddr(text)
	return owner
}
