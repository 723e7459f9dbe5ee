package powerdns

import (
	"errors"
	"slices"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// deleteZone takes a zone out of a view, or deletes it with its last one.
func (a *API) deleteZone() api.Write {
	return a.each(nil, func(w *writing) api.Write {
		return api.Write{Right: a.rightOn(toLeave), Command: w.delete, Reply: done}
	})
}

func toLeave(at place) access.Right {
	if len(at.ViewIDs) > 1 {
		return access.On(at.Target, access.OperationUpdate)
	}
	return access.On(at.Target, access.OperationDelete)
}

func (w *writing) delete(r *api.Request) (domain.Command, error) {
	at, err := w.seen(r)
	if err != nil {
		return nil, err
	}
	if len(at.ViewIDs) == 1 {
		cmd, err := dns.NewDeleteZone(at.ID, &at.Changed)
		return asSeen{cmd}, err
	}
	rest := slices.DeleteFunc(slices.Clone(at.ViewIDs), func(v int64) bool { return v == at.view })
	cmd, err := linking(at, rest)
	return asSeen{cmd}, err
}

// linking is the command that links a zone, which is as it was read, to other views.
func linking(at place, views []int64) (dns.UpdateZone, error) {
	return dns.NewUpdateZone(at.ID, dns.ZoneInput{Name: &at.Zone.Name, Type: &at.Type, ViewIDs: &views}, &at.Changed)
}

// asSeen is a command that is made anew where the zone is not as it was read any more: whether a zone
// is deleted or leaves a view depends on the others.
type asSeen struct{ domain.Command }

// Decide implements [domain.Command].
func (c asSeen) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := c.Command.Decide(h, env)
	if refused, is := errors.AsType[*domain.Error](err); is && refused.Code == domain.CodePrecondition {
		return nil, api.ErrStale
	}
	return events, err
}
