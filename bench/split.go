package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/opsledger/opsledger/internal/child"
)

// openSplitSession starts a plane whose agent is a process of its own, with one view, which
// everybody is in, and logs in.
func openSplitSession(ctx context.Context, e *Env) (*session, error) {
	dir, err := planeFolder(e)
	if err != nil {
		return nil, err
	}
	p, err := launch(ctx, e, dir, "serve")
	if err != nil {
		return nil, err
	}
	if err := p.startAgent(ctx, e); err != nil {
		return nil, err
	}
	return p.openSession(ctx, e)
}

// startAgent has this machine be a name server of the plane until the Env ends.
func (p *plane) startAgent(ctx context.Context, e *Env) error {
	dir, err := planeFolder(e)
	if err != nil {
		return err
	}
	p.agentDir = dir
	creds := filepath.Join(dir, "agent.creds")
	text, err := child.Run(ctx, child.Spec{Path: e.Program, Args: []string{
		"agent", "enroll", "--data", p.dir, "--ip", "127.0.0.1", "--host", "ns1.bench.example", "--create", "--creds", creds, "--log-level", "error",
	}})
	if err != nil {
		return fmt.Errorf("enroll the agent: %w: %s", err, firstOctets(text, 300))
	}
	agent, err := child.Start(ctx, child.Spec{
		Name: "agent", Path: e.Program, Log: &logLines{log: e.Log}, DeathSignal: syscall.SIGTERM,
		Args: []string{"agent", "run", "--creds", creds, "--dir", dir, "--dns", "127.0.0.1:0", "--log-level", "error"},
	})
	if err != nil {
		return fmt.Errorf("start the agent: %w", err)
	}
	e.Defer(func() error { return agent.Stop(stopLimit) })
	return nil
}
