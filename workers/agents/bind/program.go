package bind

import (
	"bytes"
	"fmt"
	"os"

	"github.com/opsledger/opsledger/internal/wholefile"
)

// copyProgram copies named into the engine's folder: a distribution's AppArmor profile for the original would
// keep named out of that folder. It is done at each start, so that a named that was upgraded is taken by the
// next start, and a named that goes on stays as it is. Where the original cannot be read, the copy is used.
func (e *Engine) copyProgram() error {
	data, err := os.ReadFile(e.cfg.NamedPath)
	if err != nil {
		if exists(e.layout.program()) {
			e.log.Warn("named is started from the copy of an earlier start", "error", err)
			return nil
		}
		return fmt.Errorf("bind: %w", err)
	}
	if own, err := os.ReadFile(e.layout.program()); err == nil && bytes.Equal(own, data) {
		return nil
	}
	if err := wholefile.Write(e.layout.program(), data, 0o755); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// noteUpgrade says that another named is installed than the one that runs.
func (e *Engine) noteUpgrade() {
	installed, err := os.ReadFile(e.cfg.NamedPath)
	if err != nil {
		return
	}
	if own, err := os.ReadFile(e.layout.program()); err == nil && !bytes.Equal(own, installed) {
		e.log.Warn("another named is installed than the one that runs; it is taken when named is started the next time: " +
			"opsledger agent stop-named --dir " + e.layout.dir)
	}
}
