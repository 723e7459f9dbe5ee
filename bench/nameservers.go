package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"syscall"
	"time"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/freeport"
	"github.com/opsledger/opsledger/workers/agents/bind"
)

// nameServer is an agent of a plane, as a process of its own, with its named.
type nameServer struct {
	env *Env
	// dir is the agent's folder, dns host:port of its named.
	dir, dns, creds string
	agent           *child.Process
}

// enrollNameServer has this machine be the plane's name server of that number, whose agent is
// still to be started. It ends with the Env.
func (p *plane) enrollNameServer(ctx context.Context, e *Env, number int) (*nameServer, error) {
	dir, err := planeFolder(e)
	if err != nil {
		return nil, err
	}
	port, err := freeport.Pick(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	if err != nil {
		return nil, err
	}
	e.Defer(func() error { port.Release(); return nil })
	n := &nameServer{env: e, dir: dir, dns: fmt.Sprintf("127.0.0.1:%d", port.Number()), creds: filepath.Join(dir, "agent.creds")}
	text, err := child.Run(ctx, child.Spec{Path: e.Program, Args: []string{
		"agent", "enroll", "--data", p.dir, "--ip", fmt.Sprintf("127.0.0.%d", number), "--host", fmt.Sprintf("ns%d.bench.example", number), "--create",
		"--creds", n.creds, "--log-level", "error",
	}})
	if err != nil {
		return nil, fmt.Errorf("enroll a name server: %w: %s", err, firstOctets(text, 300))
	}
	e.Defer(func() error {
		_, err := bind.StopNamed(dir) // which outlives its agent
		if errors.Is(err, bind.ErrNoNamed) {
			return nil
		}
		return err
	})
	e.Defer(func() error { return n.stop() })
	return n, nil
}

// start runs the agent, which starts its named.
func (n *nameServer) start(ctx context.Context) (err error) {
	n.agent, err = child.Start(ctx, child.Spec{
		Name: "agent", Path: n.env.Program, Log: &logLines{log: n.env.Log}, DeathSignal: syscall.SIGTERM,
		Args: []string{"agent", "run", "--creds", n.creds, "--dir", n.dir, "--dns", n.dns, "--log-level", "error"},
	})
	if err != nil {
		return fmt.Errorf("start an agent: %w", err)
	}
	return nil
}

func (n *nameServer) stop() error {
	if n.agent == nil {
		return nil
	}
	agent := n.agent
	n.agent = nil
	return agent.Stop(stopLimit)
}

// use is what a name server's two processes have used and hold.
type use struct {
	cpu                time.Duration
	agentMiB, namedMiB float64
}

func (n *nameServer) use() (u use, err error) {
	access, err := bind.OpenAccess(n.dir)
	if err != nil {
		return u, err
	}
	named, err := access.PID()
	if err != nil {
		return u, err
	}
	for pid, mib := range map[int]*float64{n.agent.Pid(): &u.agentMiB, named: &u.namedMiB} {
		used, err := processCPU(pid)
		if err != nil {
			return u, err
		}
		if *mib, err = residentMiB(pid); err != nil {
			return u, err
		}
		u.cpu += used
	}
	return u, nil
}
