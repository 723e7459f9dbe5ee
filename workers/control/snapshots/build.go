package snapshots

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// chunkTarget is the compressed size at which a chunk is closed. The compressor's
	// buffer makes the chunk larger then, but not above chunkMost, unless a single row
	// is.
	chunkTarget = 160 << 10
	// chunkMost is the compressed size, in bytes, that a chunk may have.
	chunkMost = 256 << 10
	// largeRow is the size from which on a row gets a chunk of its own.
	largeRow = 64 << 10
)

// build reads a snapshot from the read model.
func (s *Service) build(ctx context.Context) (*snapshot, error) {
	began := time.Now()
	w := &writer{}
	if err := s.cfg.Reader.Snapshot(ctx, w); err != nil {
		return nil, err
	}
	if err := w.closeChunk(); err != nil {
		return nil, err
	}
	if err := s.atChangeEnd(ctx, w.position); err != nil {
		return nil, err
	}
	lastID, err := s.cfg.Store.IDAt(ctx, w.lastDNS)
	if err != nil {
		return nil, err
	}
	made := &snapshot{
		id: nuid.Next(), position: w.position, lastDNS: w.lastDNS, lastID: lastID, chunks: w.chunks, rows: w.rows, digest: protocol.SnapshotDigest(w.chunks),
	}
	s.metrics.built(time.Since(began), made)
	s.cfg.Log.Debug("snapshots: built", "position", made.position, "rows", made.rows, "chunks", len(made.chunks), "took", time.Since(began))
	return made, nil
}

// atChangeEnd returns an error for a position inside a change. The read model comes to none,
// unless a process of an earlier version, which does not know of changes, leads it.
func (s *Service) atChangeEnd(ctx context.Context, position domain.Position) error {
	if position == 0 {
		return nil
	}
	events, err := s.cfg.Store.Read(ctx, position-1, 1)
	if err == nil && len(events) > 0 && events[0].Position == position && events[0].More > 0 {
		err = fmt.Errorf("the read model is at %d, inside the change that ends at %d", position, events[0].ChangeEnd())
	}
	return err
}

// writer is the [dnsmodel.Visitor] that writes rows into chunks.
type writer struct {
	position, lastDNS domain.Position
	chunks            [][]byte
	rows              int

	open bytes.Buffer
	zip  *gzip.Writer
}

// Begin implements [dnsmodel.Visitor].
func (w *writer) Begin(position, lastDNS domain.Position) error {
	w.position, w.lastDNS = position, lastDNS
	return nil
}

// Server implements [dnsmodel.Visitor].
func (w *writer) Server(s dnsmodel.Server) error {
	return w.write(protocol.SnapshotRow{Server: &protocol.SnapshotServer{ID: s.ID, Server: s.ServerData, Changed: s.Changed, Enrolled: s.Enrolled, Serves: s.Serves}})
}

// ServerSettings implements [dnsmodel.Visitor].
func (w *writer) ServerSettings(s dnsmodel.ServerSettings) error {
	return w.write(protocol.SnapshotRow{ServerSettings: &protocol.SnapshotServerSettings{ID: s.ServerID, Settings: s.ServerSettings}})
}

// Fleet implements [dnsmodel.Visitor].
func (w *writer) Fleet(f dnsmodel.Fleet) error {
	return w.write(protocol.SnapshotRow{Fleet: &protocol.SnapshotFleet{Fleet: f.FleetData, Changes: f.Moved}})
}

// Order implements [dnsmodel.Visitor].
func (w *writer) Order(o dnsmodel.ViewOrder) error {
	return w.write(protocol.SnapshotRow{Order: &protocol.SnapshotOrder{ViewIDs: o.IDs}})
}

// Base implements [dnsmodel.Visitor].
func (w *writer) Base(of dns.SerialName, base dns.SerialBase) error {
	return w.write(protocol.SnapshotRow{Base: &protocol.SnapshotBase{Zone: of.Zone, View: of.View, Base: base}})
}

// View implements [dnsmodel.Visitor].
func (w *writer) View(v dnsmodel.View) error {
	return w.write(protocol.SnapshotRow{View: &protocol.SnapshotView{ID: v.ID, View: v.ViewData, Changed: v.Changed}})
}

// BindConf implements [dnsmodel.Visitor].
func (w *writer) BindConf(c dnsmodel.BindConf) error {
	return w.write(protocol.SnapshotRow{BindConf: &protocol.SnapshotBindConf{
		Conf: dns.BindConfChanged{Text: c.Text, Secrets: c.Secrets}, Changed: c.Changed,
	}})
}

// Rollout implements [dnsmodel.Visitor].
func (w *writer) Rollout(r dnsmodel.Rollout) error {
	return w.write(protocol.SnapshotRow{Rollout: &protocol.SnapshotRollout{ID: r.ID, Stages: r.Stages, Reached: r.Stage(), Former: r.Former}})
}

// Zone implements [dnsmodel.Visitor].
func (w *writer) Zone(z dnsmodel.Zone, settings dns.ZoneSettings, changed map[int64]domain.Position) error {
	return w.write(protocol.SnapshotRow{Zone: &protocol.SnapshotZone{ID: z.ID, Zone: z.ZoneData, Changed: changed, Settings: settings}})
}

// Record implements [dnsmodel.Visitor].
func (w *writer) Record(r dnsmodel.Record) error {
	return w.write(protocol.SnapshotRow{Record: &protocol.SnapshotRecord{ID: r.ID, ZoneID: r.ZoneID, Record: r.RecordData}})
}

func (w *writer) write(row protocol.SnapshotRow) error {
	line, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("encode a row: %w", err)
	}
	if len(line) >= largeRow || w.open.Len() >= chunkTarget {
		if err := w.closeChunk(); err != nil {
			return err
		}
	}
	if w.zip == nil {
		// Fast compression: the reader's transaction is open meanwhile.
		if w.zip, err = gzip.NewWriterLevel(&w.open, gzip.BestSpeed); err != nil {
			return err
		}
	}
	w.rows++
	_, err = w.zip.Write(append(line, '\n'))
	return err
}

// closeChunk ends the chunk that is being written, if there is one.
func (w *writer) closeChunk() error {
	if w.zip == nil {
		return nil
	}
	if err := w.zip.Close(); err != nil {
		return err
	}
	w.chunks = append(w.chunks, bytes.Clone(w.open.Bytes()))
	w.open.Reset()
	w.zip = nil
	return nil
}
