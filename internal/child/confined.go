package child

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Confinement is for a program that reads what strangers have sent. Such a program
//
//  1. runs as a user who owns nothing (where the parent is not root, as its own user) and
//     gains no right by what it executes;
//  2. has no environment, and no file is open in it but its standard streams;
//  3. has a network namespace of its own without interfaces, where the system allows it;
//  4. writes no file, opens few, and ends when it has used up its memory or its time;
//  5. does not outlive its parent, like each child.
//
// Between the parent and the program runs a launcher, which is this executable once more:
// limits can be set only from within the process that they are for.
type Confinement struct {
	// Memory is the address space in octets.
	Memory uint64
	// CPU is the time on processors; it is rounded up to seconds.
	CPU time.Duration
	// RootArgs come before the other arguments if the program has the right to change its
	// root folder. By them it shuts itself up in its working folder.
	RootArgs []string
}

const (
	// launcherName is the name that the launcher is called by.
	launcherName = "opsledger-launch-confined"
	// NobodyID is the user and the group, owning nothing, that a confined child of root has.
	NobodyID = 65534
	// confinedFiles is how many files a confined program may have open at a time.
	confinedFiles = 32
	// shell sets the last limit: Go's runtime ends the process when it cannot have more
	// address space than the program may, which it can need between the limit and exec.
	shell       = "/bin/sh"
	limitMemory = `ulimit -v "$0" && exec /usr/bin/env -i "$@"` // a shell adds to the environment
	// launchFailed is the launcher's exit code if there is no program in its place.
	launchFailed = 127
)

// init makes this process the launcher if it was started as one, before main. So each
// program that runs confined children is a launcher, too, and so are tests.
func init() {
	if len(os.Args) > 0 && os.Args[0] == launcherName {
		fmt.Fprintln(os.Stderr, "run confined:", becomeConfined(os.Args[1:]))
		os.Exit(launchFailed)
	}
}

// launcherArgs are read by becomeConfined.
func (c *Confinement) launcherArgs(spec Spec) []string {
	seconds := uint64((c.CPU + time.Second - 1) / time.Second)
	args := []string{launcherName, strconv.FormatUint(c.Memory, 10), strconv.FormatUint(seconds, 10), strconv.Itoa(len(c.RootArgs))}
	return append(append(append(args, c.RootArgs...), spec.Path), spec.Args...)
}

// becomeConfined limits this process and puts the program in its place. It returns only
// if that fails.
func becomeConfined(args []string) error {
	if len(args) < 4 {
		return errors.New("arguments are missing")
	}
	memory, errMemory := strconv.ParseUint(args[0], 10, 64)
	seconds, errSeconds := strconv.ParseUint(args[1], 10, 32)
	rootArgs, errRoot := strconv.Atoi(args[2])
	if err := errors.Join(errMemory, errSeconds, errRoot); err != nil {
		return err
	}
	rest := args[3:]
	if rootArgs < 0 || len(rest) <= rootArgs {
		return errors.New("arguments are missing")
	}
	argv := []string{rest[rootArgs]}
	if syscall.Chroot("/") == nil { // which changes nothing, and tells whether it may
		argv = append(argv, rest[:rootArgs]...)
	}
	argv = append(argv, rest[rootArgs+1:]...)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up gaining rights: %w", err)
	}
	for _, limit := range []struct {
		what  int
		value uint64
	}{
		{unix.RLIMIT_CORE, 0}, {unix.RLIMIT_FSIZE, 0}, {unix.RLIMIT_NOFILE, confinedFiles}, {unix.RLIMIT_CPU, seconds},
	} {
		if err := syscall.Setrlimit(limit.what, &syscall.Rlimit{Cur: limit.value, Max: limit.value}); err != nil {
			return fmt.Errorf("set limit %d: %w", limit.what, err)
		}
	}
	return syscall.Exec(shell, append([]string{shell, "-c", limitMemory, strconv.FormatUint(memory>>10, 10)}, argv...), nil)
}

// confinedAttempts are the ways to start the launcher, the best confined first. Containers
// may forbid namespaces or the right to change the root folder.
func confinedAttempts(death syscall.Signal) []*syscall.SysProcAttr {
	const apart = syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
	root := ConfinedAsNobody()
	attempt := func(flags uintptr, ambient ...uintptr) *syscall.SysProcAttr {
		a := &syscall.SysProcAttr{Pdeathsig: death, Setpgid: true, Cloneflags: flags, AmbientCaps: ambient}
		uid, gid := os.Getuid(), os.Getgid()
		if root {
			uid, gid = NobodyID, NobodyID
			a.Credential = &syscall.Credential{Uid: NobodyID, Gid: NobodyID}
		}
		if flags&syscall.CLONE_NEWUSER != 0 {
			a.UidMappings = []syscall.SysProcIDMap{{ContainerID: NobodyID, HostID: uid, Size: 1}}
			a.GidMappings = []syscall.SysProcIDMap{{ContainerID: NobodyID, HostID: gid, Size: 1}}
			a.GidMappingsEnableSetgroups = root
		}
		return a
	}
	attempts := []*syscall.SysProcAttr{attempt(syscall.CLONE_NEWUSER|apart, unix.CAP_SYS_CHROOT)}
	if root {
		attempts = append(attempts, attempt(apart, unix.CAP_SYS_CHROOT), attempt(0, unix.CAP_SYS_CHROOT))
	}
	return append(attempts, attempt(0))
}

// ConfinedAsNobody says whether a confined child runs as [NobodyID]: where the parent is
// root, but not where root is all that its user namespace has.
func ConfinedAsNobody() bool {
	return os.Geteuid() == 0 && maps("/proc/self/uid_map", NobodyID) && maps("/proc/self/gid_map", NobodyID)
}

// maps says whether a table of a user namespace's ids has the id.
func maps(table string, id uint64) bool {
	text, err := os.ReadFile(table)
	if err != nil {
		return true // no user namespaces at all
	}
	for line := range strings.Lines(string(text)) {
		var inside, outside, size uint64
		if _, err := fmt.Sscan(line, &inside, &outside, &size); err == nil && inside <= id && id-inside < size {
			return true
		}
	}
	return false
}
