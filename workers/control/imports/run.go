package imports

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zoneimport"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// The pauses before what the database did not take is tried again.
const retryLeast, retryMost = 50 * time.Millisecond, 2 * time.Second

// commandSpace is the name space of the ids of an import's commands.
var commandSpace = uuid.MustParse("0f6b1f8e-9a0b-5f53-8f3e-2b8a6c5d1e77")

// run is the carrying out of one import.
//
// Invariants:
//  1. What was planned is carried out only if nothing that the plan was made from has changed
//     before the import began; since then nothing else changes it.
//  2. A part is appended once, however often it is tried: its command has an id of its own.
//  3. Of parts that the read models lack there are two at most.
type run struct {
	*Importer
	*zoneimport.Job
	// commands counts those that were executed.
	commands int
}

func (r *run) carryOut(ctx context.Context) error {
	err := r.untilRead(ctx, r.upToDate)
	if r.Again = nil; err != nil { // and with it goes the file
		return err
	}
	before := r.ID
	for parts := r.Plan.Parts; parts.Len() > 0; {
		chunk := parts.Take(max(1, r.cfg.Part/dns.MaxStaged), r.ID)
		receipt, err := r.execute(ctx, dns.NewStageRecords(chunk))
		if err != nil {
			return err
		}
		if err := r.cfg.Progress.Wait(ctx, domain.ContextDNS, before); err != nil {
			return err
		}
		before = receipt.Last
	}
	_, err = r.execute(ctx, dns.NewFinishImport(dns.ZoneImported{
		Import: r.ID, ZoneID: r.ZoneID, ViewID: r.ViewID, ImportCounts: r.Plan.Counts,
	}, r.Plan.Settings))
	return err
}

// untilRead does what reads the zone until that is done, or refused, or the hour is over.
func (r *run) untilRead(ctx context.Context, do func(context.Context) error) error {
	pause := backoff.Growing{Least: retryLeast, Most: retryMost}
	for began := time.Now(); ; {
		err := do(ctx)
		if err == nil || refused(err) || errors.Is(err, errWritten) || time.Since(began) >= dns.MaxImportTime || !pause.Wait(ctx, nil) {
			return err
		}
		r.cfg.Log.WarnContext(ctx, "an import cannot read its zone, will try again", "import", r.ID, "zone", r.ZoneID, "error", err)
	}
}

// errWritten says that the lock did not hold: the zone was written while the import was under way.
var errWritten = errors.New("the zone was written while an import was under way")

// upToDate sees to it that the plan is one for the zone as it was when the import began.
func (r *run) upToDate(ctx context.Context) error {
	if err := r.cfg.Progress.Wait(ctx, domain.ContextDNS, r.ID); err != nil {
		return err
	}
	var written domain.Position
	err := r.cfg.Reader.Content(ctx, r.ZoneID, r.ViewID, func(c *dnsmodel.Content) error {
		written = c.Written
		return nil
	})
	if err != nil || written == r.Plan.Written {
		return err
	}
	plan, err := r.Again(ctx)
	if err != nil {
		return err
	}
	if r.Plan = plan; plan.Written != written {
		return fmt.Errorf("zone %d at %d: %w", r.ZoneID, plan.Written, errWritten)
	}
	return nil
}

// execute has a command of the import carried out, for who asked for the import. It tries again
// while the database is away.
func (r *run) execute(ctx context.Context, c domain.Command) (eventstore.Receipt, error) {
	r.commands++
	pause := backoff.Growing{Least: retryLeast, Most: retryMost}
	for {
		receipt, err := r.cfg.Store.Execute(ctx, eventstore.Request{
			Command: c, Actor: r.Actor, Credential: r.Credential, Door: r.Door, Causation: r.ID,
			CommandID: uuid.NewSHA1(commandSpace, fmt.Appendf(nil, "%s/%d/%d", r.cfg.Store.LogID(), r.ID, r.commands)),
		})
		away := errors.Is(err, eventstore.ErrUnavailable) || errors.Is(err, eventstore.ErrUnknownOutcome) || errors.Is(err, eventstore.ErrConflict)
		if !away || !pause.Wait(ctx, nil) {
			return receipt, err
		}
	}
}
