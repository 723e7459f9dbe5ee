package bind

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/internal/asuser"
)

// namedUsers are whom distributions have named run as, then those that exist for
// whatever needs no rights.
var namedUsers = []string{"bind", "named", "opsledger", "nobody"}

// namedUser finds the user that named runs as and that its files belong to, nil for the
// agent's own.
func (c Config) namedUser() (*asuser.User, error) {
	if os.Geteuid() != 0 {
		return nil, c.onlySelf()
	}
	if c.User == "" && !c.Supervise {
		return ownerOf(layout{dir: c.Dir}), nil
	}
	names := namedUsers
	if c.User != "" {
		names = []string{c.User}
	}
	for _, name := range names {
		user, err := asuser.Lookup(name)
		switch {
		case err == nil && user.UID == 0:
			return nil, fmt.Errorf("bind: user %s: named does not run as root", name)
		case err == nil:
			return &user, nil
		case c.User != "":
			return nil, fmt.Errorf("bind: user %s: %w", name, err)
		}
	}
	return nil, fmt.Errorf("bind: named does not run as root, and none of the users %s exists", strings.Join(namedUsers, ", "))
}

// onlySelf refuses another user than the agent's own.
func (c Config) onlySelf() error {
	if c.User == "" {
		return nil
	}
	user, err := asuser.Lookup(c.User)
	if err != nil {
		return fmt.Errorf("bind: user %s: %w", c.User, err)
	}
	if !user.Self() {
		return fmt.Errorf("bind: to run named as %s the agent must be root", c.User)
	}
	return nil
}

// ownerOf is whom the system's named runs as: the owner of the folders that it writes
// to, or else of the directory. nil is root.
func ownerOf(l layout) *asuser.User {
	for _, dir := range []string{l.zones(), l.dir} {
		info, err := os.Lstat(dir)
		if err != nil {
			continue
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
			return &asuser.User{Name: strconv.Itoa(int(st.Uid)), UID: st.Uid, GID: st.Gid}
		}
	}
	return nil
}

// errNoRight says what to do.
var errNoRight = errors.New("the port needs a right that this agent does not have: run the agent as root, or give it the right " +
	"(setcap cap_net_bind_service=+ep on the opsledger program; in a unit of systemd AmbientCapabilities=CAP_NET_BIND_SERVICE; " +
	"in a container --cap-add NET_BIND_SERVICE), or lower net.ipv4.ip_unprivileged_port_start by sysctl, or choose another port")

// capabilitiesFor are what a named that is not root needs to listen on the port. The
// agent hands them on, and must have them itself.
func capabilitiesFor(port uint16) ([]uintptr, error) {
	if port == 0 || int(port) >= unprivilegedFrom() {
		return nil, nil
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return nil, fmt.Errorf("ask for the agent's capabilities: %w", err)
	}
	if sets[0].Permitted&(1<<unix.CAP_NET_BIND_SERVICE) == 0 {
		return nil, errNoRight
	}
	return []uintptr{unix.CAP_NET_BIND_SERVICE}, nil
}

// unprivilegedFrom is the first port that everybody may listen on, which also holds for
// IPv6.
func unprivilegedFrom() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if err != nil {
		return 1024
	}
	first, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 1024
	}
	return first
}
