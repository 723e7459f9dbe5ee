package executor_test

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

const updates = `
actions:
  update:
    $USER
    targets:
      web: {folder: $DIR/web, releases: $DIR/releases}
      git: {folder: $DIR/web, git: $DIR/repo, fetch: origin}
      still: {folder: $DIR/web, git: $DIR/repo}
      svn: {folder: $DIR/web, svn: $DIR/copy}
`

func newUpdates(t *testing.T) *host {
	t.Helper()
	h := newHost(t, updates, nil)
	h.write("web/a", "old a")
	h.write("releases/1/a", "one a")
	h.write("releases/1/sub/b", "one b")
	h.write("releases/2/a", "two a")
	return h
}

func TestUpdateAndRevert(t *testing.T) {
	t.Parallel()
	h := newUpdates(t).start()
	if err := os.Chmod(h.path("web/a"), 0o604); err != nil {
		t.Fatal(err)
	}
	h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "web", Version: "1", Content: "a\nsub/b"})
	end := h.wantEnd(1, ops.Succeeded, "2 files exchanged")
	if len(end.Changes) != 2 || end.Changes[0].Before.Digest == "" || end.Changes[1].Before.Exists() {
		t.Errorf("changes %+v", end.Changes)
	}
	if h.read("web/a")+h.read("web/sub/b") != "one aone b" {
		t.Error("not updated")
	}
	h.assign(executor.Assignment{Task: strings.Repeat("4", 32), Attempt: 2, Action: "update", Target: "web", Version: "2", Content: "a"})
	h.wantEnd(2, ops.Succeeded, "")
	h.assign(executor.Assignment{Attempt: 3, Mode: ops.ModeRevert, Of: 1, Action: "update", Target: "web", Content: "a"})
	h.wantEnd(3, ops.Failed, "changed by somebody else since: a")
	if h.read("web/sub/b") != "one b" {
		t.Error("a refused revert touched something")
	}
	h.assign(executor.Assignment{Task: strings.Repeat("4", 32), Attempt: 4, Mode: ops.ModeRevert, Of: 2, Action: "update", Target: "web", Content: "a"})
	h.wantEnd(4, ops.Succeeded, "")
	h.assign(executor.Assignment{Attempt: 5, Mode: ops.ModeRevert, Of: 1, Action: "update", Target: "web", Content: "a"})
	h.wantEnd(5, ops.Succeeded, "")
	info, err := os.Stat(h.path("web/a"))
	if err != nil || info.Mode().Perm() != 0o604 || h.read("web/a") != "old a" {
		t.Errorf("a is %q, %v %v", h.read("web/a"), info, err)
	}
	if _, err := os.Stat(h.path("web/sub")); !os.IsNotExist(err) {
		t.Error("the folder that the update made is still there")
	}
	h.assign(executor.Assignment{Attempt: 6, Mode: ops.ModeRevert, Of: 3, Action: "update", Target: "web", Content: "a"})
	h.wantEnd(6, ops.Failed, "attempt 3 changed nothing")
}

func TestUpdateRefusals(t *testing.T) {
	t.Parallel()
	h := newUpdates(t)
	h.write("secret", "secret")
	if err := errors.Join(os.Symlink("../../secret", h.path("releases/1/link")), os.Symlink("..", h.path("web/up")), syscall.Mkfifo(h.path("releases/1/pipe"), 0o644),
		os.Symlink("/etc", h.path("releases/etc"))); err != nil {
		t.Fatal(err)
	}
	h.write("releases/1/up/x", "x")
	h.start()
	for i, test := range []struct{ target, version, content, message string }{
		{"nowhere", "1", "a", `unknown target "nowhere"`},
		{"web", "", "a", "a version is needed"},
		{"web", "9", "a", "no such file"},
		{"web", "1", "a,missing", "fetch missing: there is no such file in version 1"},
		{"web", "1", "missing,a,sub/none,none/x", "fetch missing, sub/none, none/x: there is no such file in version 1"},
		{"web", "1", "a,!a", "named twice"},
		{"web", "1", "!../secret", "elements"},
		{"web", "1", "!", "empty"},
		{"web", "1", "a,!none,!sub/b", "cannot be removed: none, sub/b"},
		{"web", "1", "a,link", "fetch link"},
		{"web", "1", "pipe", "not a regular file"},
		{"web", "1", "sub", "not a regular file"},
		{"web", "1", "up/x", "up"},
		{"web", "etc", "passwd", "escapes"},
		{"web", "1/../2", "a", "version"},
		{"web", "1", "../a", "elements"},
		{"web", "1", "//etc/passwd", "absolute"},
		{"web", "1", "/etc/passwd", "fetch etc/passwd"}, // the folder is the root
	} {
		h.assign(executor.Assignment{Attempt: int64(i + 1), Action: "update", Target: test.target, Version: test.version, Content: test.content})
		h.wantEnd(int64(i+1), ops.Failed, test.message)
	}
	if h.read("web/a") != "old a" || h.read("secret") != "secret" {
		t.Error("a refused update touched something")
	}
}

// run runs a tool in the host's folder.
func (h *host) run(name string, args ...string) {
	h.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = h.dir
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "HOME="+h.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}

func TestUpdateFromGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	h := newUpdates(t)
	h.run("git", "init", "-q", "-b", "main", "upstream")
	h.run("git", "clone", "-q", "upstream", "repo")
	h.write("upstream/a", "git a")
	h.write("upstream/bin/run me", "run")
	if err := errors.Join(os.Chmod(h.path("upstream/bin/run me"), 0o755), os.Symlink("/etc/passwd", h.path("upstream/link"))); err != nil {
		t.Fatal(err)
	}
	h.run("git", "-C", "upstream", "add", "-A")
	h.run("git", "-C", "upstream", "commit", "-qm", "one")
	h.run("git", "-C", "upstream", "tag", "v1")
	h.start()
	h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "git", Version: "v1", Content: "a\nbin/run me"})
	h.wantEnd(1, ops.Succeeded, "")
	if info, err := os.Stat(h.path("web/bin/run me")); err != nil || info.Mode().Perm() != 0o755 || h.read("web/a") != "git a" {
		t.Errorf("%v %v %q", info, err, h.read("web/a"))
	}
	for i, test := range []struct{ version, content, message string }{
		{"v9", "a", "does not know version v9"}, {"v1", "link", "a symbolic link"}, {"v1", "none,a,bin/none", "fetch none, bin/none: there is no such file in version v1"}, {"v1", "bin", "not a regular file"},
	} {
		h.assign(executor.Assignment{Attempt: int64(i + 2), Action: "update", Target: "git", Version: test.version, Content: test.content})
		h.wantEnd(int64(i+2), ops.Failed, test.message)
	}
}

func TestUpdateFromSubversion(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("svnadmin"); err != nil {
		t.Skip("no subversion")
	}
	h := newUpdates(t)
	h.run("svnadmin", "create", "store")
	h.run("svn", "checkout", "-q", "file://"+h.path("store"), "copy")
	h.write("copy/a", "svn a")
	h.write("copy/b@1 x", "odd")
	h.run("svn", "add", "-q", "copy/a", "copy/b@1 x@")
	h.run("svn", "propset", "-q", "svn:executable", "*", "copy/a")
	if err := os.Symlink("/etc/passwd", h.path("copy/link")); err != nil {
		t.Fatal(err)
	}
	h.run("svn", "add", "-q", "copy/link")
	h.run("svn", "commit", "-qm", "one", "copy")
	h.write("copy/a", "svn a, later")
	h.run("svn", "commit", "-qm", "two", "copy")
	h.start()
	h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "svn", Version: "1", Content: "a\nb@1 x"})
	h.wantEnd(1, ops.Succeeded, "")
	if info, err := os.Stat(h.path("web/a")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("what was not executable became so in the version, but has %v, %v", info, err)
	}
	if h.read("web/a") != "svn a" || h.read("web/b@1 x") != "odd" {
		t.Errorf("%q %q", h.read("web/a"), h.read("web/b@1 x"))
	}
	for i, test := range []struct{ version, content, message string }{{"9", "a", "svn"}, {"1", "none,a,more/none", "fetch none, more/none: there is no such file in version 1"}, {"1", "link", "a symbolic link"}, {"v1", "a", "not a subversion revision"}} {
		h.assign(executor.Assignment{Attempt: int64(i + 2), Action: "update", Target: "svn", Version: test.version, Content: test.content})
		h.wantEnd(int64(i+2), ops.Failed, test.message)
	}
}

// Killed at any step of an update: the files are all as before or all as after.
func TestAgentKilledWhileFilesAreExchanged(t *testing.T) {
	t.Parallel()
	const many = 300
	h := newUpdates(t)
	var names []string
	for i := range many {
		name := "n/" + strconv.Itoa(i)
		names = append(names, name)
		h.write("releases/1/"+name, "new")
		h.write("web/"+name, "old")
	}
	for attempt := int64(1); attempt <= 4; attempt++ {
		v := h.startAgent()
		v.assign(executor.Assignment{Task: task, Attempt: attempt, Mode: ops.ModeUpdate, Action: "update", Target: "web", Version: "1", Content: strings.Join(names, "\n")})
		for range attempt { // a little further each time
			if !v.until(attempt, progressed) {
				break
			}
		}
		v.kill()
		h.reports = nil
		h.start()
		end := h.end(attempt)
		want := "old"
		if end.State == ops.Succeeded {
			want = "new"
		} else if !end.Interrupted {
			t.Errorf("ended %+v", end)
		}
		for _, name := range names {
			if got := h.read("web/" + name); got != want {
				t.Fatalf("attempt %d ended %s %q, and %s is %q", attempt, end.State, end.Message, name, got)
			}
		}
		entries, err := os.ReadDir(h.path("web/n"))
		if err != nil || len(entries) != many {
			t.Errorf("%d files, %v", len(entries), err)
		}
		h.stop()
		if end.State == ops.Succeeded {
			break
		}
	}
}

// A removal is shipped by a mark before the name, and the revert puts back what was there.
func TestRemoval(t *testing.T) {
	t.Parallel()
	h := newUpdates(t)
	h.write("web/gone", "old gone")
	h.write("web/dir/gone", "too")
	h.write("web/!odd", "odd")
	h.write("releases/1/!odd", "one odd")
	if err := os.Chmod(h.path("web/gone"), 0o751); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "web", Version: "1", Content: "a, !gone\n! /dir/gone, /!odd"})
	end := h.wantEnd(1, ops.Succeeded, "4 files exchanged")
	if len(end.Changes) != 4 || h.read("web/a") != "one a" || h.read("web/!odd") != "one odd" || !strings.Contains(h.log(1), "→ no file") {
		t.Errorf("%+v", end.Changes)
	}
	for _, name := range []string{"web/gone", "web/dir/gone"} {
		if _, err := os.Stat(h.path(name)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.assign(executor.Assignment{Attempt: 2, Mode: ops.ModeRevert, Of: 1, Action: "update", Target: "web", Content: "a"})
	h.wantEnd(2, ops.Succeeded, "")
	info, err := os.Stat(h.path("web/gone"))
	if err != nil || info.Mode().Perm() != 0o751 || h.read("web/gone")+h.read("web/dir/gone")+h.read("web/!odd") != "old gonetooodd" {
		t.Errorf("%v, %v: %q", info, err, h.read("web/gone"))
	}
	// Nothing is fetched for removals alone, so that no version is needed.
	h.assign(executor.Assignment{Task: strings.Repeat("6", 32), Attempt: 3, Action: "update", Target: "web", Content: "!gone"})
	h.wantEnd(3, ops.Succeeded, "1 file exchanged")
}

// What was new in an absolute link's folder goes there, and a release may be one.
func TestUpdateThroughAbsoluteLinks(t *testing.T) {
	t.Parallel()
	h := newUpdates(t)
	h.write("web/releases/42/a", "old 42")
	if err := errors.Join(os.Symlink(h.path("web/releases/42"), h.path("web/current")), os.Symlink(h.path("releases/1"), h.path("releases/latest")),
		os.Symlink(h.path("releases/1"), h.path("web/out")), os.MkdirAll(h.path("releases/1/current/new"), 0o755)); err != nil {
		t.Fatal(err)
	}
	h.write("releases/1/current/a", "one 42")
	h.write("releases/1/current/new/b", "one b")
	h.start()
	h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "web", Version: "latest", Content: "current/a,current/new/b"})
	h.wantEnd(1, ops.Succeeded, "2 files exchanged")
	if got := h.read("web/releases/42/a") + h.read("web/releases/42/new/b"); got != "one 42one b" {
		t.Errorf("got %q", got)
	}
	h.write("releases/1/out/a", "x")
	h.assign(executor.Assignment{Attempt: 2, Action: "update", Target: "web", Version: "1", Content: "out/a"})
	h.wantEnd(2, ops.Failed, "escapes")
	if h.read("releases/1/a") != "one a" {
		t.Error("something was written outside")
	}
}

// A file that became executable in its version can be run, and after the revert it cannot.
func TestExecutableFollowsTheRelease(t *testing.T) {
	t.Parallel()
	h := newUpdates(t)
	if err := os.Chmod(h.path("releases/1/a"), 0o755); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "web", Version: "1", Content: "a"})
	h.wantEnd(1, ops.Succeeded, "")
	if info, err := os.Stat(h.path("web/a")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
	h.assign(executor.Assignment{Attempt: 2, Mode: ops.ModeRevert, Of: 1, Action: "update", Target: "web", Content: "a"})
	h.wantEnd(2, ops.Succeeded, "")
	if info, err := os.Stat(h.path("web/a")); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
}

// A file with a second name stays as it is, and the attempt says why.
func TestHardLinkIsNotParted(t *testing.T) {
	t.Parallel()
	h := newUpdates(t)
	if err := os.Link(h.path("web/a"), h.path("web/second")); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "web", Version: "1", Content: "sub/b,a"})
	h.wantEnd(1, ops.Failed, "a has 2 names (hard links)")
	if _, err := os.Stat(h.path("web/sub")); !os.IsNotExist(err) || h.read("web/a") != "old a" {
		t.Errorf("a refused update touched something: %v", err)
	}
}

// New folders and files are for others to read, whatever the agent's umask is.
func TestUmask(t *testing.T) {
	t.Parallel()
	h := newUpdates(t)
	v := h.startAgent("sh", "-c", `umask 077; exec "$@"`, "sh")
	v.assign(executor.Assignment{Task: task, Attempt: 1, Mode: ops.ModeUpdate, Action: "update", Target: "web", Version: "1", Content: "sub/b"})
	if !v.until(1, in(ops.Succeeded)) {
		t.Fatal("the update failed")
	}
	for name, want := range map[string]os.FileMode{"web/sub": os.ModeDir | 0o755, "web/sub/b": 0o644} {
		if info, err := os.Stat(h.path(name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}
