package busauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/workers/protocol"
	"github.com/opsledger/opsledger/workers/roster"
)

// ErrNotEnrolled says that a server has no enrolled agent.
var ErrNotEnrolled = errors.New("the server is not enrolled")

// Credentials are what an agent connects with.
type Credentials struct {
	// URL is the bus's address.
	URL string `json:"url"`
	// ID is the id of the server that the agent stands for.
	ID       int64  `json:"id"`
	User     string `json:"user"`
	Password string `json:"password"`
	// Log is the log whose control plane gave the credentials.
	Log uuid.UUID `json:"log"`
}

// Credentials returns those of an enrolled server's agent, or ErrNotEnrolled.
func (a *Authenticator) Credentials(ctx context.Context, server int64, url string) (Credentials, error) {
	generation, enrolled, err := roster.Enrolment(ctx, a.cfg.Store, server)
	if err != nil {
		return Credentials{}, err
	}
	if !enrolled {
		return Credentials{}, fmt.Errorf("server %d: %w", server, ErrNotEnrolled)
	}
	return Credentials{
		URL: url, ID: server, User: protocol.User(server),
		Password: a.password(server, generation), Log: a.cfg.Store.LogID(),
	}, nil
}

// WriteFile writes the credentials for their owner's eyes only (mode 0600). The
// file is whole or not there, and replaces one that was.
func (c Credentials) WriteFile(path string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	// CreateTemp makes the file with mode 0600.
	tmp, err := os.CreateTemp(filepath.Dir(path), ".credentials-*")
	if err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	_, err = tmp.Write(append(data, '\n'))
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write credentials: %w", err), os.Remove(tmp.Name()))
	}
	return nil
}

// ReadCredentials reads what WriteFile wrote. A file that others may read is refused.
func ReadCredentials(path string) (Credentials, error) {
	var c Credentials
	data, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("read credentials: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return c, fmt.Errorf("read credentials: %w", err)
	}
	if others := info.Mode().Perm() & (fs.FileMode(0o077)); others != 0 {
		return c, fmt.Errorf("read credentials: %s has mode %04o, others must have no rights: chmod 600", path, info.Mode().Perm())
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("read credentials: %s: %w", path, err)
	}
	if c.URL == "" || c.ID <= 0 || c.User != protocol.User(c.ID) || c.Password == "" {
		return c, fmt.Errorf("read credentials: %s is incomplete", path)
	}
	return c, nil
}
