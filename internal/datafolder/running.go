package datafolder

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const runningFile = "running.json"

// Running says how other commands on this machine reach the process that holds the folder.
type Running struct {
	DatabaseURL string `json:"database_url"`
	NATSURL     string `json:"nats_url,omitempty"`
	// NATSOutside says that NATS is not the embedded one.
	NATSOutside bool `json:"nats_outside,omitempty"`
	// HTTP is host:port of the APIs; HTTPS says that they speak TLS there.
	HTTP  string `json:"http,omitempty"`
	HTTPS bool   `json:"https,omitempty"`
	DNS   string `json:"dns,omitempty"`
	// DDNS is where updates and transfers are taken, empty for nowhere.
	DDNS string `json:"ddns,omitempty"`
}

// API is the URL of the APIs.
func (r Running) API() string {
	if r.HTTPS {
		return "https://" + r.HTTP
	}
	return "http://" + r.HTTP
}

// Announce writes running.json, readable by its owner alone.
func (f *Folder) Announce(r Running) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	staged := f.Sub(runningFile + ".new")
	if err := os.WriteFile(staged, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(staged, f.Sub(runningFile))
}

// ReadRunning tells how to reach the process that holds the folder; ErrInUse while
// that is still starting.
func ReadRunning(path string) (Running, error) {
	var r Running
	text, err := os.ReadFile(filepath.Join(path, runningFile))
	if errors.Is(err, os.ErrNotExist) {
		return r, fmt.Errorf("%s: %w, which has not finished starting", path, ErrInUse)
	}
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}
