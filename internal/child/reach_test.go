package child_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/internal/child"
)

func nobody(t *testing.T) asuser.User {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can start a program as another user")
	}
	u, err := asuser.Lookup("nobody")
	if err != nil {
		t.Skip("no user nobody here")
	}
	return u
}

// runAs runs a script as the user in a folder of the user's, below one that only root
// may pass.
func runAs(t *testing.T, u asuser.User, script string, capabilities ...uintptr) (said, folder string) {
	t.Helper()
	closed := filepath.Join(t.TempDir(), "closed")
	folder = filepath.Join(closed, "way", "own")
	err := errors.Join(
		os.MkdirAll(folder, 0o755), os.Chmod(closed, 0o700), os.WriteFile(filepath.Join(closed, "secret"), []byte("root's"), 0o644),
		os.Chmod(folder, 0o700), os.Chown(folder, int(u.UID), int(u.GID)),
	)
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.Run(context.Background(), child.Spec{
		Path: "/bin/sh", Args: []string{"-c", script}, Dir: folder,
		Unprivileged: true, As: &u, Reach: folder, Capabilities: capabilities,
	})
	if errors.Is(err, os.ErrPermission) {
		t.Skip("no mount namespace can be made here:", err)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out), folder
}

// A child as a user reaches its folder below a closed one, and nothing beside it.
func TestReachesItsFolderAlone(t *testing.T) {
	t.Parallel()
	said, folder := runAs(t, nobody(t), "echo mine > file; pwd; cat ../../secret 2>&1; true")
	if !strings.HasPrefix(said, folder+"\n") || strings.Contains(said, "root's") || !strings.Contains(said, "No such file") {
		t.Errorf("it said %q", said)
	}
	text, err := os.ReadFile(filepath.Join(folder, "file"))
	if err != nil || string(text) != "mine\n" {
		t.Errorf("what it wrote: %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(filepath.Dir(folder)), "secret")); err != nil {
		t.Errorf("the parent's own view of the files changed: %v", err)
	}
}

// What a child without root's powers writes is its user's alone, it gets no more
// rights by a program that has them, and the capabilities that it was given are all.
func TestUnprivilegedChildHasItsRightsAlone(t *testing.T) {
	t.Parallel()
	const netBindService = 10
	u := nobody(t)
	said, folder := runAs(t, u, "mkdir made; : > made/file; grep -E '^(Uid|Cap(Prm|Eff|Amb)|NoNewPrivs)' /proc/self/status", netBindService)
	for _, want := range []string{
		"Uid:\t65534\t65534\t65534\t65534\n", "CapPrm:\t0000000000000400\n", "CapEff:\t0000000000000400\n",
		"CapAmb:\t0000000000000400\n", "NoNewPrivs:\t1\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q lacks %q", said, want)
		}
	}
	for name, want := range map[string]os.FileMode{"made": 0o700, "made/file": 0o600} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode().Perm(), err)
		}
	}
}

// The umask and the rights that a child was started with are not the parent's.
func TestParentKeepsItsUmask(t *testing.T) {
	t.Parallel()
	for range 20 {
		if _, err := child.Run(t.Context(), child.Spec{Path: "/bin/true", Unprivileged: true}); err != nil {
			t.Fatal(err)
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil || !strings.Contains(string(status), "NoNewPrivs:\t0") || strings.Contains(string(status), "Umask:\t0077") {
		t.Errorf("%v: %s", err, status)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("a file of the parent's: %v, %v", info.Mode(), err)
	}
}
