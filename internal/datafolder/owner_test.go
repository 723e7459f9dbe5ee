package datafolder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const stranger = 12345

func wantRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can write into another user's folder by mistake")
	}
}

// everything lists all files of a folder with their owners and sizes.
func everything(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			st := info.Sys().(*syscall.Stat_t)
			_, _ = all.WriteString(strings.Join([]string{path, info.Mode().String(), info.ModTime().String(), userName(int(st.Uid))}, " ") + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// Root is refused what is another user's, is told how to go on, and touches nothing.
func TestAnothersFolder(t *testing.T) {
	t.Parallel()
	wantRoot(t)
	for name, files := range map[string][]string{"empty": nil, "never started": {"notes"}, "with data": {"lock", "vault.key"}} {
		dir := t.TempDir()
		for _, file := range files {
			if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(filepath.Join(dir, file), stranger, stranger); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(dir, stranger, stranger); err != nil {
			t.Fatal(err)
		}
		before := everything(t, dir)
		f, err := Open(dir)
		if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "sudo -u #12345") {
			t.Errorf("%s: %v, %v", name, f, err)
		}
		if after := everything(t, dir); after != before {
			t.Errorf("%s: touched:\n%s%s", name, before, after)
		}
	}
}

// A folder of everybody's, in which another user has begun.
func TestAnothersLock(t *testing.T) {
	t.Parallel()
	wantRoot(t)
	dir := t.TempDir()
	lock := filepath.Join(dir, "lock")
	if err := errors.Join(os.WriteFile(lock, nil, 0o600), os.Chown(lock, stranger, stranger)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrForeign) {
		t.Error(err)
	}
}

// Who runs on the folder can be asked by root.
func TestAnothersFolderInUse(t *testing.T) {
	t.Parallel()
	wantRoot(t)
	dir := t.TempDir()
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := errors.Join(os.Chown(dir, stranger, stranger), os.Chown(filepath.Join(dir, "lock"), stranger, stranger)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrInUse) {
		t.Error(err)
	}
}
