package ddns

import (
	"context"
	"errors"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/allowance"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

const (
	// transferTimeout is how long a transfer may take.
	transferTimeout = 10 * time.Minute
	// stillEvery is how often it is asked whether the credential of a transfer still holds.
	stillEvery = 40 * time.Millisecond
)

// transfersMay bounds the transfers of one user that are under way.
var transfersMay = allowance.Limits{PerSecond: 10_000, Burst: 20_000, InWork: mostTransfers / 2}

// transfer answers AXFR and IXFR.
func (r *running) transfer(a *asked, send func([]byte) error) reply {
	if a.signed == nil {
		return refused(mdns.ExtendedErrorCodeProhibited, "a transfer must be signed by a TSIG credential")
	}
	if a.conn == nil && a.what == whatAXFR {
		return failed(mdns.RcodeFormatError, mdns.ExtendedErrorCodeOther, "AXFR is for TCP")
	}
	ctx, cancel := context.WithTimeout(r.working, transferTimeout)
	defer cancel()
	at, no, err := r.transferred(ctx, a)
	if err != nil {
		return r.broken(a, err)
	}
	if no != nil {
		return *no
	}
	user := int64(a.signed.key.User.ID)
	if !r.copying.Begin(user, 1) {
		return failed(mdns.RcodeServerFailure, mdns.ExtendedErrorCodeNotReady, "too many transfers of one user at once")
	}
	defer r.copying.End(user)
	select {
	case r.transfers <- struct{}{}:
	default:
		return failed(mdns.RcodeServerFailure, mdns.ExtendedErrorCodeNotReady, "too many transfers at once, try again")
	}
	defer func() { <-r.transfers }()
	if a.leaveWork != nil {
		a.leaveWork()
	}
	ctx, ended := r.whileHeld(ctx, a, at)
	defer ended()
	out := newStream(ctx, a, at.Name, send, r.cfg.Now)
	if a.what == whatIXFR {
		err = r.ixfr(ctx, a, at, out)
	} else {
		err = r.axfr(ctx, a, at, out)
	}
	return r.finish(a, at, out, err)
}

// transferred finds the zone that is to be transferred. Not nil is why it is not.
func (s *Server) transferred(ctx context.Context, a *asked) (placed, *reply, error) {
	zone, err := s.zoneAt(ctx, a.msg.Question[0].Name)
	if err != nil {
		return placed{}, nil, err
	}
	user := a.signed.key.User
	if zone == nil || hidden(*zone, user) {
		no := foreign()
		return placed{}, &no, nil
	}
	at, no := readable(*zone, user)
	if err := user.RequireWholeZone(); no == nil && err != nil {
		refusal := refusalOf(err)
		no = &refusal
	}
	if a.what == whatIXFR && no == nil {
		if _, sound := a.serial(); !sound {
			bad := failed(mdns.RcodeFormatError, mdns.ExtendedErrorCodeOther, "IXFR must have the client's SOA in its authority section")
			no = &bad
		}
	}
	return at, no, nil
}

// serial is the one that the client of an IXFR has.
func (a *asked) serial() (serial uint32, sound bool) {
	if len(a.msg.Ns) != 1 {
		return 0, false
	}
	soa, is := a.msg.Ns[0].(*mdns.SOA)
	if !is || zoneName(soa.Hdr.Name) != zoneName(a.msg.Question[0].Name) {
		return 0, false
	}
	return soa.Serial, true
}

// whileHeld returns a context that ends, and with it the connection, as soon as the credential, or
// its right to read the zone, has ended.
func (s *Server) whileHeld(parent context.Context, a *asked, at placed) (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(parent)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(stillEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			user, err := s.cfg.Identity.Again(ctx, a.signed.key.User)
			if errors.Is(err, identity.ErrTokenInvalid) || err == nil && !user.May(access.On(at.Target, access.OperationAccess)) {
				cancel(errEnded)
				if a.conn != nil {
					_ = a.conn.Close() // which also ends a write that waits for the other side
				}
				return
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-stopped
	}
}

var errEnded = errors.New("the credential has ended")

// finish says what became of a transfer. One that broke off is no transfer to anybody: its connection
// is cut.
func (r *running) finish(a *asked, at placed, out *stream, err error) reply {
	switch {
	case err == nil:
		if a.conn != nil {
			a.err = r.notifier.remember(r.working, a, at)
		}
		return reply{sent: true}
	case out.messages > 0:
		a.err = err
		if a.conn != nil {
			_ = a.conn.Close()
		}
		return reply{rcode: mdns.RcodeServerFailure, sent: true}
	case errors.Is(err, query.ErrNotFound):
		return failed(mdns.RcodeNotAuth, mdns.ExtendedErrorCodeNotAuthoritative, "the zone has just gone")
	default:
		return r.broken(a, err)
	}
}

// axfr sends the whole zone, as name servers serve it.
func (s *Server) axfr(ctx context.Context, a *asked, at placed, out *stream) error {
	var soa *mdns.SOA
	err := s.cfg.Reader.Content(ctx, at.ID, at.view, func(c *dnsmodel.Content) error {
		if c.Name != out.wire.zone { // it was renamed just now
			return query.ErrNotFound
		}
		soa, a.position = c.SOA(), c.Position
		return whole(c, soa, out)
	})
	if err != nil {
		return err
	}
	return out.end(soa)
}

// whole sends all records of a zone but the last, which is the SOA once more.
func whole(c *dnsmodel.Content, soa *mdns.SOA, out *stream) error {
	if err := out.soa(soa); err != nil {
		return err
	}
	sets := zonedata.NewSets(c.Zone, out.set)
	if err := c.Located(sets.Add); err != nil {
		return err
	}
	return sets.End()
}
