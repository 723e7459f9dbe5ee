package testkit

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Alive says whether there is a process of this id that is not a zombie.
func Alive(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	text := string(stat) // the program's name, in brackets, may hold anything
	return !strings.HasPrefix(text[strings.LastIndexByte(text, ')')+1:], " Z")
}
