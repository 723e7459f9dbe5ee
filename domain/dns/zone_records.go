package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// HaveZoneFile refuses the zone file of a zone that our name servers serve no records of.
func HaveZoneFile(z ZoneData) error {
	switch {
	case !z.Group.Rendered():
		return domain.Refused("an external zone has no zone file: its provider serves it")
	case z.Type == ZoneForwardOnly:
		return domain.Refused("a zone of type forward only has no zone file: it has no records")
	default:
		return nil
	}
}

// AuthorizeRecords refuses a change of a zone's records to those who may not change them, and
// where the zone has none, whatever the change is.
func AuthorizeRecords(h domain.History, env domain.Env, zoneID int64) error {
	actor, zone := access.NewActor(env.Actor), newZoneFold(zoneID)
	if err := h.Load(actor, zone); err != nil {
		return err
	}
	if !zone.exists {
		return notFound("Zone", zoneID)
	}
	if err := access.Authorize(h, actor, access.OnRecords(zone.target(), access.OperationUpdate)); err != nil {
		return err
	}
	return HaveZoneFile(zone.data)
}
