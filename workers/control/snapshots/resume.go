package snapshots

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// resumeWithin is how far an agent's state may be behind the log: from there on a snapshot costs less than the events.
const resumeWithin = 200_000

// prepareFor lets an agent go on with the state that it has stored, or else prepares a snapshot.
func (s *Service) prepareFor(ctx context.Context, body []byte) (protocol.SnapshotInfo, error) {
	var asked protocol.SnapshotRequest
	if len(body) > 0 {
		if err := json.Unmarshal(body, &asked); err != nil {
			return protocol.SnapshotInfo{}, fmt.Errorf("not a request for a snapshot: %w", err)
		}
	}
	if asked.Held != nil {
		if info, err := s.resume(ctx, *asked.Held); err != nil || info.Resume {
			return info, err
		}
	}
	return s.prepare(ctx)
}

// resume says whether the log has the event that the agent's state ends with. If so the log up to there is that of the
// state: ids are not used again, and a log that was set back to an earlier place goes on with others.
func (s *Service) resume(ctx context.Context, held protocol.SnapshotHeld) (info protocol.SnapshotInfo, err error) {
	if held.Log != s.cfg.Store.LogID() {
		return info, nil
	}
	head, err := s.cfg.Store.Head(ctx)
	if err != nil {
		return info, err
	}
	last := head.Last[domain.ContextDNS]
	if held.LastDNS > last || last-held.LastDNS > resumeWithin {
		return info, nil
	}
	id, err := s.cfg.Store.IDAt(ctx, held.LastDNS)
	if err != nil || id != held.LastID || id == uuid.Nil {
		return info, err
	}
	return protocol.SnapshotInfo{Log: held.Log, Resume: true, Position: last, LastDNS: last, Head: head.Position}, nil
}
