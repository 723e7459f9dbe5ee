package dns

import (
	"errors"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// mayKeep refuses settings by which the zone would have PTRs that it may not have. Of a zone that the
// actor may not ACCESS no more is said than of none.
func (f *zoneFold) mayKeep(h domain.History, actor *access.Actor, after ZoneSettings) error {
	names, zones, err := f.keptAnew(h, after)
	if err != nil || len(names) == 0 {
		return err
	}
	if _, reverse := ReversePrefix(f.data.Name); !reverse {
		return domain.Invalid("ptr", "only a zone for the names of addresses, below in-addr.arpa or ip6.arpa, has PTRs of other zones")
	}
	for i, zone := range zones {
		missing := domain.Invalid("ptr.from", "there is no zone %q", shorten(names[i]))
		if !zone.exists {
			return missing
		}
		err := access.Authorize(h, actor, access.On(zone.target(), access.OperationAccess))
		if refusal, is := errors.AsType[*domain.Error](err); is && refusal.Code == domain.CodeForbidden {
			return missing
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mayKeepAgain is mayKeep for settings that the zone had before: zones may have gone since, and
// may be back later.
func (f *zoneFold) mayKeepAgain(h domain.History, actor *access.Actor, before ZoneSettings) error {
	_, zones, err := f.keptAnew(h, before)
	if err != nil {
		return err
	}
	for _, zone := range zones {
		if !zone.exists {
			continue
		}
		if err := access.Authorize(h, actor, access.On(zone.target(), access.OperationAccess)); err != nil {
			return err
		}
	}
	return nil
}

// keptAnew are the zones that other settings name, and the present ones do not. A zone that is gone has
// the PTRs of none.
func (f *zoneFold) keptAnew(h domain.History, after ZoneSettings) (names []string, zones []*zoneFold, err error) {
	var holders, folds []domain.Fold
	for _, name := range after.KeptFrom() {
		if !f.exists || !f.settings.keepsFrom(name) {
			names, holders = append(names, name), append(holders, zoneNamed(GroupInternal, name))
		}
	}
	if len(names) == 0 {
		return nil, nil, nil
	}
	if err := h.Load(holders...); err != nil {
		return nil, nil, err
	}
	for _, held := range holders {
		zone := newZoneFold(held.(*zoneHolder).HeldBy())
		zones, folds = append(zones, zone), append(folds, zone)
	}
	return names, zones, h.Load(folds...)
}
