package imports

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
	"github.com/opsledger/opsledger/domain/dns/zoneimport"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// sweepEvery is how often imports are looked for that nobody carries out, or whose hour is over.
const sweepEvery = 3 * time.Second

// DefaultPart is how many records are appended at once: while they are, other writes wait. These also wait
// until the read models have what was appended before them, which is up to [stageAtOnce] times as much.
const DefaultPart = 320

// Config is what an Importer needs.
type Config struct {
	Store    *eventstore.Store
	Pool     *pgxpool.Pool
	Reader   *dnsmodel.Reader
	Progress *projections.Progress
	// Part is how many records are appended at once, DefaultPart if 0.
	Part int
	// Log may be nil.
	Log *slog.Logger
}

// Importer carries out imports while it runs.
type Importer struct {
	cfg  Config
	jobs chan *zoneimport.Job
}

// New returns an Importer for one Run.
func New(cfg Config) *Importer {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Part == 0 {
		cfg.Part = DefaultPart
	}
	return &Importer{cfg: cfg, jobs: make(chan *zoneimport.Job)}
}

// Carry hands over an import that has begun, whose zone the caller has claimed. After an error the
// import is not carried out.
func (i *Importer) Carry(ctx context.Context, j *zoneimport.Job) error {
	select {
	case i.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run carries imports out, and looks after those of other processes, until ctx ends. What is under
// way then is left to whoever looks next.
func (i *Importer) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := i.Sweep(ctx); err != nil && ctx.Err() == nil {
			i.cfg.Log.WarnContext(ctx, "imports are not looked after, will look again", "error", err)
		}
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				return nil
			case j := <-i.jobs:
				running.Go(func() { i.carryOut(ctx, j) })
			case <-tick.C:
				waiting = false
			}
		}
	}
}

// carryOut brings an import to its end.
func (i *Importer) carryOut(ctx context.Context, j *zoneimport.Job) {
	defer j.Done()
	began := time.Now()
	run := &run{Importer: i, Job: j}
	err := run.carryOut(ctx)
	switch {
	case err == nil:
		i.cfg.Log.InfoContext(ctx, "imported", "import", j.ID, "zone", j.ZoneID, "records", run.Plan.Counts.Total(), "took", time.Since(began))
		return
	case ctx.Err() != nil:
		return
	}
	i.cfg.Log.WarnContext(ctx, "an import came to nothing", "import", j.ID, "zone", j.ZoneID, "error", err)
	voided := dns.ImportVoided{Import: j.ID, ZoneID: j.ZoneID, ViewID: j.ViewID, Reason: dns.VoidAbandoned}
	if refused(err) {
		voided.Reason, voided.Errors = dns.VoidRefused, errorsOf(err, j.Say)
	}
	i.voidClaimed(ctx, voided)
}

// voidClaimed voids an import whose zone is claimed, and tries until that is done, or the hour is over:
// whoever voids it after the claim has ended does not know why.
func (i *Importer) voidClaimed(ctx context.Context, e dns.ImportVoided) {
	pause := backoff.Growing{Least: retryLeast, Most: retryMost}
	for began := time.Now(); ; {
		err := i.void(ctx, e)
		if err == nil {
			return
		}
		i.cfg.Log.WarnContext(ctx, "an import is not voided yet", "import", e.Import, "error", err)
		if time.Since(began) >= dns.MaxImportTime || !pause.Wait(ctx, nil) {
			return
		}
	}
}

// refused says whether an import came to nothing by what it is, and would again.
func refused(err error) bool {
	_, refused := errors.AsType[*domain.Error](err)
	_, lines := errors.AsType[*zonefile.Error](err)
	return refused || lines || errors.Is(err, zoneimport.ErrStale) || errors.Is(err, zoneimport.ErrTooManyChanges)
}

// errorsOf is what was refused, by its lines where lines are to blame.
func errorsOf(err error, say func(*domain.Error) string) (all []dns.ImportError) {
	if lines, are := errors.AsType[*zonefile.Error](err); are {
		for _, l := range lines.Lines {
			all = append(all, dns.ImportError{Line: l.Line, Error: say(l.Err)})
		}
		return all
	}
	if refusal, is := errors.AsType[*domain.Error](err); is {
		return []dns.ImportError{{Error: say(refusal)}}
	}
	return []dns.ImportError{{Error: err.Error()}}
}

// Sweep voids the imports whose hour is over, and those that nobody carries out.
func (i *Importer) Sweep(ctx context.Context) error {
	running, err := i.cfg.Reader.RunningImports(ctx)
	if err != nil {
		return err
	}
	for _, r := range running {
		err = errors.Join(err, i.look(ctx, r))
	}
	return err
}

func (i *Importer) look(ctx context.Context, r dnsmodel.Import) error {
	if time.Since(r.Begun) >= dns.MaxImportTime {
		return i.void(ctx, dns.ImportVoided{Import: r.ID, ZoneID: r.ZoneID, ViewID: r.ViewID, Reason: dns.VoidOverdue})
	}
	release, err := i.Claim(ctx, r.ZoneID)
	if refused, claimed := errors.AsType[*domain.Error](err); claimed && refused.Code == domain.CodeConflict {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	return i.void(ctx, dns.ImportVoided{Import: r.ID, ZoneID: r.ZoneID, ViewID: r.ViewID, Reason: dns.VoidAbandoned})
}

// void voids an import that has not ended.
func (i *Importer) void(ctx context.Context, e dns.ImportVoided) error {
	_, err := i.cfg.Store.Execute(ctx, eventstore.Request{
		Command: dns.NewVoidImport(e), Actor: domain.System, Door: domain.DoorSystem, Causation: e.Import,
	})
	if _, ended := errors.AsType[*domain.Error](err); ended {
		return nil // it was done, or its zone has gone, before
	}
	return err
}
