package system

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// The second walk of README: a task with progress, an update, its revert, and a
// revert that is refused because somebody changed the file.
func TestWalkOfTasks(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := deployment.StartDev(t, data)

	hello := s.NewTask("127.0.0.1", "hello", "world", "1.0", "everybody")
	s.Execute(hello, "update")
	s.AwaitPercent(hello, func(percent int) bool { return percent > 0 && percent < 100 })
	end, _ := s.AwaitEnd(hello, "succeeded")
	if end.Percent != 100 || end.Result != "said hello ten times" {
		t.Errorf("hello ended with %+v", end)
	}
	for _, line := range []string{"hello everybody (10 %)", "hello everybody (100 %)"} {
		// On a busy machine lines may come later than the end.
		testkit.Eventually(t, "the log has "+line, func() bool {
			_, body := s.Call(http.MethodGet, "/v1/tasks/"+hello+"/log?count=100", "")
			return strings.Contains(body, line)
		})
	}

	demo := filepath.Join(data, "host", "targets", "demo", "hello.txt")
	release := func(version string) string {
		task := s.NewTask("127.0.0.1", "update", "demo", version, "hello.txt")
		s.Execute(task, "update")
		s.AwaitEnd(task, "succeeded")
		wantFile(t, demo, "hello from release "+version)
		return task
	}
	first, second := release("1.0"), release("2.0")
	s.Execute(second, "revert")
	s.AwaitEnd(second, "reverted")
	wantFile(t, demo, "hello from release 1.0")

	if err := os.WriteFile(demo, []byte("mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.Execute(first, "revert")
	if end, _ := s.AwaitEnd(first, "revert_failed"); !strings.Contains(end.Result, "hello.txt") {
		t.Errorf("the refused revert says %q", end.Result)
	}
	wantFile(t, demo, "mine")
	s.WantBody("/v1/agents", `"kind":"machine"`, `"online":true`)
}

func wantFile(t *testing.T, path, text string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(got), text) {
		t.Errorf("%s: %v, %q, want %q", path, err, got, text)
	}
}
