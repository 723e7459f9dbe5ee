package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/internal/wholefile"
)

// Claim makes the folder of a host's state, for its owner alone, and binds it to a
// log: attempts are numbered by it, so what is remembered of another log's means
// nothing. A log that is not known, nil, claims nothing.
func Claim(dir string, log uuid.UUID) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("host: %w", err)
	}
	if log == uuid.Nil {
		return nil
	}
	path := filepath.Join(dir, "log")
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return writeClaim(path, log)
	case err != nil:
		return fmt.Errorf("host: %w", err)
	case strings.TrimSpace(string(text)) != log.String():
		return fmt.Errorf("host: %s is the state of a host of log %.40s, and this is log %s: give another folder", dir, strings.TrimSpace(string(text)), log)
	}
	return nil
}

func writeClaim(path string, log uuid.UUID) error {
	if err := wholefile.Write(path, []byte(log.String()+"\n"), 0o600); err != nil {
		return fmt.Errorf("host: %w", err)
	}
	return nil
}
