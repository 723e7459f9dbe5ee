package executor

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
)

const (
	// runVariableName names the variable by which the processes of an attempt are known.
	runVariableName = "OPSLEDGER_RUN"
	// searchPath is the PATH of every program.
	searchPath  = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	orphanLimit = 30 * time.Second
)

// supervised runs a program to its end and copies its output.
// When ctx ends, the whole tree of processes is asked to end, and killed after the
// grace time. If a writer fails, the tree is killed at once.
func (j *job) supervised(ctx context.Context, spec supervise.Spec, stdout, stderr io.Writer) (supervise.End, error) {
	spec.Env = append(spec.Env, j.runVariable())
	p, err := j.e.starter.Start(spec)
	if err != nil {
		return supervise.End{}, err
	}
	// A supervisor kills its tree when the agent dies; the entry is for the case that
	// the supervisor dies as well.
	if _, err := j.appendEntry(entry{Processes: &processes{Leader: p.Leader, Supervisor: p.Supervisor}}); err != nil {
		j.e.fail(err)
	}
	ended := make(chan struct{})
	var helpers sync.WaitGroup
	for _, stream := range []struct {
		from *os.File
		to   io.Writer
	}{{p.Stdout, stdout}, {p.Stderr, stderr}} {
		helpers.Go(func() {
			if _, err := io.Copy(stream.to, newOutput(stream.from, ended)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				p.Kill()
			}
		})
	}
	helpers.Go(func() { j.endWith(ctx, p, ended) })
	end := p.Wait()
	close(ended)
	if end.Lost { // then orphans may still write
		_, err = j.endOrphans(context.WithoutCancel(ctx), supervise.Orphans{Variable: j.runVariable(), Leader: p.Leader, Supervisor: p.Supervisor})
	}
	// For the read that waits already.
	deadline := time.Now().Add(outputPatience)
	_ = errors.Join(p.Stdout.SetReadDeadline(deadline), p.Stderr.SetReadDeadline(deadline)) // pipes have deadlines
	helpers.Wait()
	p.Release()
	return end, err
}

func (j *job) runVariable() string { return runVariableName + "=" + j.a.begun.Run }

// endWith ends the program when ctx ends.
func (j *job) endWith(ctx context.Context, p *supervise.Process, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	p.Terminate()
	grace := time.NewTimer(j.act.limits.grace)
	defer grace.Stop()
	select {
	case <-ended:
	case <-grace.C:
		p.Kill()
	}
}

func (j *job) endOrphans(ctx context.Context, o supervise.Orphans) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, orphanLimit)
	defer cancel()
	return supervise.EndOrphans(ctx, o)
}
