package snapshots

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// catchUpTimeout is how long a request waits for the read model to reach the log's
	// end. After that the snapshot is of an earlier position: the agent gets the later
	// events over the bus.
	catchUpTimeout = 3 * time.Second
	// buildTimeout bounds the reading of all zones.
	buildTimeout = 50 * time.Second
)

// open answers a request for a snapshot.
func (s *Service) open(ctx context.Context, agent int64, m *nats.Msg) error {
	info, err := s.prepareFor(ctx, m.Data)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		s.cfg.Log.Warn("snapshots: cannot make one", "agent", agent, "error", err)
		info = protocol.SnapshotInfo{Log: s.cfg.Store.LogID(), Error: "the control plane cannot make a snapshot now"}
	}
	payload, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return s.cfg.Signer.Respond(ctx, agent, protocol.ForSnapshot, m, payload)
}

// prepare returns a snapshot with all changes that were in the log when it was called,
// unless the read model lags.
func (s *Service) prepare(ctx context.Context) (protocol.SnapshotInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	head, err := s.cfg.Store.Head(ctx)
	if err != nil {
		return protocol.SnapshotInfo{}, err
	}
	last := head.Last[domain.ContextDNS]
	if err := s.catchUp(ctx, last); err != nil {
		return protocol.SnapshotInfo{}, err
	}
	found, err := s.cache.get(ctx, last, s.build)
	if err != nil {
		return protocol.SnapshotInfo{}, fmt.Errorf("build a snapshot: %w", err)
	}
	return protocol.SnapshotInfo{
		Log: s.cfg.Store.LogID(), Position: found.position, LastDNS: found.lastDNS, LastID: found.lastID,
		Head: max(head.Position, found.position), Instance: s.instance, ID: found.id,
		Chunks: len(found.chunks), Digest: found.digest, Rows: found.rows,
	}, nil
}

// catchUp waits for the read model, at most catchUpTimeout.
func (s *Service) catchUp(ctx context.Context, position domain.Position) error {
	waiting, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	err := s.cfg.Progress.Wait(waiting, domain.ContextDNS, position)
	if err != nil && ctx.Err() == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, projections.ErrPoisoned)) {
		s.cfg.Log.Warn("snapshots: the read model is behind the log", "wanted", position, "error", err)
		return nil
	}
	return err
}

// chunk answers a request for one chunk of a snapshot of this instance.
func (s *Service) chunk(_ int64, m *nats.Msg) error {
	parts := strings.Split(m.Subject, ".")
	number, err := strconv.Atoi(parts[len(parts)-1])
	if err != nil {
		return refuse(m, "no such chunk")
	}
	data, ok := s.cache.chunk(parts[len(parts)-2], number)
	if !ok {
		return refuse(m, "the snapshot is gone")
	}
	return m.Respond(data)
}

func refuse(m *nats.Msg, reason string) error {
	reply := nats.NewMsg(m.Reply)
	reply.Header.Set(protocol.HeaderError, reason)
	return m.RespondMsg(reply)
}
