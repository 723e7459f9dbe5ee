package system

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// runner runs a command of opsledger to its end.
type runner func(args ...string) (stdout, stderr string, err error)

// commandLine runs commands as the admin, on the opsledger that a server is.
func commandLine(t *testing.T, s *deployment.Server) runner {
	t.Helper()
	command := adminsCommand(t, s)
	return func(args ...string) (stdout, stderr string, err error) {
		cmd := command(args...)
		var out, said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &said
		err = cmd.Run()
		return out.String(), said.String(), err
	}
}

// killAt ends a command at once when it has printed the text.
func killAt(t *testing.T, cmd *exec.Cmd, text string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for lines := bufio.NewScanner(out); !found && lines.Scan(); {
		found = strings.Contains(lines.Text(), text)
	}
	_ = cmd.Process.Kill()
	if err := cmd.Wait(); !found || err == nil {
		t.Errorf("it ended by itself: %v, and had said %q: %v", err, text, found)
	}
}

// adminsCommand makes commands of the admin.
func adminsCommand(t *testing.T, s *deployment.Server) func(args ...string) *exec.Cmd {
	t.Helper()
	_, login := s.Call(http.MethodPost, "/auth/login_local", `{"username":"admin","password":"`+deployment.Password+`"}`)
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(login), &answer); err != nil {
		t.Fatal(err)
	}
	return func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), testkit.Program(t), append(args, "--data", s.Data)...)
		cmd.Env = append(os.Environ(), "OPSLEDGER_TOKEN="+answer.Token)
		return cmd
	}
}
