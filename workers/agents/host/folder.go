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

// PrepareFolder makes the folder of a host's state, which only its owner can read, and
// ties it to a log. It refuses a folder that is tied to another log: attempts are
// numbered by the log's positions, so that the state would mean nothing. A nil log ties
// the folder to none.
func PrepareFolder(dir string, log uuid.UUID) error {
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
		return writeLogID(path, log)
	case err != nil:
		return fmt.Errorf("host: %w", err)
	case strings.TrimSpace(string(text)) != log.String():
		return fmt.Errorf("host: %s is the state of a host of log %.40s, and this is log %s: give another folder", dir, strings.TrimSpace(string(text)), log)
	}
	return nil
}

func writeLogID(path string, log uuid.UUID) error {
	if err := wholefile.Write(path, []byte(log.String()+"\n"), 0o600); err != nil {
		return fmt.Errorf("host: %w", err)
	}
	return nil
}
