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

// parseZoneStatements reads the output of showzone and of the database's dump.
func parseZoneStatements(text string) ([]zoneStatement, error) {
	var out []zoneStatement
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		conf, err := dns.ReadBindConf(line)
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
			switch z.kind {
			case "master":
				z.kind = kindPrimary
			case "slave":
				z.kind = kindSecondary
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

// listZones lists a view's zones from its new-zone database. named writes the
// database before it answers addzone or delzone.
func (e *Engine) listZones(ctx context.Context, view int64) ([]zoneStatement, error) {
	if database := e.layout.zoneDatabase(view); exists(database) {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		out, err := child.Run(ctx, e.layout.asNamed(child.Spec{Name: "named-nzd2nzf", Path: e.cfg.NZDToolPath, Args: []string{database}}))
		if err != nil {
			return nil, fmt.Errorf("list zones of view %d: %w: %s", view, err, strings.TrimSpace(string(out)))
		}
		return parseZoneStatements(string(out))
	}
	text, err := readNamed(e.layout.zoneList(view)) // a named built without LMDB
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list zones of view %d: %w", view, err)
	}
	return parseZoneStatements(string(text))
}

// dropDatabases deletes the lists that named has taken over, see seed.go, and the
// new-zone databases of former views. Otherwise a view that gets the same id, from
// another log or from one that was restored to an earlier state, would begin with
// the zones of the former one.
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

// takeInventory lists the zones that named has, and queues every zone for
// comparison: what was known of a former named no longer holds. No worker may be
// busy.
func (e *Engine) takeInventory(ctx context.Context) error {
	lists := map[int64][]zoneStatement{}
	for _, view := range e.configuredViews() {
		list, err := e.listZones(ctx, view)
		if err != nil {
			return err
		}
		lists[view] = list
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, z := range e.state.inView {
		known := z.provenBefore() // by another process of named
		z.forget()
		z.proven = known
		z.installed.known = e.state.settings.configured[z.key.view]
	}
	for view, list := range lists {
		for _, z := range list {
			// A zone that the sweep has just found is not in the log either.
			if zone := e.noteFound(zoneKey{view: view, zone: z.zone}, z.installed); zone.want == nil && zone.unapplied() == 0 {
				e.state.markDirty(zone, 1) // the zone may have been deleted at any position
			}
		}
	}
	e.state.inventory.begin()
	e.state.inventory.succeed()
	for _, z := range e.state.inView {
		e.queue.put(z, false)
	}
	return nil
}

// configuredViews are the views that named has now.
func (e *Engine) configuredViews() []int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Keys(e.state.settings.configured))
}

// noteFound notes a zone that named has. A zone that the log does not have is
// entered with nothing wanted, so that a worker removes it. The caller holds the
// lock.
func (e *Engine) noteFound(key zoneKey, have installed) *zoneInView {
	z := e.state.inView[key]
	if z == nil {
		e.log.Warn("zone is in named and not in the log", "zone", key.zone, "view", key.view)
		// At the engine's start it may be one that was deleted from the log meanwhile.
		z = &zoneInView{key: key, stray: e.state.inventory.unapplied() == 0}
		e.state.inView[key] = z
	}
	z.installed = have
	return z
}
