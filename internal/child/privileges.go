package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// insideID is the user id that a child of root has within its own user namespace.
const insideID = 1000

// way is one way to start a program.
type way struct {
	attr *syscall.SysProcAttr
	// private says that what the program writes is its user's alone, and that it
	// cannot get rights that it does not begin with.
	private bool
	// closed is the highest folder above reach that the program's user cannot pass;
	// empty if there is none.
	closed, reach string
}

// prepareThread sets for the thread what the program inherits from it.
func (w way) prepareThread() error {
	if w.closed != "" {
		if err := openWay(w.closed, w.reach); err != nil {
			return fmt.Errorf("%s cannot be reached below %s, which only its owner may pass (%w): choose a folder that every user can reach",
				w.reach, w.closed, err)
		}
	}
	if !w.private {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid new privileges: %w", err)
	}
	if err := unix.Unshare(unix.CLONE_FS); err != nil { // else the umask is the process's
		return fmt.Errorf("set the umask: %w", err)
	}
	unix.Umask(0o077)
	return nil
}

// waysFor lists the ways to start the program, the preferred one first.
//
// PostgreSQL refuses to run as root. In a user namespace of its own it is user
// 1000 to itself and root's files stay root's, so nothing has to be handed over
// and a folder below root's 0700 home works. Where namespaces are forbidden
// (many containers) it runs as an unprivileged user that owns its folders.
//
// In such a namespace a program has no capability that counts outside, so that it
// can listen on no port below 1024, and root's files are its own. A program that
// strangers send packets to runs As a user instead.
func waysFor(ctx context.Context, spec Spec) ([]way, error) {
	if spec.Confined != nil {
		var ways []way
		for _, attr := range confinedAttempts(syscall.SIGKILL) {
			ways = append(ways, way{attr: attr})
		}
		return ways, nil
	}
	death := spec.DeathSignal
	if death == 0 {
		death = syscall.SIGKILL
	}
	plain := spec.bound(death)
	if !spec.Unprivileged || os.Geteuid() != 0 {
		return []way{{attr: plain, private: spec.Unprivileged}}, nil
	}
	if spec.As != nil {
		w, err := asUser(spec, death)
		return []way{w}, err
	}
	if spec.Outlives {
		return nil, fmt.Errorf("run %s: what outlives its parent needs a user of its own", spec.name())
	}
	if namespacesAllowed(ctx) {
		return []way{{attr: inNamespace(death), private: true}}, takeBack(spec)
	}
	other, err := asOtherUser(spec, death)
	if err != nil {
		return nil, err
	}
	return []way{{attr: other, private: true}}, nil
}

// asUser is the way to run as the user of the Spec, with its capabilities alone. The
// kernel keeps the death signal, which it drops when a program changes its user itself.
func asUser(spec Spec, death syscall.Signal) (way, error) {
	closed := ""
	if spec.Reach != "" {
		var err error
		if closed, err = closedAbove(spec.Reach, *spec.As); err != nil {
			return way{}, fmt.Errorf("run %s as %s: %w", spec.name(), spec.As.Name, err)
		}
	}
	attr := spec.bound(death)
	attr.Credential = &syscall.Credential{Uid: spec.As.UID, Gid: spec.As.GID, Groups: spec.As.Groups}
	return way{private: true, closed: closed, reach: spec.Reach, attr: attr}, nil
}

// bound binds the child's life to the parent's, or lets it go on in a session of its own.
func (s Spec) bound(death syscall.Signal) *syscall.SysProcAttr {
	if s.Outlives {
		return &syscall.SysProcAttr{Setsid: true, AmbientCaps: s.Capabilities}
	}
	return &syscall.SysProcAttr{Pdeathsig: death, Setpgid: true, AmbientCaps: s.Capabilities}
}

func inNamespace(death syscall.Signal) *syscall.SysProcAttr {
	ids := []syscall.SysProcIDMap{{ContainerID: insideID, HostID: 0, Size: 1}}
	return &syscall.SysProcAttr{
		Pdeathsig: death, Setpgid: true,
		Cloneflags: syscall.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids,
	}
}

// namespacesAllowed tries it, since no setting tells for certain.
func namespacesAllowed(ctx context.Context) bool {
	p := &Process{spec: Spec{Path: "/bin/true"}, done: make(chan struct{})}
	if err := p.launch(ctx, way{attr: inNamespace(syscall.SIGKILL)}); err != nil {
		return false
	}
	<-p.done
	return p.err == nil
}

// takeBack makes root the owner again of folders that were handed over while
// namespaces were forbidden. Within a user namespace, files of another user
// belong to nobody and could not be opened.
func takeBack(spec Spec) error {
	for _, dir := range spec.Owns {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("run %s: %w", spec.name(), err)
		}
		if owner, ok := info.Sys().(*syscall.Stat_t); !ok || owner.Uid == 0 {
			continue
		}
		if err := giveTo(dir, 0, 0); err != nil {
			return fmt.Errorf("run %s: %w", spec.name(), err)
		}
	}
	return nil
}

func asOtherUser(spec Spec, death syscall.Signal) (*syscall.SysProcAttr, error) {
	uid, gid, err := unprivilegedIDs()
	if err != nil {
		return nil, fmt.Errorf("run %s without root's powers: %w", spec.name(), err)
	}
	for _, dir := range spec.Owns {
		if err := handOver(dir, uid, gid); err != nil {
			return nil, fmt.Errorf("run %s as user %d: %w", spec.name(), uid, err)
		}
	}
	return &syscall.SysProcAttr{
		Pdeathsig: death, Setpgid: true,
		Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)},
	}, nil
}

func unprivilegedIDs() (uid, gid int, err error) {
	for _, name := range []string{"opsledger", "nobody"} {
		u, lookup := user.Lookup(name)
		if lookup != nil {
			continue
		}
		uid, errUID := strconv.Atoi(u.Uid)
		gid, errGID := strconv.Atoi(u.Gid)
		if err := errors.Join(errUID, errGID); err != nil {
			return 0, 0, err
		}
		return uid, gid, nil
	}
	return 0, 0, errors.New("user namespaces are not allowed here and there is no user named opsledger or nobody")
}

// handOver gives a folder and what is in it to the user, who must be able to reach it.
func handOver(dir string, uid, gid int) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for parent := filepath.Dir(abs); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("%s cannot be reached below %s (mode %v): choose a data folder that every user can reach", abs, parent, info.Mode().Perm())
		}
		if parent == filepath.Dir(parent) {
			break
		}
	}
	return giveTo(abs, uid, gid)
}

// giveTo changes the owner of a folder and of what is in it.
func giveTo(dir string, uid, gid int) error {
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}
