package imports

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

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
//  3. Of appends that the read models lack there are so many at most as stage at once.
type run struct {
	*Importer
	*zoneimport.Job
	// mu guards the plan's parts, and commands, which counts those that were made of them.
	mu       sync.Mutex
	commands int
}

// stageAtOnce is how many appends of an import are on their way at a time: one is decided, one
// appended and one applied.
const stageAtOnce = 3

func (r *run) carryOut(ctx context.Context) error {
	err := r.untilRead(ctx, r.upToDate)
	if r.Again = nil; err != nil { // and with it goes the file
		return err
	}
	staging, within := errgroup.WithContext(ctx)
	for range stageAtOnce {
		staging.Go(func() error { return r.stage(within) })
	}
	if err := staging.Wait(); err != nil {
		return err
	}
	_, err = r.execute(ctx, r.commands+1, dns.NewFinishImport(dns.ZoneImported{
		Import: r.ID, ZoneID: r.ZoneID, ViewID: r.ViewID, ImportCounts: r.Plan.Counts,
	}, r.Plan.Settings))
	return err
}

// stage stages parts, each append once the read models have the one before, until there are none. What
// parts are about is disjoint, so that their order does not matter.
func (r *run) stage(ctx context.Context) error {
	for {
		number, parts := r.next()
		if len(parts) == 0 {
			return nil
		}
		receipt, err := r.execute(ctx, number, dns.NewStageRecords(parts))
		if err == nil {
			err = r.cfg.Progress.Wait(ctx, domain.ContextDNS, receipt.Last)
		}
		if err != nil {
			return err
		}
	}
}

// next takes the parts of an append, and the number of its command.
func (r *run) next() (number int, parts []dns.RecordsStaged) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if parts = r.Plan.Parts.Take(max(1, r.cfg.Part/dns.MaxStaged), r.ID); len(parts) > 0 {
		r.commands++
	}
	return r.commands, parts
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
// while the database is away. Each command of the import has a number of its own.
func (r *run) execute(ctx context.Context, number int, c domain.Command) (eventstore.Receipt, error) {
	pause := backoff.Growing{Least: retryLeast, Most: retryMost}
	for {
		receipt, err := r.cfg.Store.Execute(ctx, eventstore.Request{
			Command: c, Actor: r.Actor, Credential: r.Credential, Door: r.Door, Causation: r.ID,
			CommandID: uuid.NewSHA1(commandSpace, fmt.Appendf(nil, "%s/%d/%d", r.cfg.Store.LogID(), r.ID, number)),
		})
		away := errors.Is(err, eventstore.ErrUnavailable) || errors.Is(err, eventstore.ErrUnknownOutcome) || errors.Is(err, eventstore.ErrConflict)
		if !away || !pause.Wait(ctx, nil) {
			return receipt, err
		}
	}
}
