package bind

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// Adding a zone to a running named costs a command and a sync of named's new-zone
// database. A named that is about to start can be given all zones of a view at
// once: if a view has no database yet, but a list of zone statements, named turns
// the list into the database in one transaction. (A named without LMDB has the
// list as its database.)
//
// So seeding is for views that named has no zones of, as on a new host. Where
// there is a database, named starts with its zones, which are the last good state,
// and missing ones are added while it serves.

// seed gives a named that does not run the zones of views that it has no database
// of. A zone that cannot be written is left to the workers, which report why.
func (e *Engine) seed(ctx context.Context) {
	for view, jobs := range e.seeds() {
		var list strings.Builder
		for _, j := range jobs {
			if ctx.Err() != nil {
				return
			}
			if statement, err := e.seedZone(j); err == nil {
				list.WriteString("zone " + quotedZone(j.key) + " " + statement + "\n")
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
	if j.secondary {
		return secondaryStatement(e.newFile(j), j.key.view), nil
	}
	file, err := e.writeZone(j)
	return primaryStatement(file, j.key.view), err
}

// seeds makes the jobs for all zones that are wanted in views without a database.
func (e *Engine) seeds() map[int64][]job {
	e.mu.Lock()
	defer e.mu.Unlock()
	missing := map[int64]bool{}
	for view := range e.state.views {
		missing[view] = !exists(e.layout.zoneDatabase(view)) && !exists(e.layout.zoneList(view))
	}
	jobs := map[int64][]job{}
	for key, z := range e.state.inView {
		if missing[key.view] && z.want != nil {
			jobs[key.view] = append(jobs[key.view], e.state.number(z.job(e.state.fallback, true)))
		}
	}
	return jobs
}

// exists says whether there is such a file, also if that cannot be told.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// zoneDatabase and zoneList are where named keeps the zones that were added to a
// view. Once named has taken a list over, it keeps the list under another name.
func (l layout) zoneDatabase(view int64) string {
	return filepath.Join(l.databases(), viewName(view)+".nzd")
}

func (l layout) zoneList(view int64) string {
	return filepath.Join(l.databases(), viewName(view)+zoneListKind)
}

const zoneListKind, takenListKind = ".nzf", ".nzf~"
