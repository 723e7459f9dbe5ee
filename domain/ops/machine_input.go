package ops

import (
	"net/netip"

	"github.com/opsledger/opsledger/domain"
)

// MachineInput has the fields of a machine in a request. A field is nil or empty if the
// request does not have it.
type MachineInput struct {
	Name, InsideIP, OutsideIP, Usage, Location *string
	Initialized                                *int
}

// data checks the input and returns the machine's new data. Fields that the input does
// not have keep their values in before. For a new machine before is zero, and the input
// must have all fields.
func (in MachineInput) data(before MachineData) (MachineData, error) {
	after := before
	for _, f := range []struct {
		field string
		in    *string
		to    *string
		parse func(field, text string) (string, error)
	}{
		{"machine_name", in.Name, &after.Name, parseMachineName},
		{"inside_ip", in.InsideIP, &after.InsideIP, parseIP},
		{"outside_ip", in.OutsideIP, &after.OutsideIP, parseIP},
		{"usage", in.Usage, &after.Usage, parseLine},
		{"location", in.Location, &after.Location, parseLine},
	} {
		if f.in == nil || *f.in == "" {
			if *f.to == "" {
				return after, domain.Invalid(f.field, "is required")
			}
			continue
		}
		var err error
		if *f.to, err = f.parse(f.field, *f.in); err != nil {
			return after, err
		}
	}
	return after, in.initialized(&after, before == MachineData{})
}

func (in MachineInput) initialized(to *MachineData, isNew bool) error {
	switch {
	case in.Initialized == nil && isNew:
		return domain.Invalid("is_initialized", "is required")
	case in.Initialized == nil:
		return nil
	case *in.Initialized != 0 && *in.Initialized != 1:
		return domain.Invalid("is_initialized", "must be 0 or 1")
	}
	to.Initialized = *in.Initialized
	return nil
}

func parseMachineName(field, text string) (string, error) { return text, checkWord(field, text) }

func parseLine(field, text string) (string, error) { return text, checkLine(field, text, maxLine) }

// parseIP returns the canonical text of an IPv4 or IPv6 address.
func parseIP(field, text string) (string, error) {
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return "", domain.Invalid(field, "is not an IP address")
	}
	return addr.Unmap().String(), nil
}
