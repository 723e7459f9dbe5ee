package bind

import (
	"context"
	"errors"
	"fmt"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// errBusy says that named serves the zone and would not transfer it now.
var errBusy = errors.New("named does not transfer the zone, which it serves: too many transfers at a time")

// compare makes named serve a zone with records: it transfers the whole zone and
// changes what differs.
func (w *worker) compare(ctx context.Context, j job) (outcome, error) {
	switch j.installed.kind {
	case "", kindPrimary:
	case kindSecondary:
		if err := w.convert(ctx, &j); err != nil {
			return outcome{}, err
		}
	default:
		if err := w.engine.removeZone(ctx, j.key, j.installed); err != nil {
			return outcome{}, err
		}
		j.installed.kind = ""
	}
	fresh := j.installed.kind == ""
	if fresh && (j.proven != nil || j.reported != nil) {
		if err := w.onMissing(ctx, j, "named does not have the zone"); err != nil {
			return outcome{}, err
		}
	}
	if fresh {
		if err := w.install(ctx, &j); err != nil {
			return outcome{}, err
		}
	}
	held, soa, err := w.fetch(ctx, j.key)
	if err != nil && !fresh && w.notServed(ctx, j.key, err) {
		if err := w.onNotServed(ctx, j, err); err != nil {
			return outcome{}, err
		}
		if held, soa, err = w.reinstall(ctx, &j); err != nil {
			return outcome{}, err
		}
	}
	if err != nil {
		return outcome{}, err
	}
	w.engine.metrics.transfers.Inc()
	changes := j.content.diff(held)
	if foreign, is := j.drift(changes, soa); is && !fresh {
		if err := w.onOtherContent(ctx, j, foreign, soa); err != nil {
			return outcome{}, err
		}
	}
	out, err := w.change(ctx, j, changes, soa)
	out.compared = err == nil
	return out, err
}

// notServed says whether the error of a transfer means that named does not serve the zone. That it does
// not have the zone is said by an answer that is not signed, as anybody could: the control channel tells.
func (w *worker) notServed(ctx context.Context, key zoneKey, err error) bool {
	if errors.Is(err, mdns.ErrAuth) {
		have, err := w.engine.showZone(ctx, key)
		return err == nil && have.kind == ""
	}
	rcode, refused := errors.AsType[dnsclient.RcodeError](err)
	return refused && notLoaded(rcode)
}

// notLoaded says whether the rcode of a refused transfer means that named does
// not serve the zone, rather than that the engine may not transfer it.
func notLoaded(rcode dnsclient.RcodeError) bool {
	return int(rcode) == mdns.RcodeServerFailure || int(rcode) == mdns.RcodeNotAuth
}

func (w *worker) install(ctx context.Context, j *job) error {
	have, err := w.engine.addPrimary(ctx, *j)
	if refusedAs(err, "already exists") && !j.looked {
		return fmt.Errorf("%w: %w", errStale, err)
	}
	if err != nil {
		return err
	}
	j.installed = have
	return nil
}

// reinstall replaces a zone that named has and cannot serve.
func (w *worker) reinstall(ctx context.Context, j *job) (map[setKey]*rrset, *mdns.SOA, error) {
	w.engine.log.Warn("named has the zone and does not serve it, adding it anew", "zone", j.key.zone, "view", j.key.view)
	w.engine.metrics.drift.Inc()
	if err := w.engine.removeZone(ctx, j.key, j.installed); err != nil {
		return nil, nil, err
	}
	if err := w.install(ctx, j); err != nil {
		return nil, nil, err
	}
	return w.fetch(ctx, j.key)
}

// fetch transfers a zone. An error is never taken for an empty zone.
func (w *worker) fetch(ctx context.Context, key zoneKey) (map[setKey]*rrset, *mdns.SOA, error) {
	var rrs []mdns.RR
	if err := w.transfer(ctx, key, func(rr mdns.RR) { rrs = append(rrs, rr) }); err != nil {
		return nil, nil, err
	}
	sets, err := collect(key.zone, rrs[1:])
	return sets, rrs[0].(*mdns.SOA), err
}

// transfer shows the records of a zone, its SOA first.
func (w *worker) transfer(ctx context.Context, key zoneKey, each func(mdns.RR)) error {
	conn, err := w.connection(ctx)
	if err != nil {
		return err
	}
	if err := conn.Transfer(ctx, w.engine.viewKey(key.view), key.zone, each); err != nil {
		w.hangUp()
		return w.unlessServed(ctx, key, err)
	}
	return nil
}

// unlessServed returns the error of a transfer, or errBusy if named serves the
// zone all the same: named answers a transfer with SERVFAIL for a zone that it
// could not load, and also for any zone while its transfers-out are used up.
func (w *worker) unlessServed(ctx context.Context, key zoneKey, err error) error {
	if rcode := dnsclient.RcodeError(0); !errors.As(err, &rcode) || int(rcode) != mdns.RcodeServerFailure {
		return err
	}
	reply, asking := w.exchange(ctx, key, question(key.zone, mdns.TypeSOA))
	if asking != nil {
		return asking
	}
	if _, notServed := soaIn(reply, key.zone); notServed != nil {
		return err
	}
	return errBusy
}
