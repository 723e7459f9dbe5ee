package asuser_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/opsledger/opsledger/internal/asuser"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// other is an account that every system has.
func other(t *testing.T) asuser.User {
	t.Helper()
	u, err := asuser.Lookup("nobody")
	if err != nil {
		t.Skip("no user nobody here")
	}
	return u
}

func TestActorHasTheUsersRightsOnly(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can act as another user")
	}
	u := other(t)
	const team = 54321
	u.Groups = append(u.Groups, team)
	dir := t.TempDir()
	own, secret, shared := filepath.Join(dir, "own"), filepath.Join(dir, "secret"), filepath.Join(dir, "shared")
	for path := dir; path != "/"; path = filepath.Dir(path) {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&1 == 0 {
			if err := os.Chmod(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(os.Mkdir(own, 0o700), os.Chown(own, int(u.UID), int(u.GID)), os.WriteFile(secret, []byte("root's"), 0o640)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(shared, nil, 0o640), os.Chown(shared, 0, team)); err != nil {
		t.Fatal(err)
	}
	a, err := asuser.Start(u)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Stop()
	if err := a.Do(func() error { _, err := os.ReadFile(shared); return err }); err != nil {
		t.Errorf("a file of one of the user's groups: %v", err)
	}
	if err := a.Do(func() error { return os.WriteFile(filepath.Join(own, "f"), nil, 0o600) }); err != nil {
		t.Errorf("in the user's own folder: %v", err)
	}
	info, err := os.Stat(filepath.Join(own, "f"))
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != u.UID || info.Sys().(*syscall.Stat_t).Gid != u.GID {
		t.Errorf("the file is not the user's: %+v, %v", info, err)
	}
	if err := a.Do(func() error { _, err := os.ReadFile(secret); return err }); !errors.Is(err, os.ErrPermission) {
		t.Errorf("read root's file: %v", err)
	}
	if err := a.Do(func() error { return os.Chown(filepath.Join(own, "f"), 0, 0) }); !errors.Is(err, os.ErrPermission) {
		t.Errorf("gave a file to root: %v", err)
	}
	if _, err := os.ReadFile(secret); err != nil {
		t.Errorf("the rest of the process lost its rights: %v", err)
	}
}

func TestOnlyRootActsAsOthers(t *testing.T) {
	t.Parallel()
	me := asuser.User{Name: "me", UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	a, err := asuser.Start(me)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Stop()
	ran := false
	if err := a.Do(func() error { ran = true; return nil }); err != nil || !ran {
		t.Errorf("as itself: %v, ran %v", err, ran)
	}
	if os.Geteuid() == 0 {
		return
	}
	if _, err := asuser.Start(asuser.User{Name: "root"}); !errors.Is(err, asuser.ErrNotRoot) {
		t.Errorf("as root: %v", err)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	if u, err := asuser.Lookup("root"); err != nil || u.UID != 0 || u.Home == "" {
		t.Errorf("root: %+v, %v", u, err)
	}
	if _, err := asuser.Lookup("no-such-account"); err == nil {
		t.Error("an account that does not exist was found")
	}
}
