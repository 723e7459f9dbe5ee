package dns

import "github.com/opsledger/opsledger/domain"

// FleetChanged is a new version of the NS set of zones without their own.
type FleetChanged struct {
	unkeyed
	Before FleetData `json:"before"`
	After  FleetData `json:"after"`
}

// ViewsOrdered says in which order views are matched. Views that it does not name
// follow in the order of their ids.
type ViewsOrdered struct {
	unkeyed
	ViewIDs []int64 `json:"view_ids"`
}

// ZonesRenumbered says that every zone's content counts as changed by this event, in
// every view. A log has it once: before it name servers numbered zones by what each
// of them had seen, and no serial of theirs may be above the one that all have now.
type ZonesRenumbered struct{ unkeyed }

// EventType implements [domain.Event].
func (FleetChanged) EventType() string    { return "FleetChanged" }
func (ViewsOrdered) EventType() string    { return "ViewsOrdered" }
func (ZonesRenumbered) EventType() string { return "ZonesRenumbered" }

// Tags implements [domain.Event].
func (FleetChanged) Tags() []domain.Tag    { return []domain.Tag{TagFleet} }
func (ViewsOrdered) Tags() []domain.Tag    { return []domain.Tag{TagViewOrder} }
func (ZonesRenumbered) Tags() []domain.Tag { return []domain.Tag{TagRenumbering} }
