package ddns

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
)

// headerSize is how long the header of a message is.
const headerSize = 12

// isResponse says whether a message answers another one.
func isResponse(raw []byte) bool { return len(raw) > 2 && raw[2]&0x80 != 0 }

// what a message asks for, in metrics and the log.
type what string

const (
	whatOther  what = "other"
	whatUpdate what = "update"
	whatSOA    what = "soa"
	whatNS     what = "ns"
	whatAXFR   what = "axfr"
	whatIXFR   what = "ixfr"
)

// asked is a message, and what becomes of it.
type asked struct {
	raw  []byte
	from netip.AddrPort
	// conn is nil for a message that came by UDP.
	conn *conn
	msg  *mdns.Msg
	// signed is by whom and how the message was signed, nil for one without a good signature.
	signed *signature
	// edns is the client's, nil for none.
	edns *mdns.OPT
	// leaveWork gives up the message's place among those in work.
	leaveWork func()

	// What the log and the metrics say of it.
	what     what
	zone     string
	position domain.Position
	err      error
}

// reply is an answer to a message.
type reply struct {
	rcode int
	// authoritative is said of answers to questions.
	authoritative bool
	answer, ns    []mdns.RR
	// remark is told to who sent EDNS, nil for nothing.
	remark *mdns.EDNS0_EDE
	// fault is what is wrong with the signature, nil for nothing.
	fault *fault
	// sent: the answer has been sent already.
	sent bool
}

// refused is a refusal with its reason.
func refused(code uint16, text string) reply { return failed(mdns.RcodeRefused, code, text) }

func failed(rcode int, code uint16, text string) reply {
	return reply{rcode: rcode, remark: &mdns.EDNS0_EDE{InfoCode: code, ExtraText: cut(text)}}
}

// cut keeps a text within what a datagram bears.
func cut(text string) string {
	const most = 300
	if len(text) <= most {
		return text
	}
	runes := []rune(text)
	return string(runes[:min(len(runes), most/3)]) + "…"
}

// handle answers a message.
func (r *running) handle(a *asked, send func([]byte) error) {
	start := time.Now()
	a.what = whatOther
	ctx, cancel := context.WithTimeout(r.working, requestTimeout)
	defer cancel()
	answer, silent := r.answer(ctx, a, send)
	if silent {
		r.metrics.dropped.Inc()
		return
	}
	if !answer.sent {
		out, err := a.pack(answer, r.cfg.Now())
		if err == nil {
			err = send(out)
		}
		a.err = errors.Join(a.err, err)
	}
	r.logged(a, answer, time.Since(start))
}

// answer finds what to say; silent is for what is dropped.
func (r *running) answer(ctx context.Context, a *asked, send func([]byte) error) (answer reply, silent bool) {
	if len(a.raw) < headerSize {
		return reply{}, true
	}
	a.msg = new(mdns.Msg)
	if err := a.msg.Unpack(a.raw); err != nil {
		a.msg = bare(a.raw)
		return reply{rcode: mdns.RcodeFormatError}, !r.strangerMay(a)
	}
	a.edns = a.msg.IsEdns0()
	leave, paid := func() {}, false
	if !r.remembers(a) {
		if leave, paid = r.letIn(a), true; leave == nil {
			return failed(mdns.RcodeServerFailure, mdns.ExtendedErrorCodeNotReady, "too many questions at once"), a.conn == nil
		}
	}
	leave = sync.OnceFunc(leave)
	defer leave()
	sig, fault, err := r.verify(ctx, a)
	switch {
	case err != nil:
		a.err = err
		return reply{rcode: mdns.RcodeServerFailure}, !paid && !r.strangerMay(a)
	case fault != nil:
		return fault.reply(), !paid && !r.strangerMay(a)
	case sig != nil:
		leave()
		a.signed = sig
		if a.conn != nil {
			a.conn.known.Store(true)
		}
		user := int64(sig.key.User.ID)
		if !r.users.Begin(user, 1) {
			return failed(mdns.RcodeServerFailure, mdns.ExtendedErrorCodeNotReady, "too many messages of one user at once"), a.conn == nil
		}
		defer r.users.End(user)
		r.cfg.Identity.Used(ctx, sig.key.User.CredentialID(), false)
	}
	if a.edns != nil && a.edns.Version() != 0 {
		return reply{rcode: mdns.RcodeBadVers}, false
	}
	return r.dispatch(ctx, a, send), false
}

// remembers says whether the message is signed by a key that costs no look at the log.
func (r *running) remembers(a *asked) bool {
	t, _ := tsigOf(a.msg)
	return t != nil && r.cfg.Identity.Remembers(t.Hdr.Name)
}

// letIn gives a message without a signature, or with that of a key that is to be looked up, a place
// among those that are in work, nil if it may have none: none waits for a place while it holds one
// that others need.
func (r *running) letIn(a *asked) (leave func()) {
	if !r.strangerMay(a) {
		return nil
	}
	select {
	case r.unsigned <- struct{}{}:
		return func() { <-r.unsigned }
	default:
		return nil
	}
}

// strangerMay takes what a message without a good signature costs out of its network's allowance.
func (r *running) strangerMay(a *asked) bool { return r.strangers.Take(strangerOf(a.from.Addr()), 1) }

// bare is the header of a message that cannot be read.
func bare(raw []byte) *mdns.Msg {
	m := new(mdns.Msg)
	m.Id = binary.BigEndian.Uint16(raw)
	m.Opcode = int(raw[2]>>3) & 0xf
	return m
}

func (r *running) dispatch(ctx context.Context, a *asked, send func([]byte) error) reply {
	switch a.msg.Opcode {
	case mdns.OpcodeUpdate:
		a.what = whatUpdate
		return r.update(ctx, a)
	case mdns.OpcodeQuery:
		return r.query(ctx, a, send)
	default:
		return reply{rcode: mdns.RcodeNotImplemented}
	}
}

func (r *running) query(ctx context.Context, a *asked, send func([]byte) error) reply {
	if len(a.msg.Question) != 1 {
		return reply{rcode: mdns.RcodeFormatError}
	}
	q := a.msg.Question[0]
	a.zone = q.Name
	if q.Qclass != mdns.ClassINET {
		return refused(mdns.ExtendedErrorCodeNotAuthoritative, "only class IN is served")
	}
	switch q.Qtype {
	case mdns.TypeSOA:
		a.what = whatSOA
		return r.question(ctx, a)
	case mdns.TypeNS:
		a.what = whatNS
		return r.question(ctx, a)
	case mdns.TypeAXFR:
		a.what = whatAXFR
		return r.transfer(a, send)
	case mdns.TypeIXFR:
		a.what = whatIXFR
		return r.transfer(a, send)
	default:
		return refused(mdns.ExtendedErrorCodeProhibited, "only SOA and NS are answered here; ask a name server")
	}
}

// levelOf is that of the line about a message. What anybody can bring about is no error of ours: a
// transfer that the other side breaks off, and whatever is not signed.
func levelOf(a *asked, answer reply) slog.Level {
	failed := answer.rcode == mdns.RcodeServerFailure && a.err != nil
	switch {
	case a.signed == nil:
		return slog.LevelDebug
	case failed && !answer.sent:
		return slog.LevelError
	case failed:
		return slog.LevelWarn
	case a.what != whatSOA && a.what != whatNS:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// logged measures, and writes the one line about a message.
func (r *running) logged(a *asked, answer reply, took time.Duration) {
	rcode := mdns.RcodeToString[answer.rcode]
	if answer.fault != nil && answer.fault.code != 0 {
		rcode = mdns.RcodeToString[int(answer.fault.code)]
	}
	r.metrics.answered(a.what, rcode, took)
	level := levelOf(a, answer)
	if !r.cfg.Log.Enabled(r.working, level) {
		return
	}
	transport := "udp"
	if a.conn != nil {
		transport = "tcp"
	}
	attrs := []slog.Attr{
		slog.String("what", string(a.what)), slog.String("rcode", rcode), slog.Float64("took_ms", float64(took.Microseconds())/1000),
		slog.String("remote", a.from.String()), slog.String("transport", transport),
	}
	if a.zone != "" {
		attrs = append(attrs, slog.String("zone", domain.Shown(a.zone)))
	}
	if a.signed != nil {
		user := a.signed.key.User
		attrs = append(attrs, slog.Int64("user", int64(user.ID)), slog.Int64("credential", int64(user.CredentialID())))
	}
	if a.position != 0 {
		attrs = append(attrs, slog.Int64("position", int64(a.position)))
	}
	if answer.remark != nil {
		attrs = append(attrs, slog.String("remark", answer.remark.ExtraText))
	}
	if a.err != nil {
		attrs = append(attrs, slog.String("error", a.err.Error()))
	}
	r.cfg.Log.LogAttrs(r.working, level, "dns message", attrs...)
}
