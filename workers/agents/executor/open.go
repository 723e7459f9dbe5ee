package executor

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/opsledger/opsledger/internal/folderlock"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// open locks the folder and reads from the journal what an earlier life left.
func (e *Executor) open() (err error) {
	if err := os.MkdirAll(e.cfg.Dir, 0o700); err != nil {
		return err
	}
	if e.lock, err = folderlock.Take(e.cfg.Dir); err != nil {
		return fmt.Errorf("%s: %w", e.cfg.Dir, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.lock.Release())
		}
	}()
	largest := int64(cmp.Or(e.cfg.Settings.LargestFile, defaultLargest))
	if e.store, err = files.OpenStore(filepath.Join(e.cfg.Dir, "contents"), largest); err != nil {
		return err
	}
	if e.journal, err = openJournal(filepath.Join(e.cfg.Dir, "journal"), e.replay); err != nil {
		return err
	}
	if err = e.forget(time.Now()); err != nil {
		return errors.Join(err, e.journal.close())
	}
	for _, a := range e.sorted() {
		e.newest[a.Task] = a.Attempt
		switch {
		case a.ended == nil:
			e.queue = append(e.queue, a)
		case !a.acknowledged:
			e.reports.put(*a.ended)
		}
	}
	// Attempts that have begun are recovered before others use the same target.
	slices.SortStableFunc(e.queue, func(a, b *attempt) int {
		return cmp.Compare(boolInt(a.begun == nil), boolInt(b.begun == nil))
	})
	return nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (e *Executor) replay(en entry) {
	if en.Forgotten != nil {
		e.forgotten = *en.Forgotten
		return
	}
	k := key{en.Task, en.Attempt}
	if e.attempts[k] == nil {
		e.attempts[k] = &attempt{}
	}
	e.attempts[k].replay(en)
}

func (e *Executor) sorted() []*attempt {
	var all []*attempt
	for _, a := range e.attempts {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b *attempt) int { return cmp.Compare(a.Attempt, b.Attempt) })
	return all
}

// forget drops acknowledged attempts that are too old to be reverted, rewrites the
// journal without them, and removes the stored contents that no attempt needs.
func (e *Executor) forget(now time.Time) error {
	oldest := now.Add(-cmp.Or(e.cfg.Settings.Keep, defaultKeep))
	for k, a := range e.attempts {
		if a.acknowledged && a.ended != nil && a.ended.Ended.Before(oldest) {
			delete(e.attempts, k)
			e.forgotten = max(e.forgotten, k.attempt)
		}
	}
	entries := []entry{{Forgotten: &e.forgotten}}
	wanted := map[string]bool{}
	for _, a := range e.sorted() {
		entries = append(entries, a.entries()...)
		a.intent.eachDigest(func(digest string) { wanted[digest] = true })
	}
	if err := e.journal.rewrite(entries); err != nil {
		return err
	}
	return e.store.Retain(func(digest string) bool { return wanted[digest] })
}
