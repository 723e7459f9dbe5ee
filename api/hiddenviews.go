package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// hiddenViews warns of the views that can never match: of those that some views have to do
// with, as the hidden ones or as ones that hide them.
func (k *Kernel) hiddenViews(ctx context.Context, some func(view int64) bool) ([]domain.Warning, error) {
	views, _, err := k.DNS.MatchedViews(ctx)
	if err != nil {
		return nil, fmt.Errorf("read views: %w", err)
	}
	var warnings []domain.Warning
	for _, hidden := range dns.HiddenViews(views) {
		is := func(v dns.MatchedView) bool { return some(v.ID) }
		if is(hidden.View) || slices.ContainsFunc(hidden.Behind, is) {
			warnings = append(warnings, wordHidden(hidden))
		}
	}
	return warnings, nil
}

// hiddenByViews warns of the views that can never match because of views that were written.
func (k *Kernel) hiddenByViews(w *Request, events []domain.Event) ([]domain.Warning, error) {
	var written []int64
	all := false
	for _, event := range events {
		switch e := event.(type) {
		case dns.ViewCreated:
			written = append(written, e.ID)
		case dns.ViewUpdated:
			written = append(written, e.ID)
		case dns.ViewsOrdered:
			all = true
		}
	}
	if len(written) == 0 && !all {
		return nil, nil
	}
	return k.hiddenViews(w.Context(), func(view int64) bool { return all || slices.Contains(written, view) })
}

func wordHidden(hidden dns.HiddenView) domain.Warning {
	const most = 5
	var names []string
	for _, v := range hidden.Behind[:min(len(hidden.Behind), most)] {
		names = append(names, v.Name)
	}
	if len(hidden.Behind) > most {
		names = append(names, "others")
	}
	return domain.Warn("acl", "view %s can never match, since views that are matched before it take all its addresses: %s",
		hidden.View.Name, strings.Join(names, ", "))
}
