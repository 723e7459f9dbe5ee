package powerdns

import (
	"errors"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
)

// change is RRsets of a zone, and what comes before them, decided as one.
//
// What it reads it reads in rounds, between which others write: what was not there in one may be in the
// way in the next. So a refusal is believed the second time, and that a record is there already, or has
// gone, never.
type change struct {
	batch.Command
	sets *zoneupdate.Sets
	// before is how many operations come before the RRsets.
	before int
	// zone is that of a zone that is there, whose records may be changed by who changes none, too; 0
	// for a zone that is made.
	zone    int64
	refused *bool
}

// newChange makes a change of the operation that comes first. Creates says that it makes the zone.
func newChange(first batch.Operation, sets *zoneupdate.Sets, zone int64, refused *bool) (change, error) {
	made := -1
	if zone == 0 {
		made = 0
	}
	all, err := batch.New(append([]batch.Operation{first}, sets.Operations(made)...))
	return change{Command: all, sets: sets, before: 1, zone: zone, refused: refused}, err
}

// Decide implements [domain.Command].
func (c change) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := c.Command.Decide(h, env)
	if parts, is := errors.AsType[*batch.Error](err); is {
		return nil, c.refusal(parts.Refusals)
	}
	if _, gone := errors.AsType[*zoneupdate.Failure](err); gone || errors.Is(err, zoneupdate.ErrStale) {
		return nil, api.ErrStale
	}
	if err != nil || len(events) > 0 || c.zone == 0 {
		return events, err
	}
	return nil, dns.AuthorizeRecords(h, env, c.zone)
}

func (c change) refusal(all []batch.Refusal) error {
	for _, r := range all {
		if r.Err.Code == domain.CodeForbidden {
			return r.Err
		}
	}
	first := all[0]
	switch {
	case dns.IsDuplicate(first.Err), first.Err.Code == domain.CodePrecondition, first.Err.Code == domain.CodeNotFound:
		return api.ErrStale
	case !*c.refused:
		*c.refused = true
		return api.ErrStale
	case first.Index < c.before:
		return first.Err
	}
	set := c.sets.At(first.Index - c.before)
	name := zonedata.Owner(set.Host, c.sets.Zone())
	if dns.IsBesideCNAME(first.Err) {
		return domain.Refused("RRset %s IN %s: Conflicts with pre-existing RRset", domain.Shown(name), set.Type)
	}
	return refusedSet(name, set.Type, first.Err)
}
