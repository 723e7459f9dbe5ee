package nameserver

import (
	"github.com/google/uuid"

	"github.com/opsledger/opsledger/protocol"
)

// An agent that is started again goes on with the state that it has stored: the control plane says, signed for this
// question, whether its log has the event that the state ends with, and where the log ends now. The events between come
// from the stream, as any others do. Before the engine has all of them it lets named be, which may serve more than the
// stored state has.

// held is what the engine has stored, nil once it has a state, or if nothing is stored.
func (fd *feeder) held() *protocol.SnapshotHeld {
	if fd.logID != uuid.Nil || fd.spoilt {
		return nil
	}
	origin, stored := fd.follower.cfg.Engine.Stored()
	if !stored {
		return nil
	}
	fd.anchor = origin.LastDNS
	return &protocol.SnapshotHeld{Log: origin.Log, LastDNS: origin.LastDNS, LastID: origin.LastID}
}

// resume lets the engine go on from what it has stored.
func (fd *feeder) resume(s snapshot) error {
	if err := fd.follower.cfg.Engine.Resume(); err != nil {
		fd.spoilt = true // the next question is for a snapshot
		return err
	}
	fd.log.Info("goes on from the state that was stored", "position", fd.anchor, "log", s.log, "end", s.LastDNS)
	fd.logID, fd.checkpoint, fd.change, fd.resuming = s.log, fd.anchor, nil, s.LastDNS
	fd.begin()
	return nil
}

// begin lets the engine work once it has all that the log had when the agent asked.
func (fd *feeder) begin() {
	if fd.resuming == 0 || fd.checkpoint < fd.resuming {
		return
	}
	fd.resuming = 0
	fd.follower.cfg.Engine.Begin()
	log := fd.logID
	fd.follower.log.Store(&log)
}
