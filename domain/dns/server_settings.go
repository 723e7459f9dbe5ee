package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// ChangeServerSettings says what becomes of drift on a server. It is for admin.
type ChangeServerSettings struct {
	id      int64
	onDrift *DriftMode
	ifMatch *domain.Position
}

// NewChangeServerSettings checks the form of a change; what is nil stays. If-Match is the position
// of the settings' last change, 0 before the first.
func NewChangeServerSettings(id int64, onDrift *string, ifMatch *domain.Position) (ChangeServerSettings, error) {
	c := ChangeServerSettings{id: id, ifMatch: ifMatch}
	if onDrift == nil {
		return c, checkID("Server", id)
	}
	mode := DriftMode(*onDrift)
	switch mode {
	case DriftRepair, DriftAdopt, DriftReport:
	default:
		return c, domain.Invalid("on_drift", "must be one of %s, %s, %s", string(DriftRepair), string(DriftAdopt), string(DriftReport))
	}
	c.onDrift = &mode
	return c, checkID("Server", id)
}

// Decide implements [domain.Command].
func (c ChangeServerSettings) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, server, current := access.NewActor(env.Actor), newServerFold(c.id), newServerSettingsFold(c.id)
	if err := h.Load(actor, server, current); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.Administer()); err != nil {
		return nil, err
	}
	if !server.exists {
		return nil, notFound("Server", c.id)
	}
	if err := domain.CheckVersion(c.ifMatch, current.changed); err != nil {
		return nil, err
	}
	after := current.data
	if c.onDrift != nil {
		after.OnDrift = *c.onDrift
	}
	return current.become(after), nil
}

// UndoServerSettings brings a server's settings back to what they were before an event.
//
// Invariants:
//  1. It needs the right of the same change made by hand.
//  2. It holds only while the settings are as the event left them.
type UndoServerSettings struct{ event ServerSettingsChanged }

// NewUndoServerSettings returns the command for an event.
func NewUndoServerSettings(e ServerSettingsChanged) UndoServerSettings {
	return UndoServerSettings{event: e}
}

// Decide implements [domain.Command].
func (c UndoServerSettings) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, server, current := access.NewActor(env.Actor), newServerFold(c.event.ID), newServerSettingsFold(c.event.ID)
	if err := h.Load(actor, server, current); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.Administer()); err != nil {
		return nil, err
	}
	switch {
	case !server.exists:
		return nil, domain.Changed(server.changed, "server %d is gone", c.event.ID)
	case current.data != c.event.After:
		return nil, domain.Changed(current.changed, "the settings of server %d were changed since", c.event.ID)
	}
	return current.become(c.event.Before), nil
}

// serverSettingsFold are the settings of a server's id.
type serverSettingsFold struct {
	id int64
	serverSettingsState
}

type serverSettingsState struct {
	data    ServerSettings
	changed domain.Position
}

func newServerSettingsFold(id int64) *serverSettingsFold {
	return &serverSettingsFold{id, serverSettingsState{data: DefaultServerSettings()}}
}

// become returns the event by which the settings are others, none if they are so.
func (f *serverSettingsFold) become(after ServerSettings) []domain.Event {
	if after == f.data {
		return nil
	}
	return []domain.Event{ServerSettingsChanged{ID: f.id, Before: f.data, After: after}}
}

// Item implements [domain.Fold].
func (f *serverSettingsFold) Item() domain.Item {
	return domain.Item{Tag: TagServer(f.id), Types: []string{ServerSettingsChanged{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *serverSettingsFold) Apply(r domain.Recorded) {
	if e, ok := r.Event.(ServerSettingsChanged); ok {
		f.data, f.changed = e.After, r.Position
	}
}

// Snapshot implements [domain.Fold].
func (f *serverSettingsFold) Snapshot() any { return f.serverSettingsState }

// Restore implements [domain.Fold].
func (f *serverSettingsFold) Restore(s any) { f.serverSettingsState = s.(serverSettingsState) }
