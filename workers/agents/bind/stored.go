package bind

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// The stored state is what an engine leaves for the next one in its directory: the desired state at a position of the
// log, and of each zone in view the serial under which named was proved to hold it.
//
// Invariants:
//  1. It is whole or it is not there: the file is replaced at once, and its checksum covers all of it.
//  2. Only the same program reads it: what the state is made of may differ between programs, without a sign.
//  3. It says of which event it is. Whoever takes it makes sure that its log has that event.
//
// The file is storedMagic; the program's id, the origin, named's start and the rows of a snapshot without records, as a
// text of JSON lines behind its length; the records of each zone in view; and a checksum (CRC-32C) of all before. Numbers
// are varints and texts stand behind their length, so that taking 500,000 records costs a part of a second.

const storedMagic = "opsledger desired state 1\n"

// Origin says of which log a state is, and of which place in it.
type Origin struct {
	Log uuid.UUID `json:"log"`
	// LastDNS is the position of the last dns event that the state has, and LastID that event's id.
	LastDNS domain.Position `json:"last_dns"`
	LastID  uuid.UUID       `json:"last_id"`
}

// known says whether a log can be asked whether it has the event.
func (o Origin) known() bool { return o.Log != uuid.Nil && o.LastID != uuid.Nil && o.LastDNS > 0 }

// storedHead is the first line of the stored state.
type storedHead struct {
	Program string `json:"program"`
	Origin  Origin `json:"origin"`
	// Boot is the start of named by which the proofs hold.
	Boot string `json:"boot"`
}

// zoneProof is what a zone in view was proved to be.
type zoneProof struct {
	serial   uint32
	verified time.Time
}

// storedZone are the records of a zone in view, and its proof, nil if it was not proved.
type storedZone struct {
	key    zoneKey
	zoneID int64
	sets   map[setKey][]logRecord
	proof  *zoneProof
}

// stored is a stored state in memory.
type stored struct {
	storedHead
	rows  []protocol.SnapshotRow
	zones []storedZone
}

// cut is the state as of now. It shares with the state what never changes.
func (s *desiredState) cut() *stored {
	c := &stored{storedHead: storedHead{Origin: s.origin}, rows: s.rows()}
	for key, z := range s.inView {
		if z.want == nil || z.want.forwards() {
			continue
		}
		of := storedZone{key: key, zoneID: z.want.zoneID, sets: maps.Clone(z.want.sets)}
		if z.proved() && z.unapplied() == 0 && z.failure == nil && !z.working && z.awaited == nil {
			of.proof = &zoneProof{serial: z.soa.Serial, verified: z.verified}
		}
		c.zones = append(c.zones, of)
	}
	return c
}

// rows are those of a snapshot, without records.
func (s *desiredState) rows() (rows []protocol.SnapshotRow) {
	for id, server := range s.servers {
		rows = append(rows, protocol.SnapshotRow{Server: &protocol.SnapshotServer{ID: id, Server: server.ServerData, Enrolled: server.Enrolled, Serves: server.Serves}})
	}
	rows = append(rows, protocol.SnapshotRow{Fleet: &protocol.SnapshotFleet{Fleet: s.fleet, Changes: s.changes}})
	if s.onDrift != dns.DriftRepair {
		own := dns.ServerSettings{OnDrift: s.onDrift}
		rows = append(rows, protocol.SnapshotRow{ServerSettings: &protocol.SnapshotServerSettings{ID: s.self, Settings: own}})
	}
	if s.order != nil {
		rows = append(rows, protocol.SnapshotRow{Order: &protocol.SnapshotOrder{ViewIDs: s.order}})
	}
	for of, base := range s.bases {
		rows = append(rows, protocol.SnapshotRow{Base: &protocol.SnapshotBase{Zone: of.Zone, View: of.View, Base: base}})
	}
	for id, view := range s.views {
		rows = append(rows, protocol.SnapshotRow{View: &protocol.SnapshotView{ID: id, View: view}})
	}
	rows = append(rows, protocol.SnapshotRow{BindConf: &protocol.SnapshotBindConf{Conf: s.conf}})
	if r := s.rollout; r != nil {
		rows = append(rows, protocol.SnapshotRow{Rollout: &protocol.SnapshotRollout{ID: r.id, Stages: r.stages, Reached: r.reached, Former: r.former}})
	}
	for id, zone := range s.zones {
		changed := make(map[int64]domain.Position, len(zone.copies))
		for view, c := range zone.copies {
			changed[view] = c.changed
		}
		rows = append(rows, protocol.SnapshotRow{Zone: &protocol.SnapshotZone{ID: id, Zone: zone.data, Changed: changed, Settings: zone.settings}})
	}
	return rows
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode writes the state as the file has it.
func (c *stored) encode() ([]byte, error) {
	var head bytes.Buffer
	lines := json.NewEncoder(&head)
	if err := lines.Encode(c.storedHead); err != nil {
		return nil, err
	}
	for _, row := range c.rows {
		if err := lines.Encode(row); err != nil {
			return nil, err
		}
	}
	out := append([]byte(storedMagic), binary.AppendUvarint(nil, uint64(head.Len()))...)
	out = append(out, head.Bytes()...)
	out = binary.AppendUvarint(out, uint64(len(c.zones)))
	for _, z := range c.zones {
		out = z.append(out)
	}
	return binary.BigEndian.AppendUint32(out, crc32.Checksum(out, castagnoli)), nil
}

func appendText(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

func (z *storedZone) append(out []byte) []byte {
	out = binary.AppendUvarint(appendText(out, z.key.zone), uint64(z.key.view))
	out = binary.AppendUvarint(out, uint64(z.zoneID))
	if z.proof == nil {
		out = append(out, 0)
	} else {
		out = binary.AppendUvarint(binary.AppendUvarint(append(out, 1), uint64(z.proof.serial)), uint64(max(0, z.proof.verified.Unix())))
	}
	total := 0
	for _, records := range z.sets {
		total += len(records)
	}
	out = binary.AppendUvarint(binary.AppendUvarint(out, uint64(len(z.sets))), uint64(total))
	for key, records := range z.sets {
		if records[0].kept { // a PTR that follows from others, which stands alone
			records = nil
		}
		out = binary.AppendUvarint(appendText(out, key.owner), uint64(key.rrtype))
		out = binary.AppendUvarint(out, uint64(len(records)))
		for _, r := range records {
			out = r.append(out)
		}
	}
	return out
}

func (r *logRecord) append(out []byte) []byte {
	literal := byte(0)
	if r.literal {
		literal = 1
	}
	out = binary.AppendUvarint(binary.AppendUvarint(append(out, literal), uint64(r.id)), uint64(r.ttl))
	return appendText(appendText(out, r.value), r.rdata)
}

var (
	errNothingStored = errors.New("nothing is stored")
	errStoredCorrupt = errors.New("the stored state is not whole")
	errOtherProgram  = errors.New("the stored state is another program's")
)

// readStored reads the file, if it is the program's.
func readStored(path, program string) (*stored, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errNothingStored
	}
	if err != nil {
		return nil, err
	}
	body, whole := bytes.CutPrefix(data[:max(0, len(data)-crc32.Size)], []byte(storedMagic))
	if !whole || crc32.Checksum(data[:len(data)-crc32.Size], castagnoli) != binary.BigEndian.Uint32(data[len(data)-crc32.Size:]) {
		return nil, errStoredCorrupt
	}
	r := &storedReader{rest: string(body)}
	c := &stored{}
	if err := c.readHead(r.text(), program); err != nil {
		return nil, err
	}
	c.zones = make([]storedZone, 0, r.count())
	for range cap(c.zones) {
		c.zones = append(c.zones, r.zone())
	}
	if r.short || r.rest != "" {
		return nil, errStoredCorrupt
	}
	return c, nil
}

func (c *stored) readHead(text, program string) error {
	lines := json.NewDecoder(bufio.NewReader(bytes.NewReader([]byte(text))))
	if err := lines.Decode(&c.storedHead); err != nil {
		return fmt.Errorf("%w: %w", errStoredCorrupt, err)
	}
	if c.Program != program || program == "" {
		return errOtherProgram
	}
	for lines.More() {
		var row protocol.SnapshotRow
		if err := lines.Decode(&row); err != nil {
			return fmt.Errorf("%w: %w", errStoredCorrupt, err)
		}
		c.rows = append(c.rows, row)
	}
	return nil
}

// storedReader reads what has the right checksum. Its texts are parts of one.
type storedReader struct {
	rest string
	// short says that there was less than was wanted.
	short bool
}

func (r *storedReader) number() uint64 {
	var n uint64
	for shift := 0; shift < 64 && len(r.rest) > 0; shift += 7 {
		b := r.rest[0]
		r.rest = r.rest[1:]
		if n |= uint64(b&0x7f) << shift; b < 0x80 {
			return n
		}
	}
	r.short = true
	return 0
}

// count is a number of things that take at least an octet each.
func (r *storedReader) count() int {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.short = true
		return 0
	}
	return int(n)
}

func (r *storedReader) text() (s string) {
	n := r.count()
	s, r.rest = r.rest[:n], r.rest[n:]
	return s
}

func (r *storedReader) octet() byte { return byte(r.number()) }

func (r *storedReader) zone() (z storedZone) {
	z.key.zone, z.key.view, z.zoneID = r.text(), int64(r.number()), int64(r.number())
	if r.octet() == 1 {
		z.proof = &zoneProof{serial: uint32(r.number()), verified: time.Unix(int64(r.number()), 0)}
	}
	sets, total := r.count(), r.count()
	z.sets = make(map[setKey][]logRecord, sets)
	all := make([]logRecord, 0, total) // of one piece; each list ends where the next begins
	for range sets {
		key := setKey{owner: r.text(), rrtype: uint16(r.number())}
		first := len(all)
		for range r.count() {
			all = append(all, r.record())
		}
		if len(all) > first {
			z.sets[key] = all[first:len(all):len(all)]
		}
	}
	return z
}

func (r *storedReader) record() logRecord {
	return logRecord{literal: r.octet() == 1, id: int64(r.number()), ttl: uint32(r.number()), value: r.text(), rdata: r.text()}
}

// fill gives the zones of the state their records and proofs.
func (c *stored) fill(s *desiredState) error {
	for _, z := range c.zones {
		at := s.inView[z.key]
		if at == nil || at.want == nil || at.want.zoneID != z.zoneID || at.want.forwards() {
			return fmt.Errorf("%w: zone %s in view %d", errStoredCorrupt, z.key.zone, z.key.view)
		}
		at.want.sets, at.proof = z.sets, z.proof
	}
	return nil
}

// snapshot is the stored state as one without records.
func (c *stored) snapshot() Snapshot {
	return Snapshot{Position: c.Origin.LastDNS, LastDNS: c.Origin.LastDNS, Log: c.Origin.Log, LastID: c.Origin.LastID, Rows: c.rows}
}
