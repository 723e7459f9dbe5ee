package supervise

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is a line of the system's process table.
type process struct {
	pid, parent, group int
	start              uint64
	zombie             bool
}

// processes reads the process table, without processes that end meanwhile.
func processes() []process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var all []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if p, err := readProcess(pid); err == nil {
			all = append(all, p)
		}
	}
	return all
}

var errStat = errors.New("a stat file of /proc has another format")

// readProcess reads /proc/<pid>/stat. The program's name, in brackets, may hold anything.
func readProcess(pid int) (process, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return process{}, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 20 { // state is field 3 of the file, start time field 22
		return process{}, errStat
	}
	parent, errParent := strconv.Atoi(fields[1])
	group, errGroup := strconv.Atoi(fields[2])
	start, errStart := strconv.ParseUint(fields[19], 10, 64)
	if err := errors.Join(errParent, errGroup, errStart); err != nil {
		return process{}, err
	}
	return process{pid: pid, parent: parent, group: group, start: start, zombie: fields[0] == "Z" || fields[0] == "X"}, nil
}

// identityOf identifies the process that has the id now.
func identityOf(pid int) (Identity, error) {
	p, err := readProcess(pid)
	return Identity{PID: pid, Start: p.start}, err
}

// alive says whether the identified process still runs.
func (id Identity) alive() bool {
	if id.PID <= 1 {
		return false
	}
	p, err := readProcess(id.PID)
	return err == nil && p.start == id.Start && !p.zombie
}

// below lists the processes of which root is an ancestor, without zombies.
func below(root int, all []process) []process {
	children := map[int][]process{}
	for _, p := range all {
		children[p.parent] = append(children[p.parent], p)
	}
	var found []process
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, p := range children[queue[0]] {
			queue = append(queue, p.pid)
			if !p.zombie {
				found = append(found, p)
			}
		}
	}
	return found
}

// carries says whether the process was started with the variable in its environment.
func carries(pid int, variable string) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return false
	}
	return bytes.Contains(append([]byte{0}, text...), []byte("\x00"+variable+"\x00"))
}
