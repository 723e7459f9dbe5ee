package zoneimport

import (
	"context"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Plan is what a staged import does, once it was decided on.
type Plan struct {
	Parts    *Parts
	Counts   dns.ImportCounts
	Settings *dns.ChangeZoneSettings
	// Written is the position of the last event that changed what the plan was made from: the
	// zone's records in the view, or the zone.
	Written domain.Position
}

// Job is a staged import that has begun.
type Job struct {
	ID             domain.Position
	ZoneID, ViewID int64
	// Actor and Credential are who asked for it, and Door how; each part is decided for them.
	Actor      domain.UserID
	Credential domain.CredentialID
	Door       domain.Door
	Plan       Plan
	// Again makes the plan anew, where the zone was changed between the plan and the begin. What
	// it returns is an error of the commands, as those of the first plan were, or may be tried again.
	Again func(context.Context) (Plan, error)
	// Say words an error for who asked for the import.
	Say func(*domain.Error) string
	// Done is called once the import has ended, or is not carried out any more.
	Done func()
}
