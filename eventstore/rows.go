package eventstore

import (
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/opsledger/opsledger/domain"
)

// statements write the plan's rows and end the transaction. The commands come
// first: one that is known already fails by its key before anything else is written.
func (p *plan) statements() []statement {
	var list []statement
	if len(p.keyed) > 0 {
		list = append(list, p.insertCommands())
	}
	if len(p.events) > 0 {
		last := p.head.Last
		list = append(list, p.insertEvents(), p.insertTags(), moveHead.with(int8Of(int64(p.head.Position)), timeOf(p.head.RecordedAt),
			int8Of(int64(last[domain.ContextAccess])), int8Of(int64(last[domain.ContextDNS])), int8Of(int64(last[domain.ContextOps]))))
	}
	return append(list, endBatch.with())
}

func (p *plan) insertEvents() statement {
	n := len(p.events)
	var typeSize, contextSize, tagSize, dataSize, doorSize int
	for i := range p.events {
		e := &p.events[i]
		typeSize, contextSize, dataSize = typeSize+len(e.Type), contextSize+len(e.Context), dataSize+len(e.Data)
		doorSize += len(e.Door)
		for _, t := range e.Tags {
			tagSize += len(t) + 1
		}
	}
	var (
		position, prev, key, actor, causation = newInts(n), newInts(n), newInts(n), newInts(n), newInts(n)
		id, command, correlation              = newUUIDs(n), newUUIDs(n), newUUIDs(n)
		types, context                        = newColumn(pgtype.TextOID, n, typeSize), newColumn(pgtype.TextOID, n, contextSize)
		tags, data                            = newColumn(pgtype.TextOID, n, tagSize), newColumn(pgtype.TextOID, n, dataSize)
		schema                                = newShorts(n)
		more, moreOwn                         = newInt4s(n), newInt4s(n)
		credential, door                      = newInts(n), newColumn(pgtype.TextOID, n, doorSize)
	)
	for i := range p.events {
		e := &p.events[i]
		position.int8(int64(e.Position))
		prev.int8(int64(e.Prev))
		id.uuid(e.ID)
		types.text(e.Type)
		context.text(string(e.Context))
		schema.int2(int16(e.Schema))
		key.int8(e.Key)
		tags.text(joinTags(e.Tags))
		data.data(e.Data)
		actor.int8(int64(e.Actor))
		command.uuid(e.CommandID)
		causation.int8(int64(e.Causation))
		correlation.uuid(e.Correlation)
		more.int4(int32(e.More))
		moreOwn.int4(int32(e.MoreOwn))
		credential.int8(int64(e.Credential))
		door.text(string(e.Door))
	}
	return putEvents.with(position.encoded(), prev.encoded(), id.encoded(), types.encoded(), context.encoded(), schema.encoded(),
		key.encoded(), tags.encoded(), data.encoded(), actor.encoded(), command.encoded(), causation.encoded(), correlation.encoded(),
		more.encoded(), moreOwn.encoded(), credential.encoded(), door.encoded(), timeOf(p.head.RecordedAt))
}

// insertTags writes the index in its own order, which touches each page once.
func (p *plan) insertTags() statement {
	n := len(p.tags)
	hashes, positions, types := newInts(n), newInts(n), newInt4s(n)
	for _, r := range inIndexOrder(p.tags) {
		hashes.int8(r.hash)
		positions.int8(int64(r.position))
		types.int4(r.typ)
	}
	return putTags.with(hashes.encoded(), positions.encoded(), types.encoded())
}

func (p *plan) insertCommands() statement {
	n := len(p.keyed)
	var (
		ids, first, last = newUUIDs(n), newInts(n), newInts(n)
		prints, status   = newColumn(pgtype.ByteaOID, n, 32*n), newInt4s(n)
		body, remarks    = newColumn(pgtype.TextOID, n, 0), newColumn(pgtype.TextOID, n, 0)
		expires          = newTimes(n)
	)
	for i := range p.keyed {
		c := &p.keyed[i]
		ids.uuid(c.id)
		prints.data(c.fingerprint)
		first.int8(int64(c.first))
		last.int8(int64(c.last))
		expires.time(p.head.RecordedAt.Add(c.life()))
		if beside := c.remarks(); beside != nil {
			remarks.data(beside)
		} else {
			remarks.null()
		}
		if c.refusal == nil {
			status.null()
			body.null()
			continue
		}
		status.int4(int32(c.refusal.Status))
		body.data(c.refusal.Body)
	}
	return putCommands.with(ids.encoded(), prints.encoded(), first.encoded(), last.encoded(), status.encoded(), body.encoded(),
		expires.encoded(), timeOf(p.head.RecordedAt), remarks.encoded())
}
