package sessions

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// lateAfter is how long a question may have been on its way. A process that was replaced
// and asks later than that lives.
const lateAfter = 3 * time.Second

// Process is a process of an agent that asked lately.
type Process struct {
	Boot, Instance uuid.UUID
	// Enrolment is the position of the enrolment that the process asked under.
	Enrolment domain.Position
	Host      string
	Address   string
	// Started is by the agent's clock, Seen by the database's.
	Started, Seen time.Time
	// Holds: it has the session.
	Holds bool
	// Replaced is when a process of the same instance took its place, zero for never.
	Replaced time.Time
}

// decide gives the session to the process that asks, or leaves it where it is. It returns
// the rows that change; the first is that of the process that asks.
//
// Invariants:
//  1. At most one process has the session.
//  2. While a process that has the session goes on asking, no process of another instance
//     gets it: the younger waits.
//  3. A process that is started again, which shows by the instance, has the session at
//     once. If the one before lives on nevertheless, the two were copies, and the older
//     one has it back.
//  4. A session ends with the enrolment, with the process that says that it ends, and a
//     lease after its last question; the latter only if questions could be heard for
//     that long.
func decide(all []Process, asks Process, now time.Time, hears time.Duration) (granted bool, changed []Process) {
	asks.Seen = now
	var holder *Process
	for i := range all {
		p := &all[i]
		switch {
		case p.Boot == asks.Boot:
			asks.Holds, asks.Replaced = p.Holds, p.Replaced
		case p.Holds && p.Enrolment == asks.Enrolment:
			holder = p
		}
	}
	if asks.Holds {
		return true, []Process{asks}
	}
	again, elder := false, false
	if holder != nil && holder.Instance == asks.Instance {
		again = asks.Replaced.IsZero() && holder.Replaced.IsZero()
		elder = !asks.Replaced.IsZero() && now.Sub(asks.Replaced) > lateAfter
	}
	if again {
		holder.Replaced = now
	}
	gone := holder == nil || now.Sub(holder.Seen) >= protocol.SessionLease && hears >= protocol.SessionLease
	if !gone && !again && !elder {
		return false, []Process{asks}
	}
	asks.Holds = true
	changed = []Process{asks}
	for _, p := range all {
		if p.Holds && p.Boot != asks.Boot {
			p.Holds = false
			changed = append(changed, p)
		}
	}
	return true, changed
}
