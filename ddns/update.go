package ddns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/api/wording"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// readersWait is how long an update that was carried out waits for the read models.
const readersWait = 2 * time.Second

// updateSpace is the name space of the ids that updates have as commands.
var updateSpace = uuid.MustParse("0d6b7d0c-5a0e-5d67-9d5b-3f7c1f0b8a21")

// update carries an update out, once: a repeat of the same signed message gets the answer of the
// first, by whatever process, also where it was refused.
func (s *Server) update(ctx context.Context, a *asked) reply {
	if a.signed == nil {
		return refused(mdns.ExtendedErrorCodeProhibited, "an update must be signed by a TSIG credential")
	}
	request := s.request(a)
	if len(a.msg.Question) != 1 || a.msg.Question[0].Qtype != mdns.TypeSOA {
		no := failed(mdns.RcodeFormatError, mdns.ExtendedErrorCodeOther, "the zone section must have one SOA")
		return s.recall(ctx, a, request, no)
	}
	a.zone = a.msg.Question[0].Name
	for tries := 0; ; tries++ {
		zone, remembered, err := s.zoneToUpdate(ctx, a.zone, tries == 0)
		if err != nil {
			return s.broken(a, err)
		}
		cmd, no, err := s.command(ctx, a, zone)
		switch {
		case remembered && (err != nil || no != nil):
			continue
		case errors.Is(err, query.ErrNotFound) && tries < maxStale: // it went just now, or left the view
			continue
		case err != nil:
			return s.broken(a, err)
		case no != nil:
			return s.recall(ctx, a, request, *no)
		}
		request.Command = cmd
		receipt, err := s.cfg.Store.Execute(ctx, request)
		switch {
		case errors.Is(err, zoneupdate.ErrStale) && tries < maxStale:
			if _, err := s.caughtUp(ctx); err != nil {
				return s.broken(a, err)
			}
		case doubtful(err, tries) && tries < maxStale:
		case err != nil:
			return s.refusedUpdate(ctx, a, request, err)
		default:
			return s.done(ctx, a, receipt)
		}
	}
}

// doubtful says that a refusal is to be decided anew. What an update reads it reads in rounds, between
// which others write: what was ignored, or not there, in one may be in the way in the next. So a refusal
// is believed the second time, and that a record is there already, or has gone, never.
func doubtful(err error, tries int) bool {
	parts, refused := errors.AsType[*batch.Error](err)
	if !refused {
		return false
	}
	first := parts.Refusals[0].Err
	return tries == 0 || dns.IsDuplicate(first) || first.Code == domain.CodeNotFound
}

// maxStale is how often a command is made anew since the zone is otherwise by now.
const maxStale = 15

// request is the message as a request to the store, without its command.
func (s *Server) request(a *asked) eventstore.Request {
	user := a.signed.key.User
	id := strconv.FormatInt(int64(user.CredentialID()), 10)
	return eventstore.Request{
		Actor: user.ID, Credential: user.CredentialID(), Door: domain.DoorDDNS,
		CommandID: uuid.NewSHA1(updateSpace, append([]byte(id+"\x00"), fromHex(a.signed.mac)...)),
	}
}

// command makes the command of an update of a zone, nil for one that is not here. Not nil is why there
// is none.
func (s *Server) command(ctx context.Context, a *asked, zone *dnsmodel.Zone) (*zoneupdate.Update, *reply, error) {
	no := func(r reply) (*zoneupdate.Update, *reply, error) { return nil, &r, nil }
	q, user := a.msg.Question[0], a.signed.key.User
	if zone == nil || q.Qclass != mdns.ClassINET || hidden(*zone, user) {
		return no(foreign())
	}
	at, outside := readable(*zone, user)
	if outside != nil {
		return nil, outside, nil
	}
	to := zoneupdate.Target{ZoneID: zone.ID, Zone: zone.Name, ViewID: at.view, View: at.viewName(), Only: user.Credential.View == 0}
	if len(a.msg.Answer) > 0 {
		if err := s.readRequired(ctx, at, a.msg.Answer, &to); err != nil {
			return nil, nil, err
		}
	}
	cmd, err := zoneupdate.New(to, a.msg.Answer, a.msg.Ns)
	if failure, is := errors.AsType[*zoneupdate.Failure](err); is {
		return no(failed(failure.Rcode, mdns.ExtendedErrorCodeOther, failure.Reason))
	}
	if err != nil {
		return nil, nil, err
	}
	if err := withinBounds(cmd, zone.Name, user); err != nil {
		return no(refusalOf(err))
	}
	return cmd, nil, nil
}

// readRequired reads what prerequisites may ask about that the log does not say: the fleet, and as the log
// has it now the zone's SOA, and the PTRs that it has of other zones. Those zones may be written meanwhile, as they
// may after the update.
func (s *Server) readRequired(ctx context.Context, at placed, required []mdns.RR, to *zoneupdate.Target) (err error) {
	if to.Fleet, err = s.cfg.Reader.ResolvedFleet(ctx); err != nil {
		return err
	}
	asksForSOA := zoneupdate.AsksForSOA(required)
	if _, reverse := dns.ReversePrefix(at.Name); !asksForSOA && !reverse {
		return nil
	}
	upTo, err := s.caughtUp(ctx)
	if err != nil {
		return err
	}
	var owners []string
	for _, rr := range required {
		if owner, inside := zonedata.Relative(rr.Header().Name, zonedata.Absolute(at.Name)); inside {
			owners = append(owners, owner)
		}
	}
	return s.content(ctx, at, func(c *dnsmodel.Content) (err error) {
		if asksForSOA {
			to.SOA, to.SOAOf = c.SOA(), upTo
		}
		if len(c.Settings.KeptFrom()) > 0 {
			to.Kept, err = c.Kept(owners...)
		}
		return err
	})
}

// withinBounds refuses a message that asks about, or is to change, records that the credential is
// not for, whether there are any or not.
func withinBounds(cmd *zoneupdate.Update, zone string, user *identity.User) error {
	if !user.Narrow() {
		return nil
	}
	for _, key := range cmd.Touched() {
		name := dns.FullName(key.Owner, dns.FoldName(zone))
		if err := user.RequireRecord(name, typeIn(key)); err != nil {
			return err
		}
	}
	return nil
}

// typeIn is the type as credentials have it. No credential for some types is for all of a name.
func typeIn(key zonedata.Key) string {
	if key.Type == mdns.TypeANY {
		return "ANY"
	}
	return dns.TypeName(key.Type)
}

// refusedUpdate answers an update that was not carried out, and keeps a refusal for repeats.
func (s *Server) refusedUpdate(ctx context.Context, a *asked, request eventstore.Request, err error) reply {
	var failure *zoneupdate.Failure
	var refusal *domain.Error
	var parts *batch.Error
	switch {
	case errors.As(err, &failure):
		return s.keep(ctx, a, request, failed(failure.Rcode, mdns.ExtendedErrorCodeOther, failure.Reason))
	case errors.As(err, &parts):
		return s.keep(ctx, a, request, refusalOf(parts.Refusals[0].Err))
	case errors.As(err, &refusal) && refusal.Code == domain.CodeUnauthenticated:
		return refused(mdns.ExtendedErrorCodeProhibited, "the credential has ended")
	case errors.As(err, &refusal) && refusal.Code == domain.CodeConflict:
		return failed(mdns.RcodeServerFailure, mdns.ExtendedErrorCodeNotReady, wording.English.SayError(refusal))
	case errors.As(err, &refusal):
		return s.keep(ctx, a, request, refusalOf(refusal))
	case errors.Is(err, eventstore.ErrTooLarge), errors.Is(err, batch.ErrTooManyEvents):
		return s.keep(ctx, a, request, refused(mdns.ExtendedErrorCodeOther, "the change is too large"))
	default:
		return s.broken(a, err)
	}
}

// refusalOf words why something was refused.
func refusalOf(err error) reply {
	refusal, is := errors.AsType[*domain.Error](err)
	switch {
	case !is:
		return refused(mdns.ExtendedErrorCodeOther, err.Error())
	case refusal.Code == domain.CodeForbidden:
		return refused(mdns.ExtendedErrorCodeProhibited, wording.English.SayError(refusal))
	default:
		return refused(mdns.ExtendedErrorCodeOther, wording.English.SayError(refusal))
	}
}

// keptReply is an answer as it is kept for repeats.
type keptReply struct {
	Rcode int    `json:"rcode"`
	Code  uint16 `json:"info_code"`
	Text  string `json:"text"`
}

// keep keeps a refusal for repeats of the message.
func (s *Server) keep(ctx context.Context, a *asked, request eventstore.Request, r reply) reply {
	body, err := json.Marshal(keptReply{r.rcode, r.remark.InfoCode, r.remark.ExtraText})
	if err == nil {
		refusal := eventstore.Refusal{Status: http.StatusBadRequest, Body: body}
		err = s.cfg.Store.SaveRefusal(ctx, request.CommandID, nil, refusal)
	}
	if err != nil { // a repeat decides anew, which harms nobody: nothing was appended
		a.err = fmt.Errorf("refusal not kept for repeats: %w", err)
	}
	return r
}

func kept(refusal *eventstore.Refusal) reply {
	var k keptReply
	if err := json.Unmarshal(refusal.Body, &k); err != nil {
		return refused(mdns.ExtendedErrorCodeOther, "refused before")
	}
	return failed(k.Rcode, k.Code, k.Text)
}

// recall answers a message that is no update of a zone as things are: with what the same message
// was answered before, or else with the refusal, which is kept.
func (s *Server) recall(ctx context.Context, a *asked, request eventstore.Request, no reply) reply {
	request.Command = nothing{}
	receipt, err := s.cfg.Store.Execute(ctx, request)
	switch {
	case errors.Is(err, errFirstTime):
		return s.keep(ctx, a, request, no)
	case err != nil:
		return s.refusedUpdate(ctx, a, request, err)
	default:
		return s.done(ctx, a, receipt)
	}
}

var errFirstTime = errors.New("the message was not seen before")

// nothing is a command that is never carried out: the store answers a repeat before it asks for a
// decision.
type nothing struct{}

// Decide implements [domain.Command].
func (nothing) Decide(h domain.History, _ domain.Env) ([]domain.Event, error) {
	if err := h.Load(); err != nil {
		return nil, err
	}
	return nil, errFirstTime
}

// done answers an update that was carried out, now or before, once the API can read it. That it
// can be read later is no failure.
func (s *Server) done(ctx context.Context, a *asked, receipt eventstore.Receipt) reply {
	if receipt.Refusal != nil {
		return kept(receipt.Refusal)
	}
	last := receipt.Last
	if last == 0 { // it stands on what was there before it, which may itself be on its way
		head, err := s.cfg.Store.Head(ctx)
		if err != nil {
			return reply{}
		}
		last = head.Last[domain.ContextDNS]
	} else {
		a.position = last
	}
	wait, cancel := context.WithTimeout(ctx, readersWait)
	defer cancel()
	a.err = s.cfg.Progress.Wait(wait, domain.ContextDNS, last)
	return reply{}
}
