package dns

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// loadZone returns the actor and the zone if it exists, the actor may do the operation, no import
// is under way and the client's version is the current one.
func loadZone(h domain.History, env domain.Env, id int64, o access.Operation, ifMatch *domain.Position) (*access.Actor, *zoneFold, error) {
	actor, zone := access.NewActor(env.Actor), newZoneFold(id)
	if err := h.Load(actor, zone); err != nil {
		return nil, nil, err
	}
	if !zone.exists {
		return nil, nil, notFound("Zone", id)
	}
	if err := access.Authorize(h, actor, access.On(zone.target(), o)); err != nil {
		return nil, nil, err
	}
	if err := zone.writable(env); err != nil {
		return nil, nil, err
	}
	return actor, zone, domain.CheckVersion(ifMatch, zone.changed)
}

func renamed(before, after ZoneData) bool { return FoldName(after.Name) != FoldName(before.Name) }

// authorizeMove is authorizeName for a zone that gets another name, or more views.
func authorizeMove(h domain.History, actor *access.Actor, zone *zoneFold, after ZoneData, added []int64) error {
	switch {
	case renamed(zone.data, after):
		return authorizeName(h, actor, zone.id, after.Name, after.ViewIDs)
	case len(added) > 0:
		return authorizeName(h, actor, zone.id, after.Name, added)
	default:
		return nil
	}
}

// checkZoneLinks refuses a name that another zone has and views that do not
// exist. The id is 0 for a new zone; of an existing one only the added views
// are in question, since a linked view cannot be deleted.
func checkZoneLinks(h domain.History, id int64, z ZoneData, added []int64) error {
	name := zoneNamed(z.Group, z.Name)
	folds := []domain.Fold{name}
	for _, v := range added {
		folds = append(folds, newViewExists(v))
	}
	if err := h.Load(folds...); err != nil {
		return err
	}
	if name.HeldByOther(id) {
		return domain.Refused("重复的Zone！相同名字的Zone，每种类型域名下只能存在一个！").Blame("name")
	}
	for _, f := range folds[1:] {
		if v := f.(*viewExists); !v.exists {
			return errNoView(v.id)
		}
	}
	return nil
}

// checkZoneRecords refuses a change that the zone's records stand against. It
// reads them only if it must: a zone may have very many.
func checkZoneRecords(h domain.History, zone *zoneFold, after ZoneData) error {
	closes := after.Type == ZoneForwardOnly && zone.data.Type != ZoneForwardOnly
	if !closes && !renamed(zone.data, after) {
		return nil
	}
	records := newZoneRecords(zone.id)
	if err := h.Load(records); err != nil {
		return err
	}
	byID := maps.Collect(zone.liveOf(&records.recordSet))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		r := byID[id]
		stays := r.data.ViewID == 0 || slices.Contains(after.ViewIDs, r.data.ViewID)
		if !stays {
			continue
		}
		if closes {
			return domain.Refused("zone_type: 当前Zone还有Record，不能改为forward only！").Blame("zone_type")
		}
		if _, err := RecordRR(after.Name, r.data); err != nil {
			return domain.Refused("name: 改名后有的Record不再合法：%s", err).Blame("name")
		}
	}
	return nil
}
