package api

import (
	"errors"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
)

// together is several commands decided as one, which is refused in the words of
// the first that is.
type together struct {
	batch.Command
	refusal func(i int, err error) error
}

func newTogether(operations []batch.Operation, refusal func(i int, err error) error) (domain.Command, error) {
	all, err := batch.New(operations)
	return together{Command: all, refusal: refusal}, err
}

// Decide implements [domain.Command].
func (t together) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := t.Command.Decide(h, env)
	var refused *batch.Error
	if errors.As(err, &refused) {
		first := refused.Refusals[0]
		return nil, t.refusal(first.Index, first.Err)
	}
	return events, err
}
