package bind

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	mdns "github.com/miekg/dns"
)

const (
	// listenEvery is the pause between looks at all addresses while named answers at
	// each; silentEvery while it does not.
	listenEvery = 30 * time.Second
	silentEvery = time.Second
	// silentPatience is how long named may run without answering at its address before
	// that counts as a failure.
	silentPatience = 3 * time.Second
	// askTimeout bounds one question for named's configuration, and lookTimeout one at an
	// address where named may not be.
	askTimeout  = 5 * time.Second
	lookTimeout = time.Second
)

// listening is whether named answers where clients ask. named itself goes on without an
// address that it cannot listen on, and says so in its log alone.
//
// Invariant: while named runs and does not answer at an address that is its own, every
// report has a failure that says where and why, and no change counts as applied beside
// it.
type listening struct {
	// boot is the start of named that was looked at; next is the time of the next look.
	boot string
	next time.Time
	// silent are the addresses that did not answer at the last look.
	silent []string
	// since is when named was first found to run without answering at all.
	since time.Time
}

// silence is the error of a named that runs and does not answer.
type silence struct {
	at  string
	err error
}

func (s *silence) Error() string {
	return "named runs and does not answer at " + s.at + ": " + s.err.Error()
}

func (s *silence) Unwrap() error { return s.err }

// noteSilence reports a named that runs and answers nothing, which keeps the engine
// from working at all.
func (d *driver) noteSilence(err error) {
	quiet, ok := errors.AsType[*silence](err)
	if !ok {
		d.listening.since = time.Time{}
		return
	}
	if d.listening.since.IsZero() {
		d.listening.since = time.Now()
	}
	d.listening.next = time.Time{}
	if time.Since(d.listening.since) > silentPatience {
		d.engine.setSilent(quiet.Error() + d.engine.whyNotListening())
	}
}

// checkListening asks named at every address now and then, and reports those where it
// does not answer twice in a row.
func (d *driver) checkListening(ctx context.Context) {
	l, e := &d.listening, d.engine
	if l.boot == d.boot && time.Now().Before(l.next) {
		return
	}
	before := l.silent
	l.boot, l.silent, l.next = d.boot, e.silentAddresses(ctx, d.running), time.Now().Add(listenEvery)
	if ctx.Err() != nil {
		return
	}
	if len(l.silent) == 0 {
		e.setSilent("")
		return
	}
	l.next = time.Now().Add(silentEvery)
	if _, err := e.control(ctx, "scan"); err != nil { // what was in the way may have gone
		e.log.Debug("named does not look at its interfaces again", "error", err)
	}
	still := slices.DeleteFunc(slices.Clone(l.silent), func(at string) bool { return !slices.Contains(before, at) })
	if len(still) > 0 {
		e.setSilent("named does not listen at " + strings.Join(still, ", ") + e.whyNotListening())
	}
}

// setSilent makes the text part of every report until it is set to the empty one.
func (e *Engine) setSilent(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case text == "" && e.silent == nil || e.silent != nil && e.silent.message == text:
		return
	case text == "":
		e.log.Info("named answers at all its addresses again")
		e.silent = nil
	case e.silent == nil:
		e.silent = &failure{since: e.appliedLocked() + 1}
		fallthrough
	default:
		e.log.Warn(text)
		e.metrics.failures.Inc()
		e.silent.message = text
	}
	e.notify()
}

// silentAddresses asks at each address, by UDP and TCP, for the server-id that named
// has, and returns those where nobody answers or somebody else does. An address from
// which no clear answer came may be behind a packet filter, and is not among them.
func (e *Engine) silentAddresses(ctx context.Context, id string) (silent []string) {
	addresses, err := e.addresses()
	if err != nil {
		e.log.Warn("cannot list this host's addresses", "error", err)
		return nil
	}
	for _, addr := range addresses {
		at := netip.AddrPortFrom(addr, e.listen.Port()).String()
		for _, network := range []string{"udp", "tcp"} {
			e.asked.Add(1)
			got, err := serverIDAt(ctx, network, at, lookTimeout)
			switch {
			case errors.Is(err, syscall.ECONNREFUSED):
				silent = append(silent, fmt.Sprintf("%s (%s)", at, network))
			case err == nil && got != id:
				silent = append(silent, fmt.Sprintf("%s (%s), where another program answers", at, network))
			}
		}
	}
	return silent
}

// addresses are those that named is to answer at. Link-local ones are left out: they
// come and go, and mean nothing without an interface.
func (e *Engine) addresses() ([]netip.Addr, error) {
	if !e.listen.Addr().IsUnspecified() {
		return []netip.Addr{e.listen.Addr()}, nil
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, one := range all {
		if prefix, err := netip.ParsePrefix(one.String()); err == nil && !prefix.Addr().IsLinkLocalUnicast() {
			out = append(out, prefix.Addr())
		}
	}
	return out, nil
}

// serverIDAt asks which configuration the named at an address runs with.
func serverIDAt(ctx context.Context, network, at string, limit time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	m := new(mdns.Msg)
	m.SetQuestion("id.server.", mdns.TypeTXT)
	m.Question[0].Qclass = mdns.ClassCHAOS
	reply, _, err := (&mdns.Client{Net: network}).ExchangeContext(ctx, m, at)
	if err != nil {
		return "", err
	}
	for _, rr := range reply.Answer {
		if txt, ok := rr.(*mdns.TXT); ok {
			return strings.Join(txt.Txt, ""), nil
		}
	}
	return "none", nil
}

// serverID asks named which configuration it runs with.
func (e *Engine) serverID(ctx context.Context) (string, error) {
	e.asked.Add(1)
	id, err := serverIDAt(ctx, "tcp", e.dialAddr(), askTimeout)
	if err != nil {
		return "", &silence{at: e.dialAddr(), err: err}
	}
	return id, nil
}

// whyNotListening is what named has logged last about an address that it does not listen
// at; empty if its log cannot be read.
func (e *Engine) whyNotListening() string {
	for _, line := range slices.Backward(lastLines(e.layout.log(), 16<<10)) {
		_, text, found := strings.Cut(line, "network: error: ")
		if found && (strings.Contains(text, "listen") || strings.Contains(text, "interface ignored")) {
			return " (its log: " + text + ")"
		}
	}
	return ""
}
