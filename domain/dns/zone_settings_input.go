package dns

import (
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// Setting is what a request says about one setting: nothing, a value, or that it returns
// to its default.
type Setting[T any] struct {
	Given bool
	// Value is nil for the default.
	Value *T
}

// ZoneSettingsInput is what a request says about a zone's settings.
type ZoneSettingsInput struct {
	MName, RName                    Setting[string]
	Refresh, Retry, Expire, Minimum Setting[int64]
	DefaultTTL, SerialAtLeast       Setting[int64]
	// PTRFrom are names of zones; none is the default.
	PTRFrom Setting[[]string]
}

// zoneSettingsPatch is a checked [ZoneSettingsInput].
type zoneSettingsPatch struct {
	mname, rname                                               Setting[string]
	refresh, retry, expire, minimum, defaultTTL, serialAtLeast Setting[uint32]
	ptrFrom                                                    Setting[[]string]
}

const maxSerial = 1<<32 - 1

// maxKept is of how many zones a reverse zone has the PTRs at most.
const maxKept = 500

func (in ZoneSettingsInput) parse() (p zoneSettingsPatch, err error) {
	if p.mname, err = parsedName("soa.mname", in.MName, parseAbsoluteName); err != nil {
		return zoneSettingsPatch{}, err
	}
	if p.rname, err = parsedName("soa.rname", in.RName, parseMailbox); err != nil {
		return zoneSettingsPatch{}, err
	}
	for _, f := range []struct {
		to          *Setting[uint32]
		field       string
		in          Setting[int64]
		least, most int64
	}{
		{&p.refresh, "soa.refresh", in.Refresh, 1, MaxTTL},
		{&p.retry, "soa.retry", in.Retry, 1, MaxTTL},
		{&p.expire, "soa.expire", in.Expire, 1, MaxTTL},
		{&p.minimum, "soa.minimum", in.Minimum, 0, MaxTTL},
		{&p.defaultTTL, "default_ttl", in.DefaultTTL, 0, MaxTTL},
		{&p.serialAtLeast, "serial_at_least", in.SerialAtLeast, 1, maxSerial},
	} {
		if *f.to, err = ranged(f.field, f.in, f.least, f.most); err != nil {
			return zoneSettingsPatch{}, err
		}
	}
	if p.ptrFrom, err = parsedList("ptr.from", in.PTRFrom, maxKept, parseKept); err != nil {
		return zoneSettingsPatch{}, err
	}
	return p, nil
}

func parseKept(field, text string) (string, error) {
	name, err := ParseZoneName(text)
	if err != nil {
		return "", domain.Invalid(field, "%q is no domain name", shorten(text))
	}
	return FoldName(name), nil
}

func ranged(field string, in Setting[int64], least, most int64) (Setting[uint32], error) {
	if in.Value == nil {
		return Setting[uint32]{Given: in.Given}, nil
	}
	if *in.Value < least || *in.Value > most {
		return Setting[uint32]{}, domain.Invalid(field, "must be %d to %d", least, most)
	}
	return Setting[uint32]{Given: true, Value: new(uint32(*in.Value))}, nil
}

func parsedName(field string, in Setting[string], parse func(field, text string) (string, error)) (Setting[string], error) {
	if in.Value == nil {
		return in, nil
	}
	name, err := parse(field, *in.Value)
	return Setting[string]{Given: true, Value: &name}, err
}

// parseAbsoluteName reads the name of a host and returns it with its final dot, which
// may be left out of a name of several labels.
func parseAbsoluteName(field, text string) (string, error) {
	name, err := ParseZoneName(text)
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case err != nil:
		return "", domain.Invalid(field, "%q is no domain name", shorten(text))
	case last == name && !strings.HasSuffix(text, "."):
		return "", domain.Invalid(field, "%q must be an absolute name, with a final dot", shorten(text))
	case strings.Trim(last, "0123456789") == "":
		return "", domain.Invalid(field, "%q must be a name, not an address", shorten(text))
	}
	return name + ".", nil
}

// parseMailbox reads a mail address, or one in the form of a domain name (RFC 1035, 8),
// and returns the latter.
func parseMailbox(field, text string) (string, error) {
	local, host, isAddress := strings.Cut(text, "@")
	if isAddress {
		local = strings.ReplaceAll(local, ".", `\.`)
	} else {
		local, host, _ = cutLabel(text)
	}
	plain := strings.ReplaceAll(local, `\.`, ".")
	if plain == "" || len(plain) > maxLabel || strings.ContainsFunc(plain, notInMailbox) {
		return "", domain.Invalid(field, "%q must be a mail address, such as hostmaster.example.org. or hostmaster@example.org", shorten(text))
	}
	name, err := parseAbsoluteName(field, host)
	if err != nil {
		return "", err
	}
	if len(local)+len(".")+len(name) > maxName {
		return "", domain.Invalid(field, "must not be longer than %d characters", maxName)
	}
	return local + "." + name, nil
}

func notInMailbox(r rune) bool {
	return r >= 0x80 || !isLabelByte(byte(r)) && r != '.' && r != '+'
}

// merge returns the settings with what the request gave.
func (p zoneSettingsPatch) merge(s ZoneSettings) ZoneSettings {
	setText(&s.MName, p.mname)
	setText(&s.RName, p.rname)
	for _, f := range []struct {
		to *(*uint32)
		in Setting[uint32]
	}{
		{&s.Refresh, p.refresh}, {&s.Retry, p.retry}, {&s.Expire, p.expire}, {&s.Minimum, p.minimum},
		{&s.DefaultTTL, p.defaultTTL}, {&s.SerialAtLeast, p.serialAtLeast},
	} {
		if f.in.Given {
			*f.to = f.in.Value
		}
	}
	if p.ptrFrom.Given {
		s.PTR = keepFrom(p.ptrFrom.Value)
	}
	return s
}

func keepFrom(zones *[]string) *PTRSettings {
	if zones == nil || len(*zones) == 0 {
		return nil
	}
	return &PTRSettings{From: slices.Sorted(slices.Values(*zones))}
}

func setText(to *string, in Setting[string]) {
	if in.Given {
		*to = ""
		set(to, in.Value)
	}
}
