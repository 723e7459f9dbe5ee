package ddns

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/projections/query"
)

const (
	// notifyPause is the least time between two looks for who is to be notified.
	notifyPause = 100 * time.Millisecond
	// notifyFirst is how long an answer is waited for at first, and notifyTries how often one is
	// notified; each time is twice the one before.
	notifyFirst, notifyTries = time.Second, 5
	// notifyLook is how long nobody is looked for while nothing happens: who transfers a zone while it
	// changes is noted after the event.
	notifyLook = 5 * time.Second
	// mostNotified is how many are notified at once.
	mostNotified = 64
)

// notifier tells those who have transferred a zone that it has changed (RFC 1996).
//
// Invariants:
//  1. Of all processes on one log one tells each: who is to be told is found and marked in one
//     statement.
//  2. Nobody is told who did not transfer the zone by TCP, with a credential that still holds and
//     may read the zone.
type notifier struct {
	cfg    *Config
	places chan struct{}

	mu      sync.Mutex
	waiting map[notice]chan struct{}
}

// notice is a message that waits for its answer.
type notice struct {
	to netip.AddrPort
	id uint16
}

func newNotifier(cfg *Config) *notifier {
	return &notifier{cfg: cfg, places: make(chan struct{}, mostNotified), waiting: map[notice]chan struct{}{}}
}

// run notifies until ctx ends.
func (n *notifier) run(ctx context.Context, udp *net.UDPConn) error {
	if n.cfg.Pool == nil {
		<-ctx.Done()
		return nil
	}
	var all sync.WaitGroup
	defer all.Wait()
	for ctx.Err() == nil {
		seen := n.cfg.Progress.Applied(domain.ContextDNS)
		due, err := takeDue(ctx, n.cfg.Pool)
		if err != nil && ctx.Err() == nil {
			n.cfg.Log.Warn("who is to be notified is not known, trying again", "error", err)
		}
		for _, d := range due {
			select {
			case n.places <- struct{}{}:
			case <-ctx.Done():
				return nil
			}
			all.Go(func() {
				defer func() { <-n.places }()
				n.notify(ctx, udp, d)
			})
		}
		backoff.Sleep(ctx, notifyPause)
		if err == nil {
			next, cancel := context.WithTimeout(ctx, notifyLook)
			_ = n.cfg.Progress.Wait(next, domain.ContextDNS, seen+1)
			cancel()
		}
	}
	return nil
}

// notify tells one, again until there is an answer.
func (n *notifier) notify(ctx context.Context, udp *net.UDPConn, d due) {
	key, err := n.keyOf(ctx, d)
	if err != nil {
		if !errors.Is(err, identity.ErrTokenInvalid) && !errors.Is(err, errNotToBeTold) && ctx.Err() == nil {
			n.cfg.Log.Warn("not notified", "zone", d.zone, "address", d.address, "error", err)
		}
		return
	}
	to := notice{netip.AddrPortFrom(d.address, n.cfg.NotifyPort), uint16(rand.Uint32())}
	answered := n.expect(to)
	defer n.forget(to)
	wait := notifyFirst
	for range notifyTries {
		m := new(mdns.Msg).SetNotify(mdns.Fqdn(d.zone))
		m.Id = to.id
		out, _, err := (&signature{key: key}).sign(m, "", false, n.cfg.Now())
		if err == nil {
			_, err = udp.WriteToUDPAddrPort(out, to.to)
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-answered:
			timer.Stop()
			return
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
			wait *= 2
		}
	}
	n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "nobody answers that a zone has changed",
		slog.String("zone", d.zone), slog.String("address", to.to.String()))
}

// errNotToBeTold says that who transferred a zone may not read it any more.
var errNotToBeTold = errors.New("the credential may not read the zone any more")

// keyOf returns the key of one who is to be notified, if it may still transfer the zone.
func (n *notifier) keyOf(ctx context.Context, d due) (*identity.TSIGKey, error) {
	key, err := n.cfg.Identity.TSIGKey(ctx, d.key)
	if err != nil {
		return nil, err
	}
	zone, err := n.cfg.Reader.Zone(ctx, d.id)
	if errors.Is(err, query.ErrNotFound) {
		return nil, errNotToBeTold
	}
	if err != nil {
		return nil, err
	}
	if at, no := readable(zone, key.User); no != nil || at.view != d.view {
		return nil, errNotToBeTold
	}
	return key, nil
}

func (n *notifier) expect(to notice) <-chan struct{} {
	answered := make(chan struct{})
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting[to] = answered
	return answered
}

func (n *notifier) forget(to notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.waiting, to)
}

// answered takes what came by UDP as an answer.
func (n *notifier) answered(a *asked) {
	if len(a.raw) < headerSize || int(a.raw[2]>>3)&0xf != mdns.OpcodeNotify {
		return
	}
	from := notice{a.from, binary.BigEndian.Uint16(a.raw)}
	n.mu.Lock()
	defer n.mu.Unlock()
	if answered := n.waiting[from]; answered != nil {
		close(answered)
		delete(n.waiting, from)
	}
}
