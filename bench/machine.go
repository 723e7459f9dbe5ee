package bench

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// machine is what figures depend on.
type machine struct {
	cores    int
	cpu      string
	memory   int64 // bytes, 0 when unknown
	system   string
	versions []string
}

func thisMachine(version string) *machine {
	m := &machine{
		cores: runtime.NumCPU(), cpu: firstValue("/proc/cpuinfo", "model name"),
		system: runtime.GOOS + "/" + runtime.GOARCH, versions: []string{runtime.Version()},
	}
	if version != "" {
		m.versions = append(m.versions, "opsledger "+version)
	}
	kilobytes, _, _ := strings.Cut(firstValue("/proc/meminfo", "MemTotal"), " ")
	if n, err := strconv.ParseInt(kilobytes, 10, 64); err == nil {
		m.memory = n << 10
	}
	return m
}

func (m *machine) note(version string) {
	if !slices.Contains(m.versions, version) {
		m.versions = append(m.versions, version)
	}
}

// String is the machine in one line.
func (m *machine) String() string {
	parts := []string{fmt.Sprintf("%d cores", m.cores)}
	if m.cpu != "" {
		parts[0] += " (" + m.cpu + ")"
	}
	if m.memory > 0 {
		parts = append(parts, fmt.Sprintf("%.1f GiB", float64(m.memory)/(1<<30)))
	}
	return strings.Join(append(append(parts, m.system), m.versions...), ", ")
}

// firstValue returns the value of the first line "key: value", empty without one.
func firstValue(file, key string) string {
	f, err := os.Open(file)
	if err != nil {
		return "" // not Linux
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if k, v, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
