package system

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A zone goes out and in by the command line, which finds the opsledger by its data folder.
func TestZoneFilesByCommand(t *testing.T) {
	t.Parallel()
	s := deployment.StartServe(t, "serve")
	s.Post("/dns/views", `{"name":"office","acl":"any"}`)
	s.Post("/dns/zones", `{"name":"example.org","zone_type":"master","view_ids":[1]}`)
	_, login := s.Call(http.MethodPost, "/auth/login_local", `{"username":"admin","password":"`+deployment.Password+`"}`)
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(login), &answer); err != nil {
		t.Fatal(err)
	}
	opsledger := func(args ...string) (stdout, stderr string, err error) {
		cmd := exec.CommandContext(t.Context(), testkit.Program(t), append(args, "--data", s.Data)...)
		cmd.Env = append(os.Environ(), "OPSLEDGER_TOKEN="+answer.Token)
		var out, said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &said
		err = cmd.Run()
		return out.String(), said.String(), err
	}
	file, back := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "out")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("$TTL 60\nwww A 192.0.2.1\nmail MX 10 www\n")

	out, _, err := opsledger("import", "zone", file, "--zone", "example.org", "--dry-run")
	if err != nil || !strings.Contains(out, "+ www.example.org.\t60\tIN\tA\t192.0.2.1\n") || !strings.Contains(out, "nothing was") {
		t.Errorf("dry run: %v %s", err, out)
	}
	out, said, err := opsledger("import", "zone", file, "--zone", "Example.org.", "--view", "office")
	if err != nil || !strings.HasPrefix(out, "added 2, changed 0, removed 0, unchanged 0, position ") || !strings.Contains(said, "bytes") {
		t.Errorf("import: %v %s%s", err, out, said)
	}
	if out, said, err = opsledger("export", "zone", "example.org", "--out", back); err != nil || out != "" {
		t.Errorf("export: %v %s%s", err, out, said)
	}
	exported, err := os.ReadFile(back)
	if err != nil || !strings.Contains(string(exported), "www.example.org.\t60\tIN\tA\t192.0.2.1\n") {
		t.Errorf("exported %s, %v", exported, err)
	}
	if out, _, err = opsledger("export", "zone", "example.org"); err != nil || out != string(exported) {
		t.Errorf("to standard output: %v %s", err, out)
	}
	write(largeZone(10_050, 60)) // which is staged, and followed to its end
	out, said, err = opsledger("import", "zone", file, "--zone", "example.org")
	if err != nil || !strings.HasPrefix(out, "added 10050, changed 0, removed 0, position ") {
		t.Errorf("a large import: %v %s%s", err, out, said)
	}
	write("$TTL 60\nwww A 192.0.2.1\nbad A 1\n$INCLUDE x\n")
	_, said, err = opsledger("import", "zone", file, "--zone", "example.org")
	if err == nil || !strings.Contains(said, "line 3: ") || !strings.Contains(said, "line 4: ") {
		t.Errorf("refused: %v %s", err, said)
	}
	if _, said, err = opsledger("export", "zone", "other.example"); err == nil || !strings.Contains(said, `there is no zone "other.example"`) {
		t.Errorf("no zone: %v %s", err, said)
	}
}
