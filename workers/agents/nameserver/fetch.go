package nameserver

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/bind"
)

const (
	// openTimeout bounds the making of a snapshot, which reads all zones. The first
	// request waits for openPatience only and is repeated: the process that had begun to
	// make the snapshot may have died, and otherwise both requests share one snapshot.
	openTimeout  = 60 * time.Second
	openPatience = 4 * time.Second
	// chunkTimeout and chunkTries bound the fetching of one chunk.
	chunkTimeout = 5 * time.Second
	chunkTries   = 3
	// chunksAtOnce is how many chunks are on their way at the same time.
	chunksAtOnce = 4
	// maxChunks is far above any real snapshot.
	maxChunks = 1 << 16
	// maxChunk is what the embedded bus carries in a message: a chunk counts as genuine
	// only when all are there, so that no bus may fill the memory before.
	maxChunk = 2 << 20
)

// snapshot is a state that the engine can start from, with the log that it is of and
// the position of the log's end when it was made. With resume it is the engine's own, and
// LastDNS is that of the log.
type snapshot struct {
	bind.Snapshot
	log    uuid.UUID
	head   domain.Position
	resume bool
}

// fetchSnapshot opens a snapshot and fetches it whole. It reads no chunk before it has
// all of them and has found that they are what the control plane signed: before, they may
// be anybody's, and a small one may unpack to any size.
func (f *Follower) fetchSnapshot(ctx context.Context, held *protocol.SnapshotHeld) (snapshot, error) {
	info, err := f.openSnapshot(ctx, held)
	if err != nil {
		return snapshot{}, fmt.Errorf("open a snapshot: %w", err)
	}
	if info.Resume {
		return snapshot{resume: true, log: info.Log, head: info.Head, Snapshot: bind.Snapshot{LastDNS: info.LastDNS}}, nil
	}
	chunks := make([][]byte, info.Chunks)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(chunksAtOnce)
	for i := range chunks {
		g.Go(func() (err error) {
			chunks[i], err = f.fetchChunk(gctx, info, i)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return snapshot{}, fmt.Errorf("fetch snapshot at %d: %w", info.Position, err)
	}
	if !bytes.Equal(protocol.SnapshotDigest(chunks), info.Digest) {
		return snapshot{}, fmt.Errorf("fetch snapshot at %d: its chunks: %w", info.Position, protocol.ErrNotGenuine)
	}
	s := snapshot{log: info.Log, head: info.Head, Snapshot: bind.Snapshot{
		Position: info.Position, LastDNS: info.LastDNS, Log: info.Log, LastID: info.LastID,
	}}
	s.Rows = make([]protocol.SnapshotRow, 0, max(0, min(info.Rows, 1<<20)))
	for i, chunk := range chunks {
		rows, err := decodeChunk(chunk)
		if err != nil {
			return snapshot{}, fmt.Errorf("fetch snapshot at %d: chunk %d: %w", info.Position, i, err)
		}
		s.Rows = append(s.Rows, rows...)
		chunks[i] = nil
	}
	if len(s.Rows) != info.Rows {
		return snapshot{}, fmt.Errorf("fetch snapshot at %d: it has %d rows, %d were announced", info.Position, len(s.Rows), info.Rows)
	}
	return s, nil
}

func (f *Follower) openSnapshot(ctx context.Context, held *protocol.SnapshotHeld) (protocol.SnapshotInfo, error) {
	for patience := openPatience; ; patience *= 2 {
		info, err := f.askForSnapshot(ctx, held, min(patience, openTimeout))
		if patience >= openTimeout || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return info, err
		}
	}
}

func (f *Follower) askForSnapshot(ctx context.Context, held *protocol.SnapshotHeld, patience time.Duration) (info protocol.SnapshotInfo, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	body, err := json.Marshal(protocol.SnapshotRequest{Held: held})
	if err != nil {
		return info, err
	}
	answer, err := f.asker().Ask(ctx, protocol.ForSnapshot, protocol.SubjectSnapshotOpen(f.cfg.ID), body)
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(answer, &info); err != nil {
		return info, err
	}
	switch {
	case info.Error != "":
		return info, errors.New(info.Error)
	case info.Log == uuid.Nil:
		return info, errors.New("the answer names no log")
	case info.Resume && (held == nil || info.Log != held.Log || info.LastDNS < held.LastDNS):
		return info, errors.New("the answer lets the agent go on with what it does not have")
	case info.Chunks < 0 || info.Chunks > maxChunks:
		return info, fmt.Errorf("the answer speaks of %d chunks", info.Chunks)
	}
	return info, nil
}

// fetchChunk tries more than once, so that a lost reply does not cost the whole
// snapshot.
func (f *Follower) fetchChunk(ctx context.Context, info protocol.SnapshotInfo, i int) ([]byte, error) {
	var failure error
	for range chunkTries {
		chunk, err := f.tryChunk(ctx, info, i)
		if err == nil || ctx.Err() != nil || errors.Is(err, errChunkRefused) || errors.Is(err, nats.ErrNoResponders) {
			return chunk, err
		}
		failure = err
	}
	return nil, failure
}

// errChunkRefused says that the instance does not have the snapshot any more.
var errChunkRefused = errors.New("chunk refused")

func (f *Follower) tryChunk(ctx context.Context, info protocol.SnapshotInfo, i int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, chunkTimeout)
	defer cancel()
	reply, err := f.cfg.NC.RequestWithContext(ctx, protocol.SubjectSnapshotChunk(f.cfg.ID, info.Instance, info.ID, i), nil)
	if err != nil {
		return nil, fmt.Errorf("chunk %d: %w", i, err)
	}
	if refusal := reply.Header.Get(protocol.HeaderError); refusal != "" {
		return nil, fmt.Errorf("%w: chunk %d: %s", errChunkRefused, i, refusal)
	}
	if len(reply.Data) > maxChunk {
		return nil, fmt.Errorf("%w: chunk %d has %d bytes", errChunkRefused, i, len(reply.Data))
	}
	return reply.Data, nil
}

// decodeChunk reads gzip of JSON lines.
func decodeChunk(data []byte) ([]protocol.SnapshotRow, error) {
	unzip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bufio.NewReader(unzip))
	var rows []protocol.SnapshotRow
	for {
		var row protocol.SnapshotRow
		if err := dec.Decode(&row); err != nil {
			if errors.Is(err, io.EOF) {
				return rows, nil
			}
			return nil, err
		}
		rows = append(rows, row)
	}
}
