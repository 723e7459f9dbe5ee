package reporter

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// noteProved appends, for each new server whose agent has proved all of the log up to the server's
// own last event, that the server serves. Several processes may see the same report: the command
// does nothing for a server that serves.
func (r *Reporter) noteProved(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	servers, _ := r.cfg.Roster.Enrolled()
	for _, s := range servers {
		at, proved := r.proved(s)
		if !proved {
			continue
		}
		prove, err := dns.NewProveServer(s.ID, at)
		if err == nil {
			_, err = r.cfg.Store.Execute(ctx, eventstore.Request{Command: prove, Actor: domain.System, Door: domain.DoorSystem})
		}
		if err != nil && ctx.Err() == nil {
			r.cfg.Log.Warn("reporter: will note later that a server serves", "server", s.Host, "error", err)
		}
	}
}

// proved says up to where a server that did not serve before is proved now. A zone that no server can
// serve keeps none from counting, but a fault of the server as a whole does.
func (r *Reporter) proved(s dnsmodel.Server) (at domain.Position, proved bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.last[s.ID]
	if s.Serves || w == nil || !w.online(time.Now()) || w.report.Applied < s.Changed {
		return 0, false
	}
	for _, f := range w.report.Failures {
		if f.ZoneID == 0 && !f.Gone() {
			return 0, false
		}
	}
	return w.report.Applied, true
}
