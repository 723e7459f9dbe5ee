package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

const (
	// workWithin bounds the answer to one request for work.
	workWithin = 5 * time.Second
	// maxPages bounds the number of answers that make up a host's work.
	maxPages = 10_000
)

// fetchWork asks for all that the host is to do, and which of the attempts that run here
// are to end. The work is at least as new as the position of the first answer.
func (f *Follower) fetchWork(ctx context.Context, running []protocol.AttemptName) (protocol.HostWork, error) {
	work, err := f.fetchPage(ctx, protocol.HostWorkRequest{Running: running})
	for page, pages := work, 1; err == nil && page.More; pages++ {
		if pages > maxPages || len(page.Attempts) == 0 {
			return work, errors.New("the work does not end")
		}
		page, err = f.fetchPage(ctx, protocol.HostWorkRequest{After: page.Attempts[len(page.Attempts)-1].Number})
		work.Attempts = append(work.Attempts, page.Attempts...)
	}
	return work, err
}

// running lists attempts that have begun here and not ended.
func (f *Follower) running() []protocol.AttemptName {
	var list []protocol.AttemptName
	for _, p := range f.cfg.Tasks.Pending() {
		if !p.Waiting && p.End == nil {
			list = append(list, protocol.AttemptName{Task: p.Task, Attempt: domain.Position(p.Attempt)})
		}
	}
	return list
}

func (f *Follower) fetchPage(ctx context.Context, asked protocol.HostWorkRequest) (protocol.HostWork, error) {
	ctx, cancel := context.WithTimeout(ctx, workWithin)
	defer cancel()
	var work protocol.HostWork
	request, err := json.Marshal(asked)
	if err != nil {
		return work, err
	}
	answer, err := f.asker().Ask(ctx, protocol.ForWork, protocol.SubjectHostWork(f.cfg.ID), request)
	if err != nil {
		return work, fmt.Errorf("ask for work: %w", err)
	}
	if err := json.Unmarshal(answer, &work); err != nil {
		return work, fmt.Errorf("ask for work: %w", err)
	}
	if work.Error != "" {
		return work, fmt.Errorf("ask for work: %s", work.Error)
	}
	return work, f.belongs(work.Log)
}

// belongs returns an error if the control plane has another log than the one that this
// host serves, whose attempts have other numbers.
func (f *Follower) belongs(log uuid.UUID) error {
	if log == uuid.Nil {
		return errors.New("the control plane names no log")
	}
	own, known := f.log()
	if !known {
		f.logID.Store(&log)
		return nil
	}
	if log != own {
		return fmt.Errorf("the control plane has log %s, this host serves log %s", log, own)
	}
	return nil
}

// takeWork makes the executor and the account keys follow the work, which was asked for
// when these attempts ran. An error means that the executor cannot go on.
func (f *Follower) takeWork(work protocol.HostWork, running []protocol.AttemptName) error {
	wanted := map[domain.Position]bool{}
	for _, item := range work.Attempts {
		wanted[item.Number] = true
		if err := f.takeItem(item); err != nil {
			return err
		}
	}
	// An attempt that waits here and is not open in the log any more was cancelled or has
	// expired. An attempt that has begun goes on, unless it was cancelled: its end replaces
	// what the control plane presumed meanwhile. One that has begun since the question is
	// asked about once more.
	for _, h := range f.cfg.Tasks.Pending() {
		at := domain.Position(h.Attempt)
		switch {
		case at > work.Position || wanted[at]:
		case h.Waiting:
			if err := f.cancel(h.Task, at); err != nil {
				return err
			}
		case h.End == nil && !slices.Contains(running, protocol.AttemptName{Task: h.Task, Attempt: at}):
			signal(f.askWork)
		}
	}
	for _, c := range work.Cancelled {
		if err := f.cancel(c.Task, c.Attempt); err != nil {
			return err
		}
	}
	f.keys.replace(work.Accounts, work.Position)
	f.seen.Store(int64(work.Position))
	signal(f.changed)
	return nil
}

func (f *Follower) takeItem(item protocol.WorkItem) error {
	known := f.cfg.Tasks.Knows(item.Attempt.Task, int64(item.Number))
	switch {
	case item.Begun && !known:
		f.reporter.fail(item.Attempt.Task, item.Number, "the host lost its memory of this attempt")
		return nil
	case item.Cancelling:
		return f.cancel(item.Attempt.Task, item.Number)
	}
	return f.assign(item.Attempt, item.Number)
}

// assign hands an attempt to the executor. An attempt that the executor will never take
// is reported as failed, so that nobody waits for it.
func (f *Follower) assign(e ops.AttemptAccepted, attempt domain.Position) error {
	err := f.cfg.Tasks.Assign(executor.Assignment{
		Task: e.Task, Attempt: int64(attempt), Mode: e.Mode, Of: int64(e.Of),
		Action: e.Order.Action, Target: e.Order.Target, Version: e.Order.Version, Content: e.Order.Content, Deadline: e.Deadline,
	})
	return f.refused(err, e.Task, attempt)
}

func (f *Follower) cancel(task string, attempt domain.Position) error {
	return f.refused(f.cfg.Tasks.Cancel(task, int64(attempt)), task, attempt)
}

func (f *Follower) refused(err error, task string, attempt domain.Position) error {
	if errors.Is(err, executor.ErrStale) || errors.Is(err, executor.ErrMalformed) {
		f.cfg.Log.Warn("an attempt is not taken on", "task", task, "attempt", attempt, "error", err)
		f.reporter.fail(task, attempt, err.Error())
		return nil
	}
	return err
}
