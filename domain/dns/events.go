package dns

import "github.com/opsledger/opsledger/domain"

// Events describes every event type of the context.
func Events() []domain.Descriptor {
	const c = domain.ContextDNS
	return []domain.Descriptor{
		domain.Describe[ServerCreated](c), domain.Describe[ServerUpdated](c), domain.Describe[ServerDeleted](c),
		domain.Describe[ServerEnrolled](c), domain.Describe[ServerProved](c), domain.Describe[ServerWithdrawn](c),
		domain.Describe[ViewCreated](c), domain.Describe[ViewUpdated](c), domain.Describe[ViewDeleted](c),
		domain.Describe[ZoneCreated](c), domain.Describe[ZoneUpdated](c), domain.Describe[ZoneDeleted](c), domain.Describe[ZoneRestored](c, liftPTR),
		domain.Describe[RecordAdded](c, liftRecord), domain.Describe[RecordUpdated](c, liftRecord),
		domain.Describe[RecordDeleted](c, liftRecord),
		domain.Describe[BindConfChanged](c),
		domain.Describe[ZoneSettingsChanged](c, liftSettings, liftPTR), domain.Describe[FleetChanged](c), domain.Describe[ViewsOrdered](c),
		domain.Describe[ZonesRenumbered](c),
		domain.Describe[ServerSettingsChanged](c), domain.Describe[DriftFound](c),
		domain.Describe[RolloutPlanned](c), domain.Describe[RolloutStarted](c), domain.Describe[RolloutStageReached](c),
		domain.Describe[RolloutEnded](c), domain.Describe[RolloutStopped](c),
		domain.Describe[ImportBegun](c), domain.Describe[RecordsStaged](c), domain.Describe[ZoneImported](c), domain.Describe[ImportVoided](c),
	}
}

// unkeyed is embedded by events that concern no single zone.
type unkeyed struct{}

// SubjectKey implements [domain.Event].
func (unkeyed) SubjectKey() int64 { return 0 }
