package privatepg

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

const (
	// maxSocketPath is what fits into sockaddr_un, without the final zero.
	maxSocketPath = 107
	superuser     = "opsledger"
	database      = "opsledger"
)

func socketName(port string) string { return ".s.PGSQL." + port }

// socketFolder returns a 0700 folder whose socket path fits into an address:
// <dir>/run, or, when dir is too deep or its name has characters that mean
// something in a list of folders or in an address, a folder of ours in the
// system's temporary one.
func socketFolder(dir, port string) (string, error) {
	run := filepath.Join(dir, "run")
	if len(filepath.Join(run, socketName(port))) > maxSocketPath || strings.ContainsAny(run, " ,;\"'\\\t\n") {
		return os.MkdirTemp("", "opsledger-pg-")
	}
	if err := os.MkdirAll(run, 0o700); err != nil {
		return "", err
	}
	return run, os.Chmod(run, 0o700)
}

func socketURL(folder, port, database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database}
	u.RawQuery = url.Values{"host": {folder}, "port": {port}, "user": {superuser}, "sslmode": {"disable"}}.Encode()
	return u.String()
}
