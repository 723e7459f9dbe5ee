package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// ZoneRestored says that links of a zone that had ended are open again, and with them all records
// that had ended with them, whatever their number. A zone that was deleted is there again, with
// its id, its privileges and its creator.
type ZoneRestored struct {
	ID int64 `json:"id"`
	// Before is what the zone was before the event, nil for one that was deleted.
	Before *ZoneData `json:"before,omitempty"`
	After  ZoneData  `json:"after"`
	// Privilege, Created and Creator are the zone's from its creation on.
	Privilege int64           `json:"privilege"`
	Created   domain.Position `json:"created"`
	Creator   domain.UserID   `json:"creator"`
	// Links are those that are open again. Views of After that had no link, and are not among
	// them, are linked anew.
	Links []RestoredLink `json:"links,omitempty"`
	// Settings are those of a zone that was deleted.
	Settings ZoneSettings `json:"settings"`
}

// RestoredLink is a link that is open again. Its records are those that it had when it ended.
type RestoredLink struct {
	// View is 0 for the link of an external zone.
	View int64 `json:"view_id"`
	// Since and Until are the positions at which it had begun and had ended.
	Since domain.Position `json:"since"`
	Until domain.Position `json:"until"`
}

// EventType implements [domain.Event].
func (ZoneRestored) EventType() string { return "ZoneRestored" }

// Needs implements [domain.Plain].
func (e ZoneRestored) Needs() int {
	if e.Settings.PTR == nil {
		return 1
	}
	return 2
}

// SubjectKey implements [domain.Event].
func (e ZoneRestored) SubjectKey() int64 { return e.ID }

// Tags implements [domain.Event].
func (e ZoneRestored) Tags() []domain.Tag {
	if e.Before != nil {
		return zoneTags(e.ID, *e.Before, e.After)
	}
	return append(zoneTags(e.ID, e.After), access.TagPrivilege(e.Privilege))
}
