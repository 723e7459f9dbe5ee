package dns

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// Touches says whether name servers serve something else after an event, be it a serial, or have
// another configuration. What follows from another [Fleet] is left out.
func Touches(e domain.Event) bool {
	switch e := e.(type) {
	case ViewCreated, ViewUpdated, ViewDeleted, ViewsOrdered, BindConfChanged, ZoneSettingsChanged, ZonesRenumbered, RecordsStaged,
		RolloutStageReached, RolloutEnded:
		return true
	case ZoneCreated:
		return e.Zone.Group.Rendered()
	case ZoneDeleted:
		return e.Zone.Group.Rendered()
	case ZoneRestored:
		return e.After.Group.Rendered()
	case ZoneUpdated:
		return e.After.Group.Rendered() && (ServedOtherwise(e.Before, e.After) || !slices.Equal(e.Before.ViewIDs, e.After.ViewIDs))
	case RecordAdded:
		return e.Record.ViewID != 0
	case RecordUpdated:
		return (e.Before.ViewID != 0 || e.After.ViewID != 0) && e.Before.Served() != e.After.Served()
	case RecordDeleted:
		return e.Record.ViewID != 0
	default:
		return false
	}
}
