package recordreplace

import (
	"errors"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// Input is what a request says: what nil stands for is not asked, or stays.
type Input struct {
	// Find is what records have that are meant, Set what they get.
	Find struct {
		Value, Type, Host, View *string
		TTL                     *uint32
	}
	Set struct {
		Value *string
		TTL   *uint32
	}
	// Zones are patterns of names, see [access.ParsePatterns]; without any all zones are meant.
	Zones []string
}

// Find says which records are meant: those that have all of what it names.
type Find struct {
	// Type, Host (folded), View (a view's name, or a line) and TTL are exact; Zones are patterns.
	Type, Host, View string
	TTL              *uint32
	Zones            []string

	value *string
	// read is the value as it is read in a zone, by type.
	read map[place]string
}

// place is where a value is read.
type place struct{ zone, rrtype string }

// Set is what the records get.
type Set struct {
	Value *string
	TTL   *uint32
}

// Parse checks the form of a request.
func Parse(in Input) (f *Find, s Set, err error) {
	f = &Find{TTL: in.Find.TTL, value: in.Find.Value, read: map[place]string{}}
	s = Set{Value: in.Set.Value, TTL: in.Set.TTL}
	switch find := in.Find; {
	case find.Value == nil && find.Type == nil && find.Host == nil && find.View == nil && find.TTL == nil:
		return nil, s, domain.Invalid("find", "must name what the records have: value, ttl, type, host or view")
	case s.Value == nil && s.TTL == nil:
		return nil, s, domain.Invalid("set", "must name what the records get: value or ttl")
	case s.Value != nil && find.Value == nil:
		return nil, s, domain.Invalid("find.value", "must say which value is replaced")
	}
	for _, ttl := range []struct {
		field string
		value *uint32
	}{{"find.ttl", f.TTL}, {"set.ttl", s.TTL}} {
		if ttl.value != nil && *ttl.value > dns.MaxTTL {
			return nil, s, domain.Invalid(ttl.field, "必须是0到%d之间的整数！", dns.MaxTTL)
		}
	}
	if err := f.parse(in); err != nil {
		return nil, s, err
	}
	return f, s, f.checkValues(s)
}

func (f *Find) parse(in Input) (err error) {
	if in.Find.Type != nil {
		if f.Type, err = dns.ParseRecordType(*in.Find.Type); err != nil {
			return of("find.type", err)
		}
	}
	if in.Find.Host != nil {
		if f.Host, err = dns.ParseHost(*in.Find.Host); err != nil {
			return of("find.host", err)
		}
		f.Host = dns.FoldName(f.Host)
	}
	if in.Find.View != nil {
		f.View = *in.Find.View
	}
	f.Zones, err = access.ParsePatterns("zones", in.Zones)
	return err
}

// anyZone stands for a zone's name where a value is read without one.
const anyZone = "x"

// checkValues refuses values that no record of the type has, where there is one.
func (f *Find) checkValues(s Set) error {
	if f.Type == "" {
		return nil
	}
	if f.value != nil {
		if _, err := dns.ParseRData(anyZone, f.Type, *f.value); err != nil {
			return of("find.value", err)
		}
	}
	if s.Value != nil {
		if _, err := dns.AcceptRData(anyZone, f.Type, *s.Value); err != nil {
			return of("set.value", err)
		}
	}
	return nil
}

// of returns an error as one about a parameter of this request.
func of(field string, err error) error {
	if refused, ok := errors.AsType[*domain.Error](err); ok {
		return refused.Of(field)
	}
	return err
}

// Types are the types of records that can have the value, besides those without a mnemonic;
// nil stands for all.
func (f *Find) Types() []string {
	if f.Type != "" || f.value == nil {
		return nil
	}
	var types []string
	for _, rrtype := range dns.RecordTypes() {
		if _, err := dns.ParseRData(anyZone, rrtype, *f.value); err == nil {
			types = append(types, rrtype)
		}
	}
	return types
}

// Has says whether a record of a zone has the value, if one is asked for. One that cannot be
// read any more has none.
func (f *Find) Has(zone string, r dns.RecordData) bool {
	if f.value == nil {
		return true
	}
	if f.Type != "" && r.Type != f.Type {
		return false
	}
	data, err := dns.ReadRData(zone, r)
	if err != nil {
		return false
	}
	wanted := f.readIn(place{zone, r.Type})
	return wanted != "" && data.Canonical() == wanted
}

// readIn is the value as a record has it there, empty where none can have it.
func (f *Find) readIn(at place) string {
	wanted, known := f.read[at]
	if !known {
		if data, err := dns.ParseRData(at.zone, at.rrtype, *f.value); err == nil {
			wanted = data.Canonical()
		}
		f.read[at] = wanted
	}
	return wanted
}
