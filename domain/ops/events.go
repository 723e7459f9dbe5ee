package ops

import "github.com/opsledger/opsledger/domain"

// Events describes every event type of the context.
func Events() []domain.Descriptor {
	const c = domain.ContextOps
	return []domain.Descriptor{
		domain.Describe[MachineAdded](c), domain.Describe[MachineUpdated](c), domain.Describe[MachineDeleted](c),
		domain.Describe[HostEnrolled](c), domain.Describe[HostWithdrawn](c),
		domain.Describe[TaskCreated](c), domain.Describe[TaskDeleted](c), domain.Describe[TaskRestored](c),
		domain.Describe[AttemptAccepted](c), domain.Describe[CancelRequested](c),
		domain.Describe[AttemptStarted](c), domain.Describe[AttemptProgressed](c),
		domain.Describe[AttemptFinished](c), domain.Describe[AttemptPresumed](c),
		domain.Describe[UserKeysChanged](c), domain.Describe[AccountGranted](c),
		domain.Describe[AccountRevoked](c), domain.Describe[AccountKeysSet](c),
	}
}
