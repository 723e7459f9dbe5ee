package bind

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/child"
)

// zoneStatement is one zone as named keeps it in a view's new-zone database.
type zoneStatement struct {
	// zone is the absolute name in lower case.
	zone string
	installed
}

// parseZoneStatements reads what showzone and the database's dump print.
func parseZoneStatements(text string) ([]zoneStatement, error) {
	var out []zoneStatement
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		conf, err := dns.ParseBindConf(line)
		if err != nil {
			return nil, fmt.Errorf("zone statement %q: %w", line, err)
		}
		for _, s := range conf.Statements {
			if s.Name() != "zone" || len(s.Elements) < 3 {
				return nil, fmt.Errorf("zone statement %q is not understood", line)
			}
			out = append(out, readStatement(s))
		}
	}
	return out, nil
}

func readStatement(s dns.Statement) zoneStatement {
	z := zoneStatement{zone: absoluteZone(s.Elements[1].Text), installed: installed{known: true}}
	for _, inner := range s.Elements[len(s.Elements)-1].Block {
		if len(inner.Elements) < 2 {
			continue
		}
		switch value := inner.Elements[1]; inner.Name() {
		case "type":
			z.kind = value.Text
			if z.kind == "master" {
				z.kind = kindPrimary
			}
		case "file":
			z.file = value.Text
		case "forwarders":
			for _, f := range value.Block {
				z.forwarders = append(z.forwarders, f.Elements[0].Text)
			}
		}
	}
	return z
}

// listZones lists a view's zones from its new-zone database, which named writes
// before it answers a command.
func (e *Engine) listZones(ctx context.Context, view int64) ([]zoneStatement, error) {
	if database := e.layout.zoneDatabase(view); exists(database) {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		out, err := child.Run(ctx, child.Spec{Name: "named-nzd2nzf", Path: e.cfg.NZDToolPath, Args: []string{database}})
		if err != nil {
			return nil, fmt.Errorf("list zones of view %d: %w: %s", view, err, strings.TrimSpace(string(out)))
		}
		return parseZoneStatements(string(out))
	}
	text, err := os.ReadFile(e.layout.zoneList(view)) // a named built without LMDB
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list zones of view %d: %w", view, err)
	}
	return parseZoneStatements(string(text))
}

// dropDatabases deletes lists that named has taken over, see seed.go, and the
// new-zone databases of views that it does not have any more. Else a view that
// gets the same id, in another log or in one that was put back, would begin with
// the zones of the old one.
func (e *Engine) dropDatabases(views map[int64]dns.ViewData) {
	entries, err := os.ReadDir(e.layout.databases())
	if err != nil {
		e.log.Warn("cannot look for databases of former views", "error", err)
		return
	}
	wanted := map[string]bool{}
	for id := range views {
		wanted[viewName(id)] = true
	}
	for _, entry := range entries {
		if view, _, _ := strings.Cut(entry.Name(), "."); wanted[view] && !strings.HasSuffix(entry.Name(), takenListKind) {
			continue
		}
		if err := os.Remove(filepath.Join(e.layout.databases(), entry.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			e.log.Warn("cannot delete a former view's database", "file", entry.Name(), "error", err)
		}
	}
}

// takeInventory finds out what named has, and queues every place for comparison:
// nothing that was known of named before holds any more. No worker may be busy.
func (e *Engine) takeInventory(ctx context.Context) error {
	lists := map[int64][]zoneStatement{}
	for _, view := range e.liveViews() {
		list, err := e.listZones(ctx, view)
		if err != nil {
			return err
		}
		lists[view] = list
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.ledger.sites {
		s.distrust()
		s.installed.known = e.ledger.settings.live[s.key.view]
	}
	for view, list := range lists {
		for _, z := range list {
			// Also a zone that the sweep has just found belongs to nothing in the log.
			if s := e.found(siteKey{view: view, zone: z.zone}, z.installed); s.want == nil && s.owes() == 0 {
				e.ledger.owe(s, 1) // it may have been deleted at any position
			}
		}
	}
	e.ledger.stock.begin()
	e.ledger.stock.succeed()
	for _, s := range e.ledger.sites {
		e.queue.put(s, false)
	}
	return nil
}

// liveViews are the views that named has now.
func (e *Engine) liveViews() []int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Keys(e.ledger.settings.live))
}

// found notes a zone that named has. One that the log does not have gets a site
// that wants nothing, and so is removed. Needs the lock.
func (e *Engine) found(key siteKey, have installed) *site {
	s := e.ledger.sites[key]
	if s == nil {
		e.log.Warn("zone is in named and not in the log, removing it", "zone", key.zone, "view", key.view)
		e.metrics.drift.Inc()
		s = &site{key: key}
		e.ledger.sites[key] = s
	}
	s.installed = have
	return s
}

// findStrays removes zones that somebody else added, and files that no zone has.
func (e *Engine) findStrays(ctx context.Context) error {
	for _, view := range e.liveViews() {
		list, err := e.listZones(ctx, view)
		if err != nil {
			return err
		}
		e.mu.Lock()
		for _, z := range list {
			if key := (siteKey{view: view, zone: z.zone}); e.ledger.sites[key] == nil {
				e.queue.put(e.found(key, z.installed), false)
			}
		}
		e.mu.Unlock()
	}
	return nil
}
