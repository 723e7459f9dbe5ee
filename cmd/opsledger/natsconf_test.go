package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/opsledger/opsledger/workers/busauth"
)

// The cluster of docker-compose.yml gives agents what the embedded server does, in an account of their own.
func TestContainerClusterConfinesAgents(t *testing.T) {
	for name, value := range map[string]string{"HOSTNAME": "nats1", "NATS_CONTROL_PASSWORD": "c", "NATS_AGENT_PASSWORD": "a"} {
		t.Setenv(name, value)
	}
	text, err := os.ReadFile("../../docker/nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "/data", t.TempDir())), 0o600); err != nil {
		t.Fatal(err)
	}
	opts, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range opts.Users {
		if u.Username == "control" {
			continue
		}
		if u.Account == nil || u.Account.Name != "AGENTS" {
			t.Errorf("user %s is in account %v", u.Username, u.Account)
		}
		want := busauth.Permissions(1)
		compareSubjects(t, "publish", u.Permissions.Publish.Allow, want.Publish.Allow)
		compareSubjects(t, "subscribe", u.Permissions.Subscribe.Allow, want.Subscribe.Allow)
		if (u.Permissions.Response == nil) != (want.Response == nil) {
			t.Error("the right to answer differs")
		}
	}
	if len(opts.Users) != 2 {
		t.Errorf("%d users, want control and one agent", len(opts.Users))
	}
}

func compareSubjects(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}
