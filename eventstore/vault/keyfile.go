package vault

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opsledger/opsledger/internal/wholefile"
)

const keyBytes = 32

// readKey reads the key file: 64 hexadecimal digits. A missing file is fs.ErrNotExist.
func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("key file %s is not a file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key file %s can be read by others (mode %v): chmod 600 it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keyBytes {
		return nil, fmt.Errorf("key file %s does not hold a key of %d hexadecimal digits", path, 2*keyBytes)
	}
	return key, nil
}

// createKey writes a new key unless a file appears meanwhile, and returns the
// key that the file then holds. The file is complete and on disk or absent,
// whenever the process dies: a secret sealed with a lost key would be lost, too.
func createKey(path string) ([]byte, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }() // the second name, when all went well
	_, err = f.WriteString(hex.EncodeToString(newKey()) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write key file: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("write key file: %w", err)
	}
	if err := wholefile.SyncFolder(dir); err != nil {
		return nil, fmt.Errorf("write key file: %w", err)
	}
	return readKey(path) // the winner's
}
