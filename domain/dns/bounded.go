package dns

import (
	"reflect"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// Bounded is a command that a program asks for with a credential.
//
// Invariants:
//  1. Nothing is appended for a credential that was deleted, has expired, or is another
//     user's; and the credential's end, if it comes first, fails the append.
//  2. Every event lies within the credential's bounds, whatever command decided it: a kind
//     of event that the bounds do not know is outside of them.
//  3. A narrow credential learns nothing about a zone that it does not cover: a decision
//     that reads one is refused before it can say what it found.
type Bounded struct {
	command    domain.Command
	credential domain.CredentialID
}

// NewBounded returns the command within the bounds of the credential.
func NewBounded(c domain.Command, credential domain.CredentialID) domain.Command {
	return Bounded{command: c, credential: credential}
}

// Allocates implements [domain.Allocator].
func (c Bounded) Allocates() []domain.Sequence {
	if a, ok := c.command.(domain.Allocator); ok {
		return a.Allocates()
	}
	return nil
}

// Decide implements [domain.Command].
func (c Bounded) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	credential := access.NewCredential(c.credential)
	if err := h.Load(credential); err != nil {
		return nil, err
	}
	switch {
	case !credential.Holds(env.Now), credential.User != env.Actor:
		return nil, domain.Unauthenticated()
	case credential.Restrict.ReadOnly && !env.Preview:
		return nil, domain.Forbidden("无权限！凭据%s只能读取", credential.Name)
	}
	within := &bounds{History: h, credential: credential}
	if credential.Restrict.OfRecords() {
		env = env.Warning(nil) // which would tell of other records
	}
	events, err := c.command.Decide(within, env.By(c.credential, within))
	if err != nil {
		return nil, err
	}
	return events, within.Check(within, events)
}

// bounds are those of one decision.
type bounds struct {
	domain.History
	credential *access.Credential
}

// Check implements [domain.Bounds].
func (b *bounds) Check(h domain.History, events []domain.Event) error {
	zones := map[int64]*zoneFold{} // that were looked at
	for _, e := range events {
		if err := b.check(h, zones, e, events); err != nil {
			return err
		}
	}
	return nil
}

// Load implements [domain.History]: it refuses to show a narrow credential a zone that it
// does not cover.
func (b *bounds) Load(folds ...domain.Fold) error {
	if err := b.History.Load(folds...); err != nil {
		return err
	}
	if !b.credential.Restrict.Narrow() {
		return nil
	}
	var hidden []domain.Fold
	for _, f := range folds {
		if zone, ok := f.(*zoneFold); ok && zone.exists && !b.credential.Restrict.CoversZone(zone.data.Name) {
			hidden = append(hidden, f)
		}
	}
	if len(hidden) > 0 {
		return &domain.OutsideError{Reason: b.outside(), Folds: hidden}
	}
	return nil
}

func (b *bounds) outside() *domain.Error { return access.ErrOutside(b.credential.Name) }

// check refuses an event that is outside of the bounds.
func (b *bounds) check(h domain.History, zones map[int64]*zoneFold, e domain.Event, all []domain.Event) error {
	var zone int64
	var states []RecordData
	inView := true
	switch e := e.(type) {
	case RecordAdded:
		zone, states = e.ZoneID, []RecordData{e.Record}
	case RecordUpdated:
		zone, states = e.ZoneID, []RecordData{e.Before, e.After}
	case RecordDeleted:
		zone, states = e.ZoneID, []RecordData{e.Record}
	case RecordsStaged:
		zone, states = e.ZoneID, e.states()
	case ImportBegun:
		zone, inView = e.ZoneID, b.ofView(e.ViewID)
	case ZoneImported:
		zone, inView = e.ZoneID, b.ofView(e.ViewID)
	case ImportVoided:
		zone, inView = e.ZoneID, b.ofView(e.ViewID)
	default:
		return b.checkOther(h, e, all)
	}
	if !inView {
		return b.outside()
	}
	if zones[zone] == nil {
		zones[zone] = newZoneFold(zone)
		if err := h.Load(zones[zone]); err != nil {
			return err
		}
	}
	if _, void := e.(ImportVoided); void && b.credential.Restrict.OfRecords() && zones[zone].open.credential != b.credential.ID() {
		return b.outside() // what others import may be any records of the zone
	}
	return b.checkRecords(zones[zone], states)
}

// ofView says whether the credential may write in a view.
func (b *bounds) ofView(view int64) bool { return b.credential.View == 0 || b.credential.View == view }

// states are those that the event makes of records, and makes them of.
func (e RecordsStaged) states() (all []RecordData) {
	for _, r := range slices.Concat(e.Added, e.Removed) {
		all = append(all, r.Record)
	}
	for _, r := range e.Changed {
		all = append(all, r.Before, r.After)
	}
	return all
}

// checkOther refuses an event that is about no record, if it is outside of the bounds.
func (b *bounds) checkOther(h domain.History, e domain.Event, all []domain.Event) error {
	if b.credential.Restrict.Narrow() || !access.ByCredential(e, all) {
		return b.outside()
	}
	if b.credential.View == 0 {
		return nil
	}
	inView, err := b.inView(h, e)
	if err == nil && !inView {
		err = b.outside()
	}
	return err
}

// checkRecords refuses to touch a record that is, or becomes, one outside of the bounds.
func (b *bounds) checkRecords(zone *zoneFold, states []RecordData) error {
	restrict := &b.credential.Restrict
	if !restrict.CoversZone(zone.data.Name) {
		return b.outside()
	}
	for _, r := range states {
		if !b.ofView(r.ViewID) {
			return b.outside()
		}
		if restrict.OfRecords() && !restrict.CoversRecord(FullName(r.Host, zone.data.Name), r.Type) {
			return b.outside()
		}
	}
	return nil
}

// FullName is the absolute name of a host in a zone, without the final dot.
func FullName(host, zone string) string {
	if host == Apex {
		return zone
	}
	return host + "." + zone
}

// inView says whether an event, which is about no record, is of the credential's one view
// alone. What concerns all views is not.
func (b *bounds) inView(h domain.History, e domain.Event) (bool, error) {
	only := func(views []int64) bool { return len(views) == 1 && views[0] == b.credential.View }
	switch e := e.(type) {
	case ZoneCreated:
		return only(e.Zone.ViewIDs), nil
	case ZoneUpdated:
		return only(e.Before.ViewIDs) && only(e.After.ViewIDs) || b.linksOwnView(e.Before, e.After), nil
	case ZoneDeleted:
		return only(e.Zone.ViewIDs), nil
	case ZoneRestored:
		return only(e.After.ViewIDs) && (e.Before == nil || only(e.Before.ViewIDs)), nil
	case ZoneSettingsChanged:
		if e.Raise != nil && only(e.Raise.Views) && reflect.DeepEqual(e.Before, e.After) {
			return true, nil // the serial of a zone that is linked to the view
		}
		zone := newZoneFold(e.ID)
		err := h.Load(zone)
		return only(zone.data.ViewIDs), err
	case ViewUpdated:
		return e.ID == b.credential.View, nil
	default:
		return false, nil
	}
}

// linksOwnView says whether all that becomes of a zone is that it is linked to the credential's
// view, or no longer.
func (b *bounds) linksOwnView(before, after ZoneData) bool {
	others := func(views []int64) []int64 {
		return slices.DeleteFunc(slices.Clone(views), func(v int64) bool { return v == b.credential.View })
	}
	same := slices.Equal(others(before.ViewIDs), others(after.ViewIDs))
	before.ViewIDs = after.ViewIDs
	return same && before.equal(after)
}
