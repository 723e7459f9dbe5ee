package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opsledger/opsledger/internal/folderlock"
)

// dataFolder is the folder of everything private. One process at a time holds it.
//
// Invariants:
//  1. Only the process that holds the lock starts private children in the folder
//
// and writes running.json; all others only read that file. The lock ends with the
// process.
type dataFolder struct {
	path string
	lock *folderlock.Lock
}

// errDataInUse says that a running opsledger holds the folder.
var errDataInUse = errors.New("data folder is in use by a running opsledger")

// openDataFolder makes the folder where needed and takes its lock.
func openDataFolder(path string) (*dataFolder, error) {
	if err := os.MkdirAll(path, folderMode()); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	lock, err := folderlock.Take(path)
	if errors.Is(err, folderlock.ErrHeld) {
		return nil, fmt.Errorf("%s: %w", path, errDataInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return &dataFolder{path: path, lock: lock}, nil
}

// folderMode lets other users pass through the folder if root owns it, but not
// list it: where user namespaces are forbidden, PostgreSQL and named run as other
// users and have to reach their own folders in it. Everything inside has its
// owner's mode.
func folderMode() os.FileMode {
	if os.Geteuid() == 0 {
		return 0o711
	}
	return 0o700
}

// sub names a folder or file inside.
func (d *dataFolder) sub(name string) string { return filepath.Join(d.path, name) }

// close gives up the folder.
func (d *dataFolder) close() error {
	if err := os.Remove(d.sub(runningFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return errors.Join(err, d.lock.Release())
	}
	return d.lock.Release()
}

const runningFile = "running.json"

// running tells other commands on this machine how to reach the process that
// holds the folder.
type running struct {
	DatabaseURL string `json:"database_url"`
	NATSURL     string `json:"nats_url,omitempty"`
	HTTP        string `json:"http,omitempty"`
	DNS         string `json:"dns,omitempty"`
}

// announce writes running.json, readable by its owner alone.
func (d *dataFolder) announce(r running) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	staged := d.sub(runningFile + ".new")
	if err := os.WriteFile(staged, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(staged, d.sub(runningFile))
}

// readRunning reads how the process that holds the folder can be reached.
func readRunning(path string) (running, error) {
	var r running
	text, err := os.ReadFile(filepath.Join(path, runningFile))
	if errors.Is(err, os.ErrNotExist) {
		return r, fmt.Errorf("%s: %w, which has not finished starting", path, errDataInUse)
	}
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}
