package testkit

import (
	"os"
	"syscall"
)

// tempFilesInMemory lets the temporary files of the tests, and of what they start, lie in
// memory, if there is room enough and TMPDIR says nothing else: each database is hundreds
// of small files, and to create these in a disk's file system is much of what tests cost.
func tempFilesInMemory() error {
	const name, shared, enough = "TMPDIR", "/dev/shm", 8 << 30
	var room syscall.Statfs_t
	if os.Getenv(name) != "" || syscall.Statfs(shared, &room) != nil || room.Bavail*uint64(room.Bsize) < enough {
		return nil
	}
	return os.Setenv(name, shared)
}
