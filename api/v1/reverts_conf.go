package v1

import (
	"errors"
	"fmt"
	"slices"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/revert"
	"github.com/opsledger/opsledger/projections/query"
)

// recheckConf notes what named has against a revert after which the BIND main configuration is one
// that it would not take, as it may have taken it once: the decision says it with all else.
func (a *API) recheckConf(w *api.Request, done []revert.Done) error {
	var last *revert.Done
	text := ""
	for i, d := range slices.Backward(done) {
		changed, is := d.Event.(dns.BindConfChanged)
		if !is {
			continue
		}
		var err error
		if last == nil {
			if text, err = a.presentConf(w); err != nil {
				return err
			}
		}
		last = &done[i]
		if text, err = dns.NewUndoBindConf(changed, d.FormerEvent()).On(text); err != nil {
			return nil //nolint:nilerr // the decision says it
		}
	}
	if last == nil || !w.Caller.May(access.EditBindConf()) {
		return nil
	}
	err := a.RecheckConf(w.Context(), w.Caller.ID, text)
	if refused, is := errors.AsType[*domain.Error](err); is {
		last.Against = refused
		return nil
	}
	return err
}

func (a *API) presentConf(w *api.Request) (string, error) {
	conf, err := a.DNS.BindConf(w.Context())
	if errors.Is(err, query.ErrNotFound) {
		return dns.DefaultBindConf, nil
	}
	if err != nil {
		return "", fmt.Errorf("read BIND configuration: %w", err)
	}
	return conf.Text, nil
}
