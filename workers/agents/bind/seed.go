package bind

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// A zone that is added to a running named costs it a command and a sync of its
// new-zone database. A named that is about to start can be given all zones of a
// view at once: a list of zone statements beside a database that does not exist
// yet, which it turns into that database in one transaction. (A named without
// LMDB has no other database than the list.)
//
// So this is for views that named knows nothing of, as on a host that is new to
// an estate of many zones. Where there is a database, named starts with the zones
// in it, the last good state, and what is missing is added while it serves.

// seed gives a named that does not run what the log has in views that it has no
// database of. What cannot be written is left to the workers, who say why.
func (e *Engine) seed(ctx context.Context) {
	for view, jobs := range e.seeds() {
		var list strings.Builder
		for _, j := range jobs {
			if ctx.Err() != nil {
				return
			}
			if statement, err := e.seedZone(j); err == nil {
				list.WriteString("zone " + zoneWord(j.key) + " " + statement + "\n")
			}
		}
		if err := e.layout.write(e.layout.zoneList(view), []byte(list.String())); err != nil {
			e.log.Warn("cannot write the list of zones that named is to start with", "view", view, "error", err)
			continue
		}
		e.log.Info("named starts with the zones of a view that is new to it", "view", view, "zones", len(jobs))
	}
}

func (e *Engine) seedZone(j job) (statement string, err error) {
	if j.want.forwards() {
		return stubStatement(j.want.forwarders)
	}
	file, err := e.writeZone(j)
	return primaryStatement(file, j.key.view), err
}

// seeds takes from the log what is to be served in views without a database.
func (e *Engine) seeds() map[int64][]job {
	e.mu.Lock()
	defer e.mu.Unlock()
	missing := map[int64]bool{}
	for view := range e.ledger.views {
		missing[view] = !exists(e.layout.zoneDatabase(view)) && !exists(e.layout.zoneList(view))
	}
	jobs := map[int64][]job{}
	for key, s := range e.ledger.sites {
		if missing[key.view] && s.want != nil {
			jobs[key.view] = append(jobs[key.view], s.job(e.ledger.fallback, true))
		}
	}
	return jobs
}

// exists says whether there is such a file, or may be.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// zoneDatabase and zoneList are where named keeps the zones that were added to a
// view; it keeps the list under another name once it has taken it over.
func (l layout) zoneDatabase(view int64) string {
	return filepath.Join(l.databases(), viewName(view)+".nzd")
}

func (l layout) zoneList(view int64) string {
	return filepath.Join(l.databases(), viewName(view)+zoneListKind)
}

const zoneListKind, takenListKind = ".nzf", ".nzf~"
