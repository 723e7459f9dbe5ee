package dns

import (
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// FleetInput is what a request says about the NS set of zones without their own.
type FleetInput struct{ NS, Addresses Setting[[]string] }

// Bounds of the fleet: its NS set and each of its address sets fit into any answer.
const (
	maxFleetNames     = 32
	maxFleetAddresses = 64
)

// ChangeFleet changes the NS set of zones without apex NS of their own.
type ChangeFleet struct {
	ns, addresses Setting[[]string]
	ifMatch       *domain.Position
}

// NewChangeFleet checks the form of a change; what is not given stays. If-Match is the
// position of the last change, 0 before the first.
func NewChangeFleet(in FleetInput, ifMatch *domain.Position) (c ChangeFleet, err error) {
	c.ifMatch = ifMatch
	if c.ns, err = parsedList("ns", in.NS, maxFleetNames, parseAbsoluteName); err != nil {
		return ChangeFleet{}, err
	}
	if c.addresses, err = parsedList("addresses", in.Addresses, maxFleetAddresses, parseFleetAddress); err != nil {
		return ChangeFleet{}, err
	}
	if list := c.addresses.Value; list != nil && len(*list) == 0 {
		return ChangeFleet{}, domain.Invalid("addresses", `must be "masters" or a list of at least one address`)
	}
	return c, nil
}

func parsedList(field string, in Setting[[]string], most int, parse func(field, text string) (string, error)) (Setting[[]string], error) {
	if in.Value == nil {
		return in, nil
	}
	if len(*in.Value) > most {
		return in, domain.Invalid(field, "must not have more than %d entries", most)
	}
	out := []string{}
	for _, text := range *in.Value {
		entry, err := parse(field, text)
		if err != nil {
			return in, err
		}
		if slices.ContainsFunc(out, func(other string) bool { return strings.EqualFold(entry, other) }) {
			return in, domain.Invalid(field, "%q is there twice", shorten(text))
		}
		out = append(out, entry)
	}
	return Setting[[]string]{Given: true, Value: &out}, nil
}

func parseFleetAddress(field, text string) (string, error) {
	addr, ok := parseAddr(text)
	if addr = addr.Unmap(); !ok || addr.IsUnspecified() || addr.IsMulticast() {
		return "", domain.Invalid(field, "%q must be the IPv4 or IPv6 address of a host", shorten(text))
	}
	return addr.String(), nil
}

// Decide implements [domain.Command].
func (c ChangeFleet) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, current := access.NewActor(env.Actor), &fleetFold{}
	if err := h.Load(actor, current); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.Administer()); err != nil {
		return nil, err
	}
	if err := domain.CheckVersion(c.ifMatch, current.changed); err != nil {
		return nil, err
	}
	after := current.data
	setList(&after.NS, c.ns)
	setList(&after.Addresses, c.addresses)
	if after.equal(current.data) {
		return nil, nil
	}
	return []domain.Event{FleetChanged{Before: current.data, After: after}}, nil
}

func setList(to *[]string, in Setting[[]string]) {
	if in.Given {
		*to = nil
		set(to, in.Value)
	}
}

// fleetFold is the current version of the fleet's NS set.
type fleetFold struct{ fleetState }

type fleetState struct {
	data    FleetData
	changed domain.Position
}

// Item implements [domain.Fold].
func (*fleetFold) Item() domain.Item {
	return domain.Item{Tag: TagFleet, Types: []string{FleetChanged{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *fleetFold) Apply(r domain.Recorded) {
	if e, ok := r.Event.(FleetChanged); ok {
		f.data, f.changed = e.After, r.Position
	}
}

// Snapshot implements [domain.Fold].
func (f *fleetFold) Snapshot() any { return f.fleetState }

// Restore implements [domain.Fold].
func (f *fleetFold) Restore(s any) { f.fleetState = s.(fleetState) }
