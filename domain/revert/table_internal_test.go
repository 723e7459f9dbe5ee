package revert

import (
	"errors"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
)

// TestEveryTypeHasAnEntry: of no event it is left open whether it can be undone.
func TestEveryTypeHasAnEntry(t *testing.T) {
	t.Parallel()
	all := slices.Concat(access.Events(), dns.Events(), ops.Events())
	for _, d := range all {
		i, known := inverses[d.Name]
		if !known {
			t.Errorf("%s is not in the table of inverses", d.Name)
		}
		if (i.fate == undone) != (i.command != nil) {
			t.Errorf("%s: fate %d with a command: %v", d.Name, i.fate, i.command != nil)
		}
	}
	if len(inverses) != len(all) {
		t.Errorf("%d entries for %d types", len(inverses), len(all))
	}
}

// TestWhatCannotBeUndone: it is named, and nothing is passed over.
func TestWhatCannotBeUndone(t *testing.T) {
	t.Parallel()
	serial := uint32(7)
	raised := dns.ZoneSettingsChanged{ID: 1, After: dns.ZoneSettings{SerialAtLeast: &serial}, Raise: &dns.SerialRaise{}}
	added := dns.RecordAdded{ID: 1, ZoneID: 1}
	for name, c := range map[string]struct {
		events []domain.Event
		reason []Reason
	}{
		"an end":              {[]domain.Event{access.UserDeleted{}}, []Reason{ReasonFinal}},
		"a serial":            {[]domain.Event{raised}, []Reason{ReasonFinal}},
		"a serial kept":       {[]domain.Event{raised, dns.ZoneUpdated{ID: 1}}, nil},
		"one of another zone": {[]domain.Event{raised, dns.ZoneUpdated{ID: 2}}, []Reason{ReasonFinal}},
		"beside others":       {[]domain.Event{added, access.LoginFailed{}, dns.ImportBegun{}}, []Reason{ReasonFinal, ReasonFinal}},
		"a secret":            {[]domain.Event{dns.BindConfChanged{Text: dns.DefaultBindConf}}, []Reason{ReasonFinal}},
		"what follows alone":  {[]domain.Event{dns.RecordsStaged{}}, []Reason{ReasonFollows}},
		"what follows":        {[]domain.Event{dns.RecordsStaged{}, added}, nil},
	} {
		done := make([]Done, len(c.events))
		for i, e := range c.events {
			done[i] = Done{Recorded: domain.Recorded{Position: domain.Position(i + 1), ChangeEnd: domain.Position(len(c.events)), Event: e}}
		}
		_, err := Events(done)
		var reasons []Reason
		if refused, is := errors.AsType[*Error](err); is {
			for _, conflict := range refused.Conflicts {
				reasons = append(reasons, conflict.Reason)
			}
		}
		if !slices.Equal(reasons, c.reason) {
			t.Errorf("%s: %v, want %v", name, err, c.reason)
		}
	}
}
