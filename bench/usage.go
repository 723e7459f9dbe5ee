package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// processCPU is the processor time that a process has used, its threads' together, read from /proc.
func processCPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The program's name, in parentheses, may contain anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const user, system = 11, 12 // counted from the state, which follows the name
	if len(fields) <= system {
		return 0, fmt.Errorf("process %d: no times in its status", pid)
	}
	var ticks int64
	for _, i := range []int{user, system} {
		n, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	const perTick = time.Second / 100 // the kernel's USER_HZ, the same everywhere
	return time.Duration(ticks) * perTick, nil
}

// cpu is the processor time that the control plane has used; 0 when it is gone.
func (p *plane) cpu() time.Duration {
	used, err := processCPU(p.process.Pid())
	if err != nil {
		return 0
	}
	return used
}

// descriptors is how many files a process has open.
func descriptors(pid int) (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(entries), err
}
