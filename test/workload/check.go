package workload

import (
	"fmt"
	"maps"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// Check compares, once everything has come to rest, what was acknowledged with
// the log, the read models, the read models made anew, and what named answers.
func (w *Workload) Check() {
	w.t.Helper()
	w.Live()
	log := w.site.Serve.OpenLog()
	w.checkLog(log.Store)
	all := w.everything()
	w.checkDNS(dnsmodel.NewReader(log.Pool), oplog.NewReader(log.Pool), all)
	w.checkPeople(accessmodel.NewReader(log.Pool), all)
	w.checkMachines(opsmodel.NewReader(log.Pool), all)
	log.SameAsReplay()
	w.checkNamed(all)
}

// checkLog: every acknowledged write is in the log once, at its position, and
// nothing else is there that clients could have written, but for their logins.
func (w *Workload) checkLog(store *eventstore.Store) {
	w.t.Helper()
	head, err := store.Head(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	missing, at := maps.Clone(w.acked), int64(0)
	err = store.Scan(w.t.Context(), 0, head.Position, func(page []protocol.Envelope) error {
		for _, e := range page {
			if at++; int64(e.Position) != at {
				return fmt.Errorf("event %d follows event %d", e.Position, at-1)
			}
			if e.Actor != access.AdminID || e.Type == (access.UserLoggedIn{}).EventType() {
				continue
			}
			if want := missing[at]; want != e.Type {
				w.t.Errorf("event %d is %s of command %s; acknowledged was %q", at, e.Type, e.CommandID, want)
			}
			delete(missing, at)
		}
		return nil
	})
	if err != nil {
		w.t.Error(err)
	}
	if len(missing) > 0 {
		w.t.Errorf("acknowledged, but not in the log: %v", missing)
	}
	w.t.Logf("%d events, %d writes acknowledged", at, len(w.acked))
}

// everything unites what all clients have.
func (w *Workload) everything() belongings {
	all := newBelongings()
	for _, c := range w.clients {
		maps.Copy(all.servers, c.own.servers)
		maps.Copy(all.views, c.own.views)
		maps.Copy(all.zones, c.own.zones)
		maps.Copy(all.records, c.own.records)
		maps.Copy(all.users, c.own.users)
		maps.Copy(all.roles, c.own.roles)
		maps.Copy(all.privileges, c.own.privileges)
		maps.Copy(all.machines, c.own.machines)
		maps.Copy(all.tasks, c.own.tasks)
		all.ran = append(all.ran, c.own.ran...)
		all.gone = append(all.gone, c.own.gone...)
		all.conf += c.own.conf // one client has it
	}
	return all
}
