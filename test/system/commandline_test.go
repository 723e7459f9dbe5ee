package system

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// runner runs a command of opsledger to its end.
type runner func(args ...string) (stdout, stderr string, err error)

// commandLine runs commands as the admin, on the opsledger that a server is.
func commandLine(t *testing.T, s *deployment.Server) runner {
	t.Helper()
	_, login := s.Call(http.MethodPost, "/auth/login_local", `{"username":"admin","password":"`+deployment.Password+`"}`)
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(login), &answer); err != nil {
		t.Fatal(err)
	}
	return func(args ...string) (stdout, stderr string, err error) {
		cmd := exec.CommandContext(t.Context(), testkit.Program(t), append(args, "--data", s.Data)...)
		cmd.Env = append(os.Environ(), "OPSLEDGER_TOKEN="+answer.Token)
		var out, said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &said
		err = cmd.Run()
		return out.String(), said.String(), err
	}
}
