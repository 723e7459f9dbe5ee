package zonedata

import (
	"cmp"
	"slices"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

// Line writes one record as a line of zone text that named reads as the same, without its
// end. Data that only the library reads is written as its octets (RFC 3597): named does not
// write and read all of it as the library does. An owner that begins with a dollar sign would
// be read as a directive, and the library does not escape it.
func Line(rr mdns.RR) (string, error) {
	line, err := text(rr)
	if strings.HasPrefix(line, "$") {
		line = `\` + line
	}
	return line, err
}

func text(rr mdns.RR) (string, error) {
	if dns.HasPlainText(rr.Header().Rrtype) || rr.Header().Rrtype == mdns.TypeSOA {
		return rr.String(), nil
	}
	if unknown, ok := rr.(*mdns.RFC3597); ok {
		return unknown.String(), nil
	}
	generic := new(mdns.RFC3597)
	if err := generic.ToRFC3597(rr); err != nil {
		return "", err
	}
	return generic.String(), nil
}

// Lines writes the records of an RRset in canonical order; zone is the absolute name.
func (s *RRset) Lines(zone string, key Key) ([]string, error) {
	if s == nil {
		return nil, nil
	}
	out := make([]string, 0, len(s.Data))
	for _, data := range s.Data {
		rr, err := RR(Owner(key.Owner, zone), key.Type, s.TTL, data)
		if err != nil {
			return nil, err
		}
		line, err := Line(rr)
		if err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, nil
}

// Text writes a zone as a master file that named reads as what is served: the SOA, then all
// RRsets as [Sets] has them.
type Text struct{ Sets }

// NewText begins to write; line gets each line, without its end.
func NewText(z Zone, line func(string) error) (*Text, error) {
	soa, err := Line(z.SOA())
	if err != nil {
		return nil, err
	}
	t := &Text{*NewSets(z, func(key Key, set *RRset) error {
		lines, err := set.Lines(z.Name, key)
		for _, text := range lines {
			if err != nil {
				break
			}
			err = line(text)
		}
		return err
	})}
	return t, line(soa)
}

// Sets goes through all RRsets of a zone but the SOA, generated ones among them, by owner in
// canonical order (RFC 4034, section 6.1) and by the number of their type. It keeps the records of
// one owner in memory.
type Sets struct {
	zone Zone
	set  func(Key, *RRset) error
	// place is that of the owner whose records are being collected.
	owner, place string
	sets         Records
	// generated are the owners of generated RRsets that were not written yet, in order.
	generated []string
}

// NewSets begins to go through a zone; set gets each RRset.
func NewSets(z Zone, set func(Key, *RRset) error) *Sets {
	t := &Sets{zone: z, set: set, owner: dns.Apex, sets: Records{}}
	for key := range z.Sets {
		if !slices.Contains(t.generated, key.Owner) {
			t.generated = append(t.generated, key.Owner)
		}
	}
	slices.SortFunc(t.generated, func(a, b string) int { return strings.Compare(dns.Place(a), dns.Place(b)) })
	return t
}

// Add takes the next record of the log. Records come in the canonical order of their owners.
func (t *Sets) Add(key Key, r Record) error {
	if key.Owner != t.owner {
		place := dns.Place(key.Owner)
		if place != t.place {
			if err := t.flush(place); err != nil {
				return err
			}
		}
		t.owner, t.place = key.Owner, place
	}
	t.sets[key] = append(t.sets[key], r)
	return nil
}

// End writes what is left.
func (t *Sets) End() error { return t.flush(afterAll) }

// afterAll sorts after every place: no octet of UTF-8 is as high.
const afterAll = "\xff"

// flush writes the owner at hand, and the generated RRsets of all owners before the next place.
func (t *Sets) flush(next string) error {
	if err := t.write(t.owner, t.sets); err != nil {
		return err
	}
	t.sets = Records{}
	for len(t.generated) > 0 && dns.Place(t.generated[0]) < next {
		if err := t.write(t.generated[0], nil); err != nil {
			return err
		}
	}
	return nil
}

// write writes the RRsets of one owner, those that are generated among them.
func (t *Sets) write(owner string, own Records) error {
	if len(t.generated) > 0 && t.generated[0] == owner {
		t.generated = t.generated[1:]
	}
	var keys []Key
	for key := range own {
		keys = append(keys, key)
	}
	for key := range t.zone.Sets {
		if key.Owner == owner && own[key] == nil {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b Key) int { return cmp.Compare(a.Type, b.Type) })
	for _, key := range keys {
		if err := t.set(key, t.zone.Set(key, own.Lookup)); err != nil {
			return err
		}
	}
	return nil
}
