package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A first start that fails after it has made the admin user leaves the password
// for the next one to show, which then forgets it.
func TestFirstPasswordIsShownInTheEnd(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	cfg := testConfig(data)
	cfg.AdminPassword = ""
	failing := cfg
	failing.DNS = "192.0.2.1:0" // not an address of this machine
	if _, err := tryApp(t, failing, true); err == nil {
		t.Fatal("it started")
	}
	app, err := tryApp(t, cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := app.life.stop(); err != nil {
			t.Error(err)
		}
	}()
	var out strings.Builder
	if err := app.greet(&out); err != nil {
		t.Fatal(err)
	}
	if len(app.newPassword) < 20 || !strings.Contains(out.String(), app.newPassword) {
		t.Errorf("no password in %s", out.String())
	}
	if _, err := os.Stat(filepath.Join(data, passwordFile)); !os.IsNotExist(err) {
		t.Errorf("the password stays on disk: %v", err)
	}
}

// What the command line says wrong is refused in one line, nothing is ignored.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, says string }{
		{"nonsense", `no command "nonsense"`},
		{"agent nonsense", `no command "nonsense"`},
		{"dev extra", `takes no argument`},
		{"dev --wrong", "try --help"},
		{"dev --data=", "--data: no folder"},
		{"serve --nats-replicas x", "try --help"},
		{"serve --nats-replicas 0", "nats-replicas: want 1 to 5"},
	} {
		err := run(t.Context(), append([]string{"opsledger"}, strings.Fields(c.args)...), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.args, err)
		}
	}
}
