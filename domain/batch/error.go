package batch

import (
	"fmt"

	"github.com/opsledger/opsledger/domain"
)

// Refusal says why one operation was refused.
type Refusal struct {
	// Index is the operation's place in the batch, from 0.
	Index int
	Err   *domain.Error
}

// Error refuses a batch: nothing of it was done. Its text names the first
// refused operation.
type Error struct {
	// Refusals has at least one entry, in the order of the operations. Those after
	// the first were decided as if the refused ones before them were not there, but for
	// what a rule about the batch's end refuses beyond a bound.
	Refusals []Refusal
}

func (e *Error) Error() string { return e.Words().String() }

// Words says it to the client.
func (e *Error) Words() domain.Text {
	first := e.Refusals[0]
	return domain.Text{
		Format: "%d个操作被拒绝，没有任何修改！operations[%d]: %s", Args: []any{len(e.Refusals), first.Index, first.Err},
	}
}

// Field is the parameter that is to blame, within its operation. It is empty where that
// is not one alone.
func (e *Error) Field() string {
	if first := e.Refusals[0]; len(e.Refusals) == 1 && first.Err.Field != "" {
		return fmt.Sprintf("operations[%d].%s", first.Index, first.Err.Field)
	}
	return ""
}
