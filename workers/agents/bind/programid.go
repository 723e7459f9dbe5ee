package bind

import (
	"debug/elf"
	"encoding/hex"
)

// programID tells this program from others by what the linker noted in it, which follows from all that it was built of.
// It is empty if that cannot be read.
func programID() string {
	f, err := elf.Open("/proc/self/exe")
	if err != nil {
		return ""
	}
	defer f.Close()
	note := f.Section(".note.go.buildid")
	if note == nil {
		return ""
	}
	id, err := note.Data()
	if err != nil {
		return ""
	}
	return hex.EncodeToString(id)
}
