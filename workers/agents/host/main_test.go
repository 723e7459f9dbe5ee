package host

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	signals "os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/executor"
	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// The test binary is also the supervisor, and an agent that can be killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "supervise":
			os.Exit(supervise.Main())
		case "agent":
			if err := agentProcess(os.Args[2]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	testkit.Main(m)
}

// agentProcess is the agent of the machine in the folder, as a process of its own.
func agentProcess(dir string) error {
	ctx, stop := signals.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := busauth.ReadCredentials(filepath.Join(dir, "creds"))
	if err != nil {
		return err
	}
	nc, err := nats.Connect(c.URL, append(Options(c.ID), c.Option(), nats.Timeout(testkit.Patience))...)
	if err != nil {
		return err
	}
	defer nc.Close()
	f, err := newFollower(nc, c, dir, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	return f.Run(ctx)
}

// newFollower makes the follower of a host whose state and configuration of actions are
// in the folder.
func newFollower(nc *nats.Conn, c busauth.Credentials, dir string, log *slog.Logger) (*Follower, error) {
	settings, err := executor.LoadSettings(filepath.Join(dir, "actions.yaml"))
	if err != nil {
		return nil, err
	}
	if err := PrepareFolder(dir, c.Log); err != nil {
		return nil, err
	}
	tasks, err := executor.New(executor.Config{
		Dir: filepath.Join(dir, "tasks"), Settings: settings, Supervisor: []string{"/proc/self/exe", "supervise"}, Log: log,
	})
	if err != nil {
		return nil, err
	}
	keys, err := newKeeper(dir, settings.Accounts...)
	if err != nil {
		return nil, err
	}
	return New(Config{NC: nc, ID: c.ID, Key: c.Key, LogID: c.Log, Tasks: tasks, Keys: keys, Version: "test", Log: log})
}
