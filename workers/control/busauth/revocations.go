package busauth

import (
	"context"
	"fmt"
	"maps"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
)

// pageSize is how many events are read at a time.
const pageSize = 500

// enrolment is one enrolment of an agent.
type enrolment struct {
	who Identity
	at  domain.Position
	// key is the public key that the agent has made itself, empty for one whose keys are derived.
	key string
}

// public is the public key of the enrolment's credentials.
func (e enrolment) public(k keys) string {
	if e.key != "" {
		return e.key
	}
	return public(k.agent(e.who, e.at))
}

// enrolments are all enrolments that ever were, by identity. The last one of an identity
// is in force if current says so.
type enrolments struct {
	of      map[Identity][]enrolment
	current map[Identity]bool
	// told are those whose last enrolment ended with the server itself: its agent may still
	// connect, to be told so.
	told map[Identity]bool
	// last is the position up to which they were read.
	last domain.Position
}

// enrolments reads all enrolments from the log, which is never behind. It remembers those
// that it has read before, since with many agents they would be too many to read every
// few seconds.
func (a *Authority) enrolments(ctx context.Context) (*enrolments, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		page, err := a.cfg.Store.ReadTag(ctx, domain.TagEnrolments, a.known.last, pageSize)
		if err != nil {
			return nil, fmt.Errorf("read the enrolments: %w", err)
		}
		for _, envelope := range page {
			recorded, err := envelope.Decode(a.cfg.Store.Codec())
			if err != nil {
				return nil, err
			}
			a.known.apply(recorded)
		}
		if len(page) < pageSize {
			return a.known.clone(), nil
		}
	}
}

// clone returns a copy that may be read while more events are applied: apply only appends
// to the positions, which the copy shares.
func (e *enrolments) clone() *enrolments {
	return &enrolments{of: maps.Clone(e.of), current: maps.Clone(e.current), told: maps.Clone(e.told), last: e.last}
}

func (e *enrolments) apply(r domain.Recorded) {
	e.last = r.Position
	switch event := r.Event.(type) {
	case dns.ServerEnrolled:
		e.begin(enrolment{Identity{KindServer, event.ID}, r.Position, event.Key})
	case ops.HostEnrolled:
		e.begin(enrolment{Identity{KindHost, event.ID}, r.Position, event.Key})
	case dns.ServerWithdrawn:
		e.current[Identity{KindServer, event.ID}] = false
	case dns.ServerDeleted:
		who := Identity{KindServer, event.ID}
		e.told[who] = e.told[who] || e.current[who]
		e.current[who] = false
	case ops.HostWithdrawn:
		e.current[Identity{KindHost, event.ID}] = false
	case ops.MachineDeleted:
		e.current[Identity{KindHost, event.ID}] = false
	}
}

func (e *enrolments) begin(one enrolment) {
	e.of[one.who], e.current[one.who] = append(e.of[one.who], one), true
	delete(e.told, one.who)
}

// inForce returns the enrolment of an agent that is trusted now.
func (e *enrolments) inForce(who Identity) (enrolment, bool) {
	if !e.current[who] {
		return enrolment{}, false
	}
	return e.of[who][len(e.of[who])-1], true
}

// ended lists the enrolments that have ended, but for those whose agents are yet to be told.
func (e *enrolments) ended() []enrolment {
	var list []enrolment
	for who, all := range e.of {
		last := len(all)
		if e.current[who] || e.told[who] {
			last--
		}
		list = append(list, all[:last]...)
	}
	return list
}

// revoked lists the public keys that are not to be trusted any more.
func (a *Authority) revoked(ctx context.Context) ([]string, error) {
	all, err := a.enrolments(ctx)
	if err != nil {
		return nil, err
	}
	var revoked []string
	for _, e := range all.ended() {
		revoked = append(revoked, e.public(a.keys))
	}
	return revoked, nil
}
