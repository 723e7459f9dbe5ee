package system

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
)

const (
	racers = 8
	// raceWidth rounds run at a time, under names of their own.
	raceWidth = 25
)

// race is one invariant and those who try to break it. Each round has names of
// its own; prepare returns the racers' commands, all of which are decided at the
// same moment, on what it put into the scene.
type race struct {
	invariant string
	prepare   func(*scene) []domain.Command
	// settled checks what all racers of the round appended, in order of position;
	// nil means that exactly one may append.
	settled func([]domain.Recorded) error
}

// Of eight racers in two processes exactly one wins, for every invariant, while
// an unrelated write transaction stays open. (A condition that looks away from
// what is newer than the oldest open transaction has two winners nearly every
// time, and so has a check that is not under the lock of the append.)
func TestRacersBreakNoInvariant(t *testing.T) {
	t.Parallel()
	for _, r := range []race{
		{"one zone of a name", racingZoneNames, nil},
		{"one view of a name", racingViewNames, nil},
		{"one server of a host or address", racingServers, nil},
		{"a CNAME is alone", racingAliases, nil},
		{"no record twice", racingDuplicates, nil},
		{"no record under a deleted zone", racingDeletedZone, nothingAfter("ZoneDeleted", "RecordAdded")},
		{"no record under an unlinked view", racingUnlinkedView, nothingAfter("ZoneUpdated", "RecordAdded")},
		{"no record in a forward-only zone", racingForwardOnly, nil},
		{"no zone in a deleted view", racingDeletedView, nothingAfter("ViewDeleted", "ZoneCreated")},
		{"one user of a name", racingUsernames, nil},
		{"one user of a mail address", racingMails, nil},
	} {
		t.Run(r.invariant, func(t *testing.T) {
			t.Parallel()
			newArena(t).run(r)
		})
	}
}
