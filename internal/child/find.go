package child

import (
	"os/exec"
	"path/filepath"
)

// administrative are the folders of programs for administrators, which an
// ordinary user's PATH often lacks.
var administrative = [...]string{"/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin", "/usr/local/bin"}

// Find returns the absolute path of the named program, from PATH or from where
// distributions keep name servers and their tools; exec.ErrNotFound otherwise.
func Find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return filepath.Abs(path)
	}
	for _, dir := range administrative {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}
