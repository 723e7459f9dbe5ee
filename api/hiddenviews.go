package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// HiddenViews warns of the views that can never match: of those that a view has to do
// with, as the hidden one or as one that hides it; of all for view 0.
func (k *Kernel) HiddenViews(ctx context.Context, view int64) ([]domain.Warning, error) {
	views, _, err := k.DNS.MatchedViews(ctx)
	if err != nil {
		return nil, fmt.Errorf("read views: %w", err)
	}
	var warnings []domain.Warning
	for _, hidden := range dns.HiddenViews(views) {
		is := func(v dns.MatchedView) bool { return v.ID == view }
		if view == 0 || is(hidden.View) || slices.ContainsFunc(hidden.Behind, is) {
			warnings = append(warnings, wordHidden(hidden))
		}
	}
	return warnings, nil
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
