package batch

import (
	"errors"

	"github.com/opsledger/opsledger/domain"
)

// Together is several commands decided as one, which is refused in the words of
// the first that is.
type Together struct {
	Command
	refusal func(i int, err error) error
}

// NewTogether returns the command of operations. Refusal words that the operation i
// was refused.
func NewTogether(operations []Operation, refusal func(i int, err error) error) (domain.Command, error) {
	all, err := New(operations)
	return Together{Command: all, refusal: refusal}, err
}

// Decide implements [domain.Command].
func (t Together) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := t.Command.Decide(h, env)
	var refused *Error
	if errors.As(err, &refused) {
		first := refused.Refusals[0]
		return nil, t.refusal(first.Index, first.Err)
	}
	return events, err
}
