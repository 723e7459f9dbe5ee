package bind

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/wholefile"
)

// A zone is replaced at once by its file. The order of the steps is all that keeps named
// from serving anything else than the old zone or the new one, whoever dies between two of
// them:
//
//  1. The new file is written beside the zone's own.
//  2. named is told to take no more updates (freeze). It writes the zone to its file then,
//     after it has answered: a file that was put there before would be overwritten.
//  3. The file is as new as what is served once it has the served serial.
//  4. The journal is removed. It belongs to the old file: named refuses a zone whose file and
//     journal do not fit.
//  5. The new file takes its place.
//  6. named is told to load it and to take updates again (thaw). It answers before it has.
//
// An agent that died in between left the zone without updates: takeInventory ends that. And
// endFreeze ends it where a rewrite failed, or a person froze the zone.

const (
	// nextKind is the end of the new file's name. What an agent left behind, sweepFiles
	// deletes.
	nextKind = ".next"
	// rewriteStep bounds the wait for named's dump and for its load.
	rewriteStep = 60 * time.Second
	// rewritePoll is the pause between two looks at either.
	rewritePoll = 5 * time.Millisecond
	// thawTimeout bounds the end of a rewrite that did not succeed.
	thawTimeout = 10 * time.Second
)

// rewrite makes named serve the job's whole content at once, and proves it.
func (w *worker) rewrite(ctx context.Context, j job, held *mdns.SOA) (outcome, error) {
	out := outcome{installed: j.installed, soa: held}
	steps, _ := detour(j.key.zone, held, j.serial, 0)
	if err := w.send(ctx, j.key, steps); err != nil {
		return out, err
	}
	text, err := zoneFile(j.content, j.serial)
	if err != nil {
		return out, &refusal{text: err.Error()}
	}
	next := j.installed.file + nextKind
	defer func() { _ = os.Remove(next) }() // only litter
	if err := w.engine.layout.write(next, text); err != nil {
		return out, err
	}
	w.engine.passing("written")
	if err := w.replaceFile(ctx, j, next); err != nil {
		return out, err
	}
	w.engine.metrics.rewrites.Inc()
	soa, differs := w.prove(ctx, j)
	if soa == nil {
		return out, differs
	}
	if err := cmp.Or(sameSerial(j.serial, soa), differs); err != nil {
		return out, err
	}
	out.soa, out.compared = soa, true
	return out, nil
}

// replaceFile puts the next file in the place of the zone's, and has named load it.
func (w *worker) replaceFile(ctx context.Context, j job, next string) (err error) {
	e := w.engine
	e.noteFrozen(j.key, true)
	defer func() {
		if err == nil {
			e.noteFrozen(j.key, false)
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), thawTimeout)
		defer cancel()
		_, _ = e.controlAlone(ctx, "thaw "+zoneArgs(j.key)) // endFreeze looks whether it has ended
	}()
	if _, err := e.controlAlone(ctx, "freeze "+zoneArgs(j.key)); err != nil && !refusedAs(err, "already frozen") {
		return err
	}
	e.passing("frozen")
	served, err := w.serial(ctx, j.key)
	if err != nil {
		return err
	}
	file := j.installed.file
	look := fileLook{path: file}
	if err := e.await(ctx, "named has dumped the zone", func() (bool, error) { return look.has(served) }); err != nil {
		return err
	}
	e.passing("dumped")
	if err := os.Remove(file + ".jnl"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := wholefile.SyncFolder(filepath.Dir(file)); err != nil {
		return err
	}
	e.passing("journal removed")
	if err := os.Rename(next, file); err != nil {
		return err
	}
	if err := wholefile.SyncFolder(filepath.Dir(file)); err != nil {
		return err
	}
	e.passing("renamed")
	if _, err := e.controlAlone(ctx, "thaw "+zoneArgs(j.key)); err != nil {
		return err
	}
	e.passing("thawed")
	return e.await(ctx, "named has loaded the zone's new file", func() (bool, error) {
		now, err := w.serial(ctx, j.key)
		return now != served, err // it may be another than the file's: somebody may change the zone at once
	})
}

// await looks until it is so.
func (e *Engine) await(ctx context.Context, what string, look func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, e.patience)
	defer cancel()
	tick := time.NewTicker(rewritePoll)
	defer tick.Stop()
	for {
		if ok, err := look(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain until %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
}

// serial asks for the serial that named serves.
func (w *worker) serial(ctx context.Context, key zoneKey) (uint32, error) {
	soa, err := w.soa(ctx, key)
	if err != nil {
		return 0, err
	}
	return soa.Serial, nil
}

// soa asks for the SOA that named serves.
func (w *worker) soa(ctx context.Context, key zoneKey) (*mdns.SOA, error) {
	reply, err := w.exchange(ctx, key, question(key.zone, mdns.TypeSOA))
	if err != nil {
		return nil, err
	}
	return soaIn(reply, key.zone)
}

// fileLook looks at a zone file again and again, and reads it only if it is another one.
type fileLook struct {
	path string
	seen os.FileInfo
}

// has says whether the file's SOA has the serial.
func (l *fileLook) has(serial uint32) (bool, error) {
	f, err := openNamed(l.path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if l.seen != nil && os.SameFile(l.seen, info) && l.seen.ModTime().Equal(info.ModTime()) && l.seen.Size() == info.Size() {
		return false, nil
	}
	l.seen = info
	records := mdns.NewZoneParser(f, "", "")
	for rr, ok := records.Next(); ok; rr, ok = records.Next() {
		if soa, is := rr.(*mdns.SOA); is {
			return soa.Serial == serial, nil
		}
	}
	return false, records.Err()
}

// thawAll ends what an earlier engine has begun and did not end. It costs next to nothing
// where no zone is frozen.
func (e *Engine) thawAll(ctx context.Context) error {
	if _, err := e.controlAlone(ctx, "thaw"); err != nil {
		return fmt.Errorf("have named take updates of all zones: %w", err)
	}
	return nil
}

// endFreeze has named take updates of a zone that is noted as frozen. Where named cannot
// load the zone's file, it never does: the zone is removed then, to be added anew.
func (e *Engine) endFreeze(ctx context.Context, key zoneKey) error {
	e.mu.Lock()
	noted := e.frozen[key]
	e.mu.Unlock()
	if !noted {
		return nil
	}
	frozen, err := e.isFrozen(ctx, key)
	if err == nil && frozen {
		err = e.endFreezeOf(ctx, key)
	}
	if err == nil {
		e.noteFrozen(key, false)
	}
	return err
}

func (e *Engine) endFreezeOf(ctx context.Context, key zoneKey) error {
	if _, err := e.controlAlone(ctx, "thaw "+zoneArgs(key)); err != nil {
		if _, refused := errors.AsType[*refusal](err); !refused {
			return err
		}
	}
	err := e.await(ctx, "named takes updates of the zone again", func() (bool, error) {
		frozen, err := e.isFrozen(ctx, key)
		return !frozen, err
	})
	if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return err
	}
	e.log.Warn("named does not end a freeze, adding the zone anew", "zone", key.zone, "view", key.view)
	have, err := e.showZone(ctx, key)
	if err != nil || have.kind == "" {
		return err
	}
	return e.removeZone(ctx, key, have)
}

// isFrozen asks whether named takes no updates of a zone, which it may not have.
func (e *Engine) isFrozen(ctx context.Context, key zoneKey) (bool, error) {
	text, err := e.control(ctx, "zonestatus "+zoneArgs(key))
	if _, refused := errors.AsType[*refusal](err); refused {
		return false, nil // it does not have it, or is not done with it: whoever works on it finds out
	}
	return strings.Contains(text, "frozen: yes"), err
}

func (e *Engine) noteFrozen(key zoneKey, frozen bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if frozen {
		e.frozen[key] = true
	} else {
		delete(e.frozen, key)
	}
}
