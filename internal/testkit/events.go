package testkit

import "github.com/opsledger/opsledger/domain"

// Events is a command that appends what it is given, whatever the log has.
type Events []domain.Event

// Decide implements [domain.Command].
func (e Events) Decide(domain.History, domain.Env) ([]domain.Event, error) { return e, nil }
