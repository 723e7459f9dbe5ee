package zoneimport

import (
	"errors"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

var (
	// ErrTooManyChanges says that an import would make more changes than it may.
	ErrTooManyChanges = errors.New("the import makes too many changes")
	// ErrStale says that records were changed since the file was compared with them: the import
	// is to be compared anew.
	ErrStale = errors.New("records have changed since the file was compared with them")
)

// Command is an import: many commands decided as one, or none where the zone is as the file
// says already.
type Command struct {
	zone     int64
	warnings []domain.Warning
	lines    []int
	batch    batch.Command
}

func newCommand(zone int64, warnings []domain.Warning, operations []operation) (Command, error) {
	c := Command{zone: zone, warnings: warnings}
	if len(operations) == 0 {
		return c, nil
	}
	all := make([]batch.Operation, len(operations))
	for i, o := range operations {
		all[i], c.lines = o.Operation, append(c.lines, o.line)
	}
	var err error
	c.batch, err = batch.New(all)
	return c, err
}

func batchOf(c domain.Command, err error) batch.Operation { return batch.Of(c, err) }

// Allocates implements [domain.Allocator].
func (c Command) Allocates() []domain.Sequence { return c.batch.Allocates() }

// Decide implements [domain.Command]. Its refusal is a [*zonefile.Error] where lines are to
// blame; [ErrStale] asks for another comparison.
func (c Command) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if err := dns.AuthorizeRecords(h, env, c.zone); err != nil {
		return nil, err
	}
	for _, w := range c.warnings {
		env.Warn(w)
	}
	if len(c.lines) == 0 {
		return nil, nil
	}
	events, err := c.batch.Decide(h, env)
	var refused *batch.Error
	if errors.As(err, &refused) {
		return nil, refusalOf(refused, c.lines)
	}
	return events, err
}

// refusedAt blames a line for what is wrong with it.
func refusedAt(line int, err error) error {
	var refusal *domain.Error
	if !errors.As(err, &refusal) || refusal.Code != domain.CodeInvalid && refusal.Code != domain.CodeRefused {
		return err
	}
	return &zonefile.Error{Lines: []zonefile.LineError{{Line: line, Err: refusal}}}
}

// mostLines is how many lines are told that are refused.
const mostLines = 100

// refusalOf says of each operation that was refused in which line it stands.
func refusalOf(refused *batch.Error, lines []int) error {
	all := &zonefile.Error{}
	for _, r := range refused.Refusals {
		switch {
		case r.Err.Code == domain.CodePrecondition, r.Err.Code == domain.CodeNotFound, dns.IsDuplicate(r.Err):
			return ErrStale // a record that is added twice was not there when the file was compared
		case r.Err.Code == domain.CodeForbidden:
			return r.Err // and not how much of what is hidden is in the way
		}
		if all.More = len(all.Lines) == mostLines; all.More {
			break
		}
		all.Lines = append(all.Lines, zonefile.LineError{Line: lines[r.Index], Err: r.Err})
	}
	return all
}
