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

// processes reads the process table; what ends meanwhile is left out.
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

// markOf names the process that has the id now.
func markOf(pid int) (Mark, error) {
	p, err := readProcess(pid)
	return Mark{PID: pid, Start: p.start}, err
}

// alive says whether the very process that was marked still runs.
func (m Mark) alive() bool {
	if m.PID <= 1 {
		return false
	}
	p, err := readProcess(m.PID)
	return err == nil && p.start == m.Start && !p.zombie
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

// carries says whether the process was started with the assignment in its environment.
func carries(pid int, assignment string) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return false
	}
	return bytes.Contains(append([]byte{0}, text...), []byte("\x00"+assignment+"\x00"))
}
