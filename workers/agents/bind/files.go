package bind

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/opsledger/opsledger/internal/wholefile"
)

// layout says where things lie below the engine's directory.
type layout struct{ dir string }

func (l layout) conf() string      { return filepath.Join(l.dir, "named.conf") }
func (l layout) goodText() string  { return filepath.Join(l.dir, "bindconf.good") }
func (l layout) local() string     { return filepath.Join(l.dir, "local.json") }
func (l layout) log() string       { return filepath.Join(l.dir, "named.log") }
func (l layout) pid() string       { return filepath.Join(l.dir, "named.pid") }
func (l layout) lock() string      { return filepath.Join(l.dir, "named.lock") }
func (l layout) program() string   { return filepath.Join(l.dir, "bin", "named") }
func (l layout) zones() string     { return filepath.Join(l.dir, "zones") }
func (l layout) databases() string { return filepath.Join(l.dir, "views") }
func (l layout) work() string      { return filepath.Join(l.dir, "var") }

// create makes the folders.
func (l layout) create() error {
	for _, dir := range []string{l.dir, filepath.Dir(l.program()), l.zones(), l.databases(), l.work()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("bind: %w", err)
		}
		if err := l.handOver(dir); err != nil {
			return err
		}
	}
	return nil
}

// handOver gives a path that root made to the owner of the engine's directory: a
// named whose privileges are dropped runs as that user.
func (l layout) handOver(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(l.dir)
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	if err := os.Lchown(path, int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// write puts a file in place whole: after a crash at any moment the path has the
// old contents or the new ones, and the new ones if write had returned.
func (l layout) write(path string, data []byte) error {
	if err := wholefile.WriteThen(path, data, 0o600, l.handOver); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// writeNew writes a file whose name is new, without waiting for the disk: after a
// crash of the host the file may be whole, cut short or missing. It is for files
// of which named can tell whether they are whole, and which can be made again.
func (l layout) writeNew(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path) // only litter otherwise
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	_, err = f.Write(data)
	return errors.Join(err, f.Close(), l.handOver(path))
}
