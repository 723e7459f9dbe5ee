package batch

import (
	"errors"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// MaxOperations is the greatest number of operations in a batch. An operation
// decides one event, as a rule, and a batch must fit into one append.
const MaxOperations = 10_000

// maxEvents bounds the events that a decision holds in memory.
const maxEvents = 2 * MaxOperations

// ErrTooManyEvents says that the operations would have more events than one change may.
var ErrTooManyEvents = errors.New("more events than one change may have")

// Operation is one step of a batch.
type Operation struct {
	// Takes are the sequences that the command takes ids from, one entry for each
	// id; the first is that of what the operation creates.
	Takes []domain.Sequence
	// Uses are earlier operations, by index, whose created ids the command needs.
	Uses []int
	// Build makes the command, given the ids that the operations of Uses create.
	// Its [domain.Error] refuses the operation.
	Build func(created []int64) (domain.Command, error)
	// Undoes is the position of the event that the operation undoes, 0 for none.
	Undoes domain.Position
}

// Of is the operation of a command that needs no other operation, or of the
// error that there was instead of a command.
func Of(c domain.Command, err error) Operation {
	o := Operation{Build: func([]int64) (domain.Command, error) { return c, err }}
	if a, ok := c.(domain.Allocator); ok && err == nil {
		o.Takes = a.Allocates()
	}
	return o
}

// Command is a batch.
type Command struct {
	operations []Operation
	atOnce     bool
}

// New checks the number of operations, and that each uses earlier ones alone
// and only those that create something.
func New(operations []Operation) (Command, error) {
	if len(operations) == 0 || len(operations) > MaxOperations {
		return Command{}, domain.Invalid("operations", "必须有1到%d个操作！", MaxOperations)
	}
	for i, o := range operations {
		if slices.ContainsFunc(o.Uses, func(used int) bool { return used < 0 || used >= i || len(operations[used].Takes) == 0 }) {
			return Command{}, domain.Invalid("operations", "操作%d只能引用在它之前的、新建资源的操作！", i)
		}
	}
	return Command{operations: operations}, nil
}

// AtOnce is the batch for a history that has at hand what is asked for: each operation reads what
// it lacks by itself, and none is decided twice in order to read for all of them together.
func (c Command) AtOnce() Command {
	c.atOnce = true
	return c
}

// Allocates implements [domain.Allocator].
func (c Command) Allocates() []domain.Sequence {
	var all []domain.Sequence
	for _, o := range c.operations {
		all = append(all, o.Takes...)
	}
	return all
}
