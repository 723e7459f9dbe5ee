package bind

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"

	mdns "github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// plan is what one round asks: some zones of each view, with the serials that the engine
// has read from named last.
type plan struct {
	// version is that of the settings, which named is known to have.
	version int
	// order are the views as named matches clients with them.
	order []int64
	views map[int64][]dns.ACLEntry
	zones map[int64][]expected
	// probes are the keys that lead to the views.
	probes map[int64]dnsclient.Key
}

// plan returns nothing before the engine knows what named is to serve. It has the zones of which
// something is wrong, or was seen to be by a sweep, and others beside them.
func (e *Engine) plan(wrong map[zoneKey]bool) (plan, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := plan{views: map[int64][]dns.ACLEntry{}, zones: map[int64][]expected{}, probes: map[int64]dnsclient.Key{}}
	if !e.loaded {
		return p, false
	}
	if p.version = e.state.settings.version; p.version != e.state.settings.tried {
		return p, true // named is to have other views: only whether it lives can be asked
	}
	views, order, _ := e.state.configuration()
	for _, id := range dns.InOrder(sortedIDs(views), order) {
		if entries, err := dns.ParseACL(views[id].ACL); err == nil && e.state.settings.configured[id] {
			p.order, p.views[id], p.probes[id] = append(p.order, id), entries, e.local.probeKey(id)
		}
	}
	maps.Copy(wrong, e.doubted)
	clear(e.doubted)
	for key := range wrong {
		p.add(e.state.inView[key])
	}
	others := map[int64]int{}
	for key, z := range e.state.inView {
		if others[key.view] < askedZones && !wrong[key] && p.add(z) {
			others[key.view]++
		}
	}
	return p, true
}

// add adds a zone if it can be asked for, and says whether it can. The engine's lock is held.
func (p *plan) add(z *zoneInView) bool {
	if z == nil || !z.atRest() {
		return false
	}
	_, there := p.views[z.key.view]
	if there {
		p.zones[z.key.view] = append(p.zones[z.key.view], expected{zone: z, serial: z.soa.Serial})
	}
	return there
}

// atRest says whether named should serve the zone as it was last read back. The engine's
// lock is held.
func (z *zoneInView) atRest() bool {
	return !z.working && !z.queued && z.awaited == nil && z.unapplied() == 0 && z.failure == nil && z.proved() && z.want != nil && !z.want.forwards()
}

// wrong are the zones of which the last round has seen a fault.
func (h *health) wrong() map[zoneKey]bool {
	zones := map[zoneKey]bool{}
	for at := range h.seen {
		if at.zone != "" {
			zones[zoneKey{view: at.view, zone: at.zone + "."}] = true
		}
	}
	return zones
}

// round asks everything once.
func (h *health) round(ctx context.Context) []fault {
	ctx, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	p, ok := h.engine.plan(h.wrong())
	if !ok {
		return nil
	}
	addresses, err := h.engine.addresses()
	if err != nil {
		h.engine.log.Warn("cannot list this host's addresses", "error", err)
	}
	var mu sync.Mutex
	var faults []fault
	found := func(list []fault) {
		mu.Lock()
		defer mu.Unlock()
		faults = append(faults, list...)
	}
	asked := map[int64]bool{}
	var g errgroup.Group
	g.SetLimit(16)
	for _, addr := range addresses {
		view := p.viewOf(addr)
		asked[view] = true
		g.Go(func() error { found(h.askAt(ctx, p, addr, view)); return nil })
	}
	for _, view := range p.order {
		if !asked[view] && len(p.zones[view]) > 0 {
			g.Go(func() error { found(h.askByKey(ctx, p, view)); return nil })
		}
	}
	_ = g.Wait()
	return faults
}

// viewOf is the view that clients at an address fall into, 0 for none.
func (p plan) viewOf(addr netip.Addr) int64 {
	for _, id := range p.order {
		if admits(p.views[id], addr) {
			return id
		}
	}
	return 0
}

// admits says whether an address match list has the address: its first entry that fits
// decides.
func admits(entries []dns.ACLEntry, addr netip.Addr) bool {
	for _, e := range entries {
		if e.Any || e.Prefix.Contains(addr.Unmap()) {
			return !e.Not
		}
	}
	return false
}

// asker asks as a client does.
type asker struct {
	// ask asks one question and returns the answer.
	ask func(ctx context.Context, m *mdns.Msg) (*mdns.Msg, error)
	// at is where it asks, where says what a fault that it sees is about, and who says who
	// gets the answers.
	at    string
	where concern
	who   string
	from  netip.Addr
}

// askAt asks as a client at one of this host's addresses: unsigned, and from there.
func (h *health) askAt(ctx context.Context, p plan, addr netip.Addr, view int64) []fault {
	at := netip.AddrPortFrom(addr, h.engine.listen.Port()).String()
	client := &mdns.Client{Net: "udp", Timeout: answerTimeout, Dialer: &net.Dialer{
		Timeout: answerTimeout, LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)),
	}}
	conn, err := client.DialContext(ctx, at)
	if err != nil {
		return nil // the address went away: nobody asks from there
	}
	defer func() { _ = conn.Close() }()
	ask := func(ctx context.Context, m *mdns.Msg) (*mdns.Msg, error) {
		h.engine.asked.Add(1)
		reply, _, err := client.ExchangeWithConnContext(ctx, m, conn)
		if err != nil && ctx.Err() == nil { // a datagram may be lost
			h.engine.asked.Add(1)
			reply, _, err = client.ExchangeWithConnContext(ctx, m, conn)
		}
		return reply, err
	}
	hello := new(mdns.Msg).SetQuestion("id.server.", mdns.TypeTXT)
	hello.Question[0].Qclass = mdns.ClassCHAOS
	if _, err := ask(ctx, hello); err != nil {
		return h.silence(ctx, at, err)
	}
	return h.askFor(ctx, p, asker{ask, at, concern{address: at, view: view}, "clients at " + addr.String(), addr})
}

// askByKey asks for what clients of a view get which none of this host's addresses falls
// into. The key stands in what the view matches, and in none of its permissions.
func (h *health) askByKey(ctx context.Context, p plan, view int64) []fault {
	at := h.engine.dialAddr()
	dialing, cancel := context.WithTimeout(ctx, 2*answerTimeout)
	defer cancel()
	conn, err := dnsclient.Dial(dialing, at)
	if err != nil {
		return h.silence(ctx, at, err)
	}
	defer conn.Close()
	ask := func(ctx context.Context, m *mdns.Msg) (*mdns.Msg, error) {
		ctx, cancel := context.WithTimeout(ctx, 2*answerTimeout)
		defer cancel()
		return conn.Exchange(ctx, p.probes[view], m)
	}
	return h.askFor(ctx, p, asker{ask, at, concern{view: view}, "clients", h.engine.cfg.namedAddr()})
}

// silence is the fault of a named that does not answer at an address. A round that ran out
// of time, or a message to the wrong network, says nothing.
func (h *health) silence(ctx context.Context, at string, err error) []fault {
	if ctx.Err() != nil || errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.ENETUNREACH) {
		return nil
	}
	return []fault{{concern: concern{address: at}, silent: true, message: fmt.Sprintf("named does not answer at %s: %v", at, plainly(err))}}
}

// plainly leaves ports and addresses of the asker out of an error, which differ each time.
func plainly(err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return syscall.ECONNREFUSED
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, net.ErrClosed), errors.Is(err, context.DeadlineExceeded):
		return errors.New("nothing comes")
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

// askFor asks for the zones. Where none of them is answered as it should be, and all in the
// same way, that is the fault of the whole view.
func (h *health) askFor(ctx context.Context, p plan, a asker) []fault {
	zones := p.zones[a.where.view]
	wrong := map[string][]fault{}
	for _, x := range zones {
		reply, err := a.ask(ctx, question(x.zone.key.zone, mdns.TypeSOA))
		if err != nil {
			return h.silence(ctx, a.at, err)
		}
		what := x.wrongIn(reply)
		if what == "" || reply.Rcode == mdns.RcodeRefused && !h.engine.mayAsk(a.from) {
			continue
		}
		if id, still := h.engine.stillAtRest(x, p.version); still {
			zone := strings.TrimSuffix(x.zone.key.zone, ".")
			wrong[what] = append(wrong[what], fault{
				concern: concern{view: a.where.view, zone: zone}, zoneID: id, message: a.who + " get " + what + " for " + zone,
			})
		}
	}
	var all []fault
	for what, list := range wrong {
		if len(list) == len(zones) && what != otherSerial {
			return []fault{{concern: a.where, message: a.who + " get " + what}}
		}
		all = append(all, list...)
	}
	return all
}

// otherSerial is what is wrong with an answer that is not the log's.
const otherSerial = "another serial than the log's"

// wrongIn says what is wrong with the answer, empty for nothing.
func (x expected) wrongIn(reply *mdns.Msg) string {
	soa, err := soaIn(reply, x.zone.key.zone)
	switch {
	case reply.Rcode != mdns.RcodeSuccess:
		return mdns.RcodeToString[reply.Rcode]
	case err != nil:
		return "no answer of a server that has the zone"
	case soa.Serial != x.serial:
		return otherSerial
	}
	return ""
}

// stillAtRest says whether the zone has not been touched since the question was planned,
// and returns its id.
func (e *Engine) stillAtRest(x expected, version int) (zoneID int64, still bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state.settings.version != version || e.state.inView[x.zone.key] != x.zone || !x.zone.atRest() || x.zone.soa.Serial != x.serial {
		return 0, false
	}
	return x.zone.want.zoneID, true
}
