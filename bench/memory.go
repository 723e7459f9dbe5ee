package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"github.com/opsledger/opsledger/workers/agents/bind"
)

// residentMiB is a process's resident memory in MiB, read from /proc.
func residentMiB(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) < 2 || string(fields[0]) != "VmRSS:" {
			continue
		}
		kib, err := strconv.ParseFloat(string(fields[1]), 64)
		return kib / 1024, err
	}
	return 0, fmt.Errorf("no VmRSS of process %d", pid)
}

// memory is the resident memory of the plane's two processes that grow with the
// data, in MiB.
func (p *plane) memory() (serve, named float64, err error) {
	if serve, err = residentMiB(p.process.Pid()); err != nil {
		return 0, 0, err
	}
	access, err := bind.OpenAccess(p.agentDir)
	if err != nil {
		return 0, 0, err
	}
	pid, err := access.PID()
	if err != nil {
		return 0, 0, err
	}
	named, err = residentMiB(pid)
	return serve, named, err
}
