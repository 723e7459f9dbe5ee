package eventstore

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash/maphash"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// The log as its tables have it, for who checks it. Nothing here needs a [Store], and nothing
// is taken for granted that a table does not enforce.

// readRange is a walk along the primary key, which needs no sorting.
const readRange = "SELECT " + columns + " FROM log.events e WHERE e.position >= $1 AND e.position < $2 ORDER BY e.position"

// AuditedEvent is an event with its entry and its leaf in the Merkle tree.
type AuditedEvent struct {
	*protocol.Envelope
	Entry [EntrySize]byte
	Leaf  [sha256.Size]byte
	// Tags is the sum of the entries that the tag index must have for the event, see [TagSum].
	Tags uint64
}

// TagSum makes sums of entries of the tag index. An entry counts as a random number that
// nobody can know who wrote it, so that no other entries have the same sum but by chance
// (one in 2⁶⁴). A nil TagSum makes zeros.
type TagSum struct {
	seed  maphash.Seed
	types map[string]int32
}

// NewTagSum returns a TagSum; sums of different ones cannot be compared, but those of a Clone.
func NewTagSum() *TagSum { return &TagSum{maphash.MakeSeed(), map[string]int32{}} }

// Clone returns a TagSum for another goroutine.
func (s *TagSum) Clone() *TagSum {
	if s == nil {
		return nil
	}
	return &TagSum{s.seed, map[string]int32{}}
}

type tagEntry struct {
	hash int64
	typ  int32
}

// entry is what a row of the index counts.
func (s *TagSum) entry(hash int64, typ int32) uint64 {
	return maphash.Comparable(s.seed, tagEntry{hash, typ})
}

func (s *TagSum) event(e *protocol.Envelope) (sum uint64) {
	if s == nil {
		return 0
	}
	typ, known := s.types[e.Type]
	if !known {
		typ = hashType(e.Type)
		s.types[e.Type] = typ
	}
	for _, t := range e.Tags {
		sum += s.entry(hashTag(t), typ)
	}
	return sum
}

// AuditEvents calls f with the events of from ≤ position < to, in the order of their
// positions. The event is good until f returns. It ends with f's error.
func AuditEvents(ctx context.Context, conn *pgx.Conn, from, to domain.Position, sum *TagSum, f func(AuditedEvent) error) error {
	rows, err := conn.Query(ctx, readRange, from, to)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	defer rows.Close()
	r := rawRow{names: map[string]string{}, lent: true}
	var encoding []byte
	for first := true; rows.Next(); first = false {
		if first {
			if err := checkColumns(rows.FieldDescriptions()); err != nil {
				return err
			}
		}
		r.fields = rows.RawValues()
		e := r.envelope()
		if r.err != nil {
			return r.err
		}
		encoding = appendForHash(encoding[:0], &e)
		entry := treeEntry(&e, encoding)
		if err := f(AuditedEvent{&e, entry, treeLeaf(entry), sum.event(&e)}); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	return nil
}

// AuditTags calls f with each row of the tag index of from ≤ position < to, in any order.
func AuditTags(ctx context.Context, conn *pgx.Conn, from, to domain.Position, sum *TagSum, f func(domain.Position, uint64)) error {
	rows, err := conn.Query(ctx, "SELECT tag_hash, position, type_hash FROM log.event_tags WHERE position >= $1 AND position < $2", from, to)
	if err != nil {
		return fmt.Errorf("read the tag index: %w", err)
	}
	defer rows.Close()
	r := rawRow{}
	for first := true; rows.Next(); first = false {
		if first {
			if err := checkColumns(rows.FieldDescriptions()); err != nil {
				return err
			}
		}
		r.fields = rows.RawValues()
		hash, position, typ := r.int8(), r.int8(), r.int4()
		if r.err != nil {
			return r.err
		}
		f(domain.Position(position), sum.entry(hash, typ))
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the tag index: %w", err)
	}
	return nil
}

// AuditHead returns the head's row, and the position of the last event that the table has, all
// of one moment.
func AuditHead(ctx context.Context, conn *pgx.Conn) (head Head, log string, last domain.Position, err error) {
	var access, dns, ops domain.Position
	err = conn.QueryRow(ctx, `SELECT h.log::text, h.position, h.recorded_at, h.last_access, h.last_dns, h.last_ops,
		coalesce((SELECT max(position) FROM log.events), 0) FROM log.head h WHERE h.singleton`).
		Scan(&log, &head.Position, &head.RecordedAt, &access, &dns, &ops, &last)
	if err != nil {
		return head, "", 0, fmt.Errorf("read the head: %w", err)
	}
	head.RecordedAt = head.RecordedAt.UTC()
	head.Last = map[domain.Context]domain.Position{domain.ContextAccess: access, domain.ContextDNS: dns, domain.ContextOps: ops}
	return head, log, last, nil
}

// AuditPartitions returns where the partitions of the log begin, in order.
func AuditPartitions(ctx context.Context, conn *pgx.Conn) ([]domain.Position, error) {
	rows, err := conn.Query(ctx, "SELECT lower FROM log.partitions ORDER BY lower")
	if err != nil {
		return nil, fmt.Errorf("read the partitions: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[domain.Position])
}
