package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

const (
	// workWithin bounds the answer to one question for work.
	workWithin = 5 * time.Second
	// maxPages bounds the answers that make up one host's work.
	maxPages = 10_000
)

// fetchWork asks for all that the host is to do. What the answers say is as of
// the first one's position at least.
func (a *Agent) fetchWork(ctx context.Context) (protocol.HostWork, error) {
	work, err := a.fetchPage(ctx, 0)
	for page, pages := work, 1; err == nil && page.More; pages++ {
		if pages > maxPages || len(page.Attempts) == 0 {
			return work, errors.New("the work does not end")
		}
		page, err = a.fetchPage(ctx, page.Attempts[len(page.Attempts)-1].Attempt)
		work.Attempts = append(work.Attempts, page.Attempts...)
	}
	return work, err
}

func (a *Agent) fetchPage(ctx context.Context, after domain.Position) (protocol.HostWork, error) {
	ctx, cancel := context.WithTimeout(ctx, workWithin)
	defer cancel()
	var work protocol.HostWork
	request, err := json.Marshal(protocol.HostWorkRequest{After: after})
	if err != nil {
		return work, err
	}
	reply, err := a.cfg.NC.RequestWithContext(ctx, protocol.SubjectHostWork(a.cfg.ID), request)
	if err != nil {
		return work, fmt.Errorf("ask for work: %w", err)
	}
	if err := json.Unmarshal(reply.Data, &work); err != nil {
		return work, fmt.Errorf("ask for work: %w", err)
	}
	if work.Error != "" {
		return work, fmt.Errorf("ask for work: %s", work.Error)
	}
	return work, a.belongs(work.Log)
}

// belongs says by an error that the control plane speaks of another log than the
// one that this host serves: its attempts have other meanings.
func (a *Agent) belongs(log uuid.UUID) error {
	if log == uuid.Nil {
		return errors.New("the control plane names no log")
	}
	own, known := a.log()
	if !known {
		a.logID.Store(&log)
		return nil
	}
	if log != own {
		return fmt.Errorf("the control plane has log %s, this host serves log %s", log, own)
	}
	return nil
}

// takeWork brings the host's state to what is wanted. An error means that the
// executor cannot go on.
func (a *Agent) takeWork(work protocol.HostWork) error {
	wanted := map[domain.Position]bool{}
	for _, item := range work.Attempts {
		wanted[item.Attempt] = true
		if err := a.takeItem(item); err != nil {
			return err
		}
	}
	// What waits here and is not open any more was cancelled, or has expired. What
	// has begun goes on: its host's word settles what was presumed meanwhile.
	for _, h := range a.cfg.Tasks.Held() {
		if at := domain.Position(h.Attempt); h.Waiting && at <= work.Position && !wanted[at] {
			if err := a.cancel(h.Task, at); err != nil {
				return err
			}
		}
	}
	a.keys.replace(work.Accounts, work.Position)
	a.seen.Store(int64(work.Position))
	signal(a.changed)
	return nil
}

func (a *Agent) takeItem(item protocol.WorkItem) error {
	known := a.cfg.Tasks.Knows(item.Order.Task, int64(item.Attempt))
	switch {
	case item.Begun && !known:
		a.told.fail(item.Order.Task, item.Attempt, "the host lost its memory of this attempt")
		return nil
	case item.Cancelling:
		return a.cancel(item.Order.Task, item.Attempt)
	}
	return a.assign(item.Order, item.Attempt)
}

// assign hands an attempt over. One that the executor will never take is reported
// as failed, so that nobody waits for it.
func (a *Agent) assign(e ops.AttemptAccepted, attempt domain.Position) error {
	err := a.cfg.Tasks.Assign(executor.Assignment{
		Task: e.Task, Attempt: int64(attempt), Mode: executor.Mode(e.Mode), Of: int64(e.Of),
		Action: e.Order.Action, Target: e.Order.Target, Version: e.Order.Version, Content: e.Order.Content, Deadline: e.Deadline,
	})
	return a.refused(err, e.Task, attempt)
}

func (a *Agent) cancel(task string, attempt domain.Position) error {
	return a.refused(a.cfg.Tasks.Cancel(task, int64(attempt)), task, attempt)
}

func (a *Agent) refused(err error, task string, attempt domain.Position) error {
	if errors.Is(err, executor.ErrStale) || errors.Is(err, executor.ErrMalformed) {
		a.cfg.Log.Warn("an attempt is not taken on", "task", task, "attempt", attempt, "error", err)
		a.told.fail(task, attempt, err.Error())
		return nil
	}
	return err
}
