package revert

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
)

// fate is what can become of an event.
type fate int

const (
	// undone: there is an inverse.
	undone fate = iota
	// final: there is none, and never will be.
	final
	// follows: the event has no effect of its own; what it follows from is undone.
	follows
	// unsupported: an inverse could be, and is not made yet.
	unsupported
)

// inverse is what undoes events of a type.
type inverse struct {
	fate fate
	// command undoes an event.
	command func(Done) domain.Command
}

// by is the inverse of a type by one command.
func by[E domain.Event, C domain.Command](command func(E) C) inverse {
	return inverse{command: func(d Done) domain.Command { return command(d.Event.(E)) }}
}

// byPlace is by for a command that needs to know where in the log the event is.
func byPlace[E domain.Event, C domain.Command](command func(E, domain.Position) C) inverse {
	return inverse{command: func(d Done) domain.Command { return command(d.Event.(E), d.Position) }}
}

// inverses has an entry for each type of event.
var inverses = func() map[string]inverse {
	all := map[string]inverse{}
	put := func(i inverse, events ...domain.Event) {
		for _, e := range events {
			all[e.EventType()] = i
		}
	}
	put(by(dns.NewUndoRecord), dns.RecordAdded{}, dns.RecordUpdated{}, dns.RecordDeleted{})
	put(by(dns.NewUndoZoneCreated), dns.ZoneCreated{})
	put(byPlace(dns.NewUndoZoneUpdated), dns.ZoneUpdated{})
	put(byPlace(dns.NewRestoreZone), dns.ZoneDeleted{})
	put(byPlace(dns.NewUndoZoneRestored), dns.ZoneRestored{})
	put(by(dns.NewUndoZoneSettings), dns.ZoneSettingsChanged{})

	put(by(dns.NewUndoViewCreated), dns.ViewCreated{})
	put(by(dns.NewUndoViewUpdated), dns.ViewUpdated{})
	put(by(dns.NewUndoServerCreated), dns.ServerCreated{})
	put(by(dns.NewUndoServerUpdated), dns.ServerUpdated{})
	put(by(dns.NewUndoFleet), dns.FleetChanged{})

	put(by(access.NewUndoRoleCreated), access.RoleCreated{})
	put(by(access.NewUndoPrivilegeCreated), access.PrivilegeCreated{})
	put(by(access.NewUndoPrivilegeChanged), access.PrivilegeChanged{})
	put(by(access.NewUndoUserRoles), access.UserRolesChanged{})

	put(by(ops.NewUndoMachineAdded), ops.MachineAdded{})
	put(by(ops.NewUndoMachineUpdated), ops.MachineUpdated{})

	put(inverse{fate: follows}, dns.ZoneImported{}, dns.RecordsStaged{}, ops.AccountKeysSet{})

	put(inverse{fate: final},
		access.UserRegistered{}, access.UserDeleted{}, access.UserPasswordChanged{}, access.UserLinked{},
		access.CredentialAdded{}, access.CredentialDeleted{}, access.UserLoggedIn{}, access.LoginFailed{}, access.LogKeyRotated{},
		access.WebhookAdded{}, access.WebhookChanged{}, access.WebhookRotated{}, access.WebhookDeleted{},
		dns.ServerEnrolled{}, dns.ServerWithdrawn{}, dns.ZonesRenumbered{}, dns.ImportBegun{}, dns.ImportVoided{},
		ops.HostEnrolled{}, ops.HostWithdrawn{}, ops.AttemptAccepted{}, ops.CancelRequested{}, ops.AttemptStarted{},
		ops.AttemptProgressed{}, ops.AttemptFinished{}, ops.AttemptPresumed{})

	put(inverse{fate: unsupported},
		dns.ServerDeleted{}, dns.ViewDeleted{},
		dns.BindConfChanged{}, dns.ViewsOrdered{},
		access.RoleChanged{}, access.RoleDeleted{}, access.PrivilegeDeleted{},
		access.UserPermissionsChanged{}, access.UserProfileChanged{},
		ops.MachineDeleted{}, ops.TaskCreated{}, ops.TaskDeleted{},
		ops.UserKeysChanged{}, ops.AccountGranted{}, ops.AccountRevoked{})
	return all
}()

// zoneIn names a zone in a change.
type zoneIn struct{ change, zone int64 }

// movedIn are the zones that changes name otherwise, or link to other views.
func movedIn(done []Done) map[zoneIn]bool {
	moved := map[zoneIn]bool{}
	for _, d := range done {
		switch e := d.Event.(type) {
		case dns.ZoneUpdated:
			moved[zoneIn{int64(d.End()), e.ID}] = true
		case dns.ZoneRestored:
			moved[zoneIn{int64(d.End()), e.ID}] = true
		}
	}
	return moved
}

// fateOf is the fate of an event, which the rest of its change decides with it: a serial that was
// asked for stays, and one that a zone has kept as it was moved follows from that.
func fateOf(d Done, moved map[zoneIn]bool) fate {
	settings, is := d.Event.(dns.ZoneSettingsChanged)
	switch {
	case !is || !settings.Before.Reverts(settings.After):
		return inverses[d.Event.EventType()].fate
	case moved[zoneIn{int64(d.End()), settings.ID}]:
		return follows
	default:
		return final
	}
}
