package folderlock_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/internal/folderlock"
)

func TestOneOwnerAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := folderlock.Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := folderlock.Take(dir); !errors.Is(err, folderlock.ErrHeld) {
		t.Fatalf("a second owner: %v", err)
	}
	if err := errors.Join(first.Release(), first.Release()); err != nil {
		t.Fatal(err)
	}
	second, err := folderlock.Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Release(); err != nil {
		t.Fatal(err)
	}
}

// A forked child has a copy of the open file until it has become another program.
func TestReleaseReachesCopies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := folderlock.Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	dup, err := syscall.Dup(descriptorOf(t, filepath.Join(dir, "lock")))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(dup) }()
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, err := folderlock.Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Release(); err != nil {
		t.Fatal(err)
	}
}

// descriptorOf finds the open file among this process's own.
func descriptorOf(t *testing.T, path string) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if link, err := os.Readlink("/proc/self/fd/" + e.Name()); err != nil || link != path {
			continue
		}
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	t.Fatal("the lock's file is not open")
	return 0
}
