package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/opsledger/opsledger/workers/control/busauth"
)

// startLocalHost registers this machine as one that runs tasks, unless it is
// registered, and runs its agent with a configuration for trying things out.
func (a *App) startLocalHost(ctx context.Context) error {
	m, err := registerThisHost(ctx, a.store)
	if err != nil {
		return err
	}
	config, err := prepareDemo(a.db.folder.Sub("host"))
	if err != nil {
		return fmt.Errorf("prepare this machine's actions: %w", err)
	}
	who := busauth.Identity{Kind: busauth.KindHost, ID: m.id}
	credentials, err := credentialsOf(ctx, a.auth, who, a.bus.url, a.cfg.NATSURL != "")
	if err != nil {
		return err
	}
	// The state belongs to one log. With a folder for each log, dev can begin
	// anew with another log.
	state := filepath.Join(a.db.folder.Sub("host"), "state", a.store.LogID().String())
	return startHostAgent(a.life, credentials, busAddress{TLS: a.cfg.NATSTLS}, state, config, a.log)
}

// helloAction is an action to try out. docs/executors.md says which of its output
// lines the executor understands.
const helloAction = `#!/bin/sh
# An example action: hello update|revert <target> <version> <content>…
set -eu
echo "$1 of $2, version $3, asked for as task $OPSLEDGER_TASK"
shift 3
for percent in 10 20 30 40 50 60 70 80 90 100; do
	echo "##percent $percent"
	echo "hello ${1:-} ($percent %)"
	sleep 0.3
done
echo "##result said hello ten times"
`

// demoFiles are what dev puts into a new host folder: two releases and an action.
var demoFiles = map[string]struct {
	mode fs.FileMode
	text string
}{
	"releases/1.0/hello.txt": {0o644, "hello from release 1.0\n"},
	"releases/2.0/hello.txt": {0o644, "hello from release 2.0\n"},
	"actions/hello":          {0o755, helloAction},
}

// demoSettings is the part of the executor's settings that dev writes.
type demoSettings struct {
	ActionsFolder string                `yaml:"actions_folder"`
	Actions       map[string]demoAction `yaml:"actions"`
}

type demoAction struct {
	User    string                `yaml:"user,omitempty"`
	Targets map[string]demoTarget `yaml:"targets,omitempty"`
}

type demoTarget struct {
	Folder   string `yaml:"folder"`
	Releases string `yaml:"releases"`
}

// prepareDemo makes whatever is missing in the folder, and returns the path of
// the configuration of actions in it. It never changes a file that is there: the
// owner may have edited it.
func prepareDemo(dir string) (config string, err error) {
	config = filepath.Join(dir, "actions.yaml")
	if _, err := os.Stat(config); !errors.Is(err, fs.ErrNotExist) {
		return config, err
	}
	// Other users may pass through these folders: an action may run as another
	// user.
	if err := os.MkdirAll(filepath.Join(dir, "targets", "demo"), 0o755); err != nil {
		return "", err
	}
	for name, file := range demoFiles {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(file.text), file.mode); err != nil {
			return "", err
		}
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "root"
	}
	text, err := yaml.Marshal(demoSettings{
		ActionsFolder: filepath.Join(dir, "actions"),
		Actions: map[string]demoAction{
			"hello": {User: user},
			"update": {User: user, Targets: map[string]demoTarget{"demo": {
				Folder: filepath.Join(dir, "targets", "demo"), Releases: filepath.Join(dir, "releases"),
			}}},
		},
	})
	if err != nil {
		return "", err
	}
	const head = "# What tasks may do on this machine; docs/executors.md explains it.\n" +
		"# Nobody's ssh keys are written here. To allow it: accounts: [deploy]\n"
	return config, os.WriteFile(config, append([]byte(head), text...), 0o600)
}
