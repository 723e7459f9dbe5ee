package bind

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// Access lets a tool on the same host, which may read the engine's folder, talk
// to named beside the engine: to measure or to look, not to change what the log
// says.
type Access struct {
	layout layout
	local  *local
}

// OpenAccess reads the keys that the engine keeps in its folder.
func OpenAccess(dir string) (*Access, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("bind: %w", err)
	}
	l := layout{dir: dir}
	if _, err := os.Stat(l.local()); err != nil {
		return nil, fmt.Errorf("bind: %w", err)
	}
	own, err := openLocal(l)
	if err != nil {
		return nil, err
	}
	return &Access{layout: l, local: own}, nil
}

// ViewKey is the TSIG key that leads a query to the view with that id.
func (a *Access) ViewKey(view int64) (dnsclient.Key, error) {
	if len(a.local.ViewSecrets[view]) == 0 {
		return dnsclient.Key{}, fmt.Errorf("bind: view %d has no key yet", view)
	}
	return a.local.viewKey(view), nil
}

// PID is the process id of named.
func (a *Access) PID() (int, error) {
	text, err := readNamed(a.layout.pid())
	if err != nil {
		return 0, fmt.Errorf("bind: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}
