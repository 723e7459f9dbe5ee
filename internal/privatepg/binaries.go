package privatepg

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// binaries are the programs of one PostgreSQL installation.
type binaries struct{ postgres, initdb string }

var errNoBinaries = errors.New("PostgreSQL server binaries not found (postgres and initdb): install the package postgresql, or give --database-url")

// findBinaries looks where Debian installs servers, the newest version first,
// then in PATH; both programs must come from one place.
func findBinaries() (binaries, error) {
	for _, dir := range installations() {
		b := binaries{postgres: filepath.Join(dir, "postgres"), initdb: filepath.Join(dir, "initdb")}
		if executable(b.postgres) && executable(b.initdb) {
			return b, nil
		}
	}
	postgres, err := exec.LookPath("postgres")
	if err != nil {
		return binaries{}, errNoBinaries
	}
	// A link in PATH must be resolved: postgres finds its share folder from its own place.
	if postgres, err = filepath.EvalSymlinks(postgres); err != nil {
		return binaries{}, errNoBinaries
	}
	initdb := filepath.Join(filepath.Dir(postgres), "initdb")
	if !executable(initdb) {
		return binaries{}, errNoBinaries
	}
	return binaries{postgres: postgres, initdb: initdb}, nil
}

func installations() []string {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return nil // only a malformed pattern fails
	}
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	return dirs
}

func version(dir string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	if err != nil {
		return 0
	}
	return n
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
