package deployment

import (
	"os"
	"os/exec"
	"testing"
)

// Shell runs a script with sh as a user pastes it, with more in its environment, and returns
// all that it said. A command that fails does not end it, as at a terminal.
func Shell(t testing.TB, script string, environment ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Env = append(os.Environ(), environment...)
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("the script ends with %v: %s", err, said)
	}
	return string(said)
}
