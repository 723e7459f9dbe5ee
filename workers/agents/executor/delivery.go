package executor

import "context"

// Repeat reports every end again that is not acknowledged, as is due after a lost
// connection.
func (e *Executor) Repeat() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range e.attempts {
		if a.ended != nil && !a.acknowledged {
			e.reports.put(*a.ended)
		}
	}
}

func (e *Executor) deliverReports(ctx context.Context) {
	for {
		r, ok := e.reports.take()
		if !ok {
			select {
			case <-ctx.Done():
				return
			case <-e.reports.wake:
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case e.reportsOut <- r:
		}
	}
}

func (e *Executor) deliverLines(ctx context.Context) {
	for {
		b, ok := e.logs.take()
		if !ok {
			select {
			case <-ctx.Done():
				return
			case <-e.logs.wake:
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case e.linesOut <- b:
		}
	}
}
