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
)

// inverse is what undoes events of a type.
type inverse struct {
	fate fate
	// command undoes an event.
	command func(Done) domain.Command
	// former says which event before an event has what was before it, nil for types of which an
	// event says that itself.
	former func(domain.Event) domain.Item
}

// by is the inverse of a type by one command.
func by[E domain.Event, C domain.Command](command func(E) C) inverse {
	return inverse{command: func(d Done) domain.Command { return command(d.Event.(E)) }}
}

// byPlace is by for a command that needs to know where in the log the event is.
func byPlace[E domain.Event, C domain.Command](command func(E, domain.Position) C) inverse {
	return inverse{command: func(d Done) domain.Command { return command(d.Event.(E), d.Position) }}
}

// byFormer is by for a command that needs to know the event before it of some types under a tag.
func byFormer[E domain.Event, C domain.Command](command func(E, domain.Event) C, tag func(E) domain.Tag, types ...domain.Event) inverse {
	return inverse{
		command: func(d Done) domain.Command { return command(d.Event.(E), d.FormerEvent()) },
		former:  formerOf(tag, types),
	}
}

func formerOf[E domain.Event](tag func(E) domain.Tag, types []domain.Event) func(domain.Event) domain.Item {
	var names []string
	for _, e := range types {
		names = append(names, e.EventType())
	}
	return func(e domain.Event) domain.Item { return domain.Item{Tag: tag(e.(E)), Types: names} }
}

// byRole is byFormer for a role, whose former event's place matters, too.
func byRole[E domain.Event, C domain.Command](command func(E, domain.Position, *domain.Recorded) C, id func(E) int64) inverse {
	return inverse{
		command: func(d Done) domain.Command { return command(d.Event.(E), d.Position, d.Former) },
		former:  formerOf(func(e E) domain.Tag { return access.TagRole(id(e)) }, []domain.Event{access.RoleCreated{}, access.RoleChanged{}}),
	}
}

// Former says which event is to be [Done.Former] for an event: the newest before it that has the tag
// and one of the types. Most need none.
func Former(e domain.Event) (domain.Item, bool) {
	former := inverses[e.EventType()].former
	if former == nil {
		return domain.Item{}, false
	}
	return former(e), true
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
	put(byPlace(dns.NewRestoreView), dns.ViewDeleted{})
	put(byFormer(dns.NewUndoViewsOrdered, func(dns.ViewsOrdered) domain.Tag { return dns.TagViewOrder }, dns.ViewsOrdered{}), dns.ViewsOrdered{})
	put(by(dns.NewUndoServerCreated), dns.ServerCreated{})
	put(by(dns.NewUndoServerUpdated), dns.ServerUpdated{})
	put(byPlace(dns.NewRestoreServer), dns.ServerDeleted{})
	put(by(dns.NewUndoServerSettings), dns.ServerSettingsChanged{})
	put(by(dns.NewUndoFleet), dns.FleetChanged{})
	put(by(dns.NewUndoRolloutPlan), dns.RolloutPlanned{})
	put(byFormer(dns.NewUndoBindConf, func(dns.BindConfChanged) domain.Tag { return dns.TagBindConf }, dns.BindConfChanged{}), dns.BindConfChanged{})

	put(by(access.NewUndoRoleCreated), access.RoleCreated{})
	put(byRole(access.NewUndoRoleChanged, func(e access.RoleChanged) int64 { return e.ID }), access.RoleChanged{})
	put(byRole(access.NewRestoreRole, func(e access.RoleDeleted) int64 { return e.ID }), access.RoleDeleted{})
	put(by(access.NewUndoPrivilegeCreated), access.PrivilegeCreated{})
	put(by(access.NewUndoPrivilegeChanged), access.PrivilegeChanged{})
	put(byPlace(access.NewRestorePrivilege), access.PrivilegeDeleted{})
	put(by(access.NewUndoUserRoles), access.UserRolesChanged{})
	put(by(access.NewUndoProfile), access.UserProfileChanged{})
	put(byFormer(access.NewUndoPermissions, func(e access.UserPermissionsChanged) domain.Tag { return access.TagUser(e.ID) },
		access.UserPermissionsChanged{}), access.UserPermissionsChanged{})

	put(by(ops.NewUndoMachineAdded), ops.MachineAdded{})
	put(by(ops.NewUndoMachineUpdated), ops.MachineUpdated{})
	put(byPlace(ops.NewRestoreMachine), ops.MachineDeleted{})
	put(by(ops.NewUndoTaskCreated), ops.TaskCreated{})
	put(byPlace(ops.NewRestoreTask), ops.TaskDeleted{})
	put(byPlace(ops.NewUndoTaskRestored), ops.TaskRestored{})
	put(by(ops.NewUndoAccountGranted), ops.AccountGranted{})
	put(by(ops.NewUndoAccountRevoked), ops.AccountRevoked{})

	put(inverse{fate: follows}, dns.RolloutStarted{}, dns.RolloutStopped{}, dns.ZoneImported{}, dns.RecordsStaged{}, ops.AccountKeysSet{})

	put(inverse{fate: final},
		access.UserRegistered{}, access.UserDeleted{}, access.UserPasswordChanged{}, access.UserLinked{}, ops.UserKeysChanged{},
		access.CredentialAdded{}, access.CredentialDeleted{}, access.UserLoggedIn{}, access.LoginFailed{}, access.SessionEnded{}, access.LogKeyRotated{},
		access.EnrolmentTokenAdded{}, access.EnrolmentTokenEnded{},
		access.WebhookAdded{}, access.WebhookChanged{}, access.WebhookRotated{}, access.WebhookDeleted{},
		dns.ServerEnrolled{}, dns.ServerProved{}, dns.ServerWithdrawn{}, dns.ZonesRenumbered{}, dns.ImportBegun{}, dns.ImportVoided{}, dns.DriftFound{},
		dns.RolloutStageReached{}, dns.RolloutEnded{},
		ops.HostEnrolled{}, ops.HostWithdrawn{}, ops.AttemptAccepted{}, ops.CancelRequested{}, ops.AttemptStarted{},
		ops.AttemptProgressed{}, ops.AttemptFinished{}, ops.AttemptPresumed{})
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
// asked for stays, and one that a zone has kept as it was moved follows from that. So do secrets of a
// BIND configuration.
func fateOf(d Done, moved map[zoneIn]bool) fate {
	if conf, is := d.Event.(dns.BindConfChanged); is && dns.NewUndoBindConf(conf, d.FormerEvent()).Final() {
		return final
	}
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
