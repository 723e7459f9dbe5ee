package dns

import (
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// MaxImportTime is how long an import may take; then it is void.
const MaxImportTime = time.Hour

// MaxStaged is how many records an event of an import is about at most: whoever decides about one
// of them reads the event.
const MaxStaged = 20

// BeginImport begins a staged import.
//
// Invariants of imports:
//  1. A zone has one import under way at most. Until it has ended, no other change of the zone,
//     its settings or its records is decided, and the zone is not deleted.
//  2. Nothing of an import holds before [ZoneImported], and all of it does from there on.
//  3. An import ends once: nothing is staged, and it is not done, after it was voided.
//  4. It is done within [MaxImportTime] of its begin, or never.
type BeginImport struct{ begun ImportBegun }

// NewBeginImport returns the command.
func NewBeginImport(e ImportBegun) BeginImport { return BeginImport{begun: e} }

// Decide implements [domain.Command].
func (c BeginImport) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if err := AuthorizeRecords(h, env, c.begun.ZoneID); err != nil {
		return nil, err
	}
	zone := newZoneFold(c.begun.ZoneID)
	if err := h.Load(zone); err != nil {
		return nil, err
	}
	if err := zone.writable(env); err != nil {
		return nil, err
	}
	if _, linked := zone.links[c.begun.ViewID]; !linked {
		return nil, domain.Refused("当前Zone没有关联这个View！").Blame("view")
	}
	return []domain.Event{c.begun}, nil
}

// StageRecords stages records of an import, whose rules were checked before it began.
type StageRecords struct{ parts []RecordsStaged }

// NewStageRecords returns the command. Those that are added have no ids yet.
func NewStageRecords(parts []RecordsStaged) StageRecords { return StageRecords{parts: parts} }

// Allocates implements [domain.Allocator].
func (c StageRecords) Allocates() []domain.Sequence {
	var all []domain.Sequence
	for _, p := range c.parts {
		for range p.Added {
			all = append(all, domain.SequenceRecord)
		}
	}
	return all
}

// Decide implements [domain.Command].
func (c StageRecords) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	first := c.parts[0]
	if err := loadOpenImport(h, env, first.ZoneID, first.Import); err != nil {
		return nil, err
	}
	events := make([]domain.Event, len(c.parts))
	for i, p := range c.parts {
		added := make([]StagedRecord, len(p.Added))
		for n, r := range p.Added {
			added[n] = StagedRecord{ID: env.NextID(domain.SequenceRecord), Record: r.Record}
		}
		p.Added = added
		events[i] = p
	}
	return events, nil
}

// FinishImport makes all hold that an import has staged.
type FinishImport struct {
	imported ZoneImported
	settings *ChangeZoneSettings
}

// NewFinishImport returns the command. The settings, nil for none, change with it.
func NewFinishImport(e ZoneImported, settings *ChangeZoneSettings) FinishImport {
	return FinishImport{imported: e, settings: settings}
}

// Decide implements [domain.Command].
func (c FinishImport) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if err := loadOpenImport(h, env, c.imported.ZoneID, c.imported.Import); err != nil {
		return nil, err
	}
	var events []domain.Event
	if c.settings != nil {
		env.Import = c.imported.Import
		var err error
		if events, err = c.settings.Decide(h, env); err != nil {
			return nil, err
		}
	}
	return append(events, c.imported), nil
}

// loadOpenImport returns an error unless the import is under way and has time left, and the actor
// may still change the zone's records.
func loadOpenImport(h domain.History, env domain.Env, zoneID int64, id domain.Position) error {
	if err := AuthorizeRecords(h, env, zoneID); err != nil {
		return err
	}
	zone := newZoneFold(zoneID)
	if err := h.Load(zone); err != nil {
		return err
	}
	switch {
	case zone.open.id != id:
		return errImportOver(id)
	case env.Now.Sub(zone.open.begun) >= MaxImportTime:
		return domain.Conflict("导入%d没有在一小时内完成！", int64(id))
	}
	return nil
}

// VoidImport ends an import without effect. An import that was voided already stays so; one that
// is done can be voided no more.
type VoidImport struct{ voided ImportVoided }

// NewVoidImport returns the command.
func NewVoidImport(e ImportVoided) VoidImport { return VoidImport{voided: e} }

// Decide implements [domain.Command].
func (c VoidImport) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, zone := access.NewActor(env.Actor), newZoneFold(c.voided.ZoneID)
	if err := h.Load(actor, zone); err != nil {
		return nil, err
	}
	if !zone.exists {
		return nil, notFound("Import", int64(c.voided.Import))
	}
	if err := access.Authorize(h, actor, access.OnRecords(zone.target(), access.OperationUpdate)); err != nil {
		return nil, err
	}
	if zone.open.id == c.voided.Import {
		return []domain.Event{c.voided}, nil
	}
	for _, done := range zone.imported {
		if done == c.voided.Import {
			return nil, domain.Conflict("导入%d已经完成，不能取消！", int64(done))
		}
	}
	return nil, nil
}
