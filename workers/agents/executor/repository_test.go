package executor_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

// stranger is the user whom the repositories belong to.
const stranger = 65534

// newStrangersRepository makes a host whose action runs as root, and in its folder repo
// a clone of upstream with a file, both the stranger's. Whatever the configuration has
// git run says as whom in the file "ran", by the script at the returned path.
func newStrangersRepository(t *testing.T) (h *host, script string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can be led to run something as root")
	}
	h = newUpdates(t)
	for dir := h.dir; dir != "/"; dir = filepath.Dir(dir) { // the stranger reaches what is its own
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&1 == 0 {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.run("git", "init", "-q", "-b", "main", "upstream")
	h.run("git", "clone", "-q", "upstream", "repo")
	h.write("upstream/a", "git a")
	h.run("git", "-C", "upstream", "add", "-A")
	h.run("git", "-C", "upstream", "commit", "-qm", "one")
	h.run("git", "-C", "repo", "pull", "-q")
	h.write("upstream/a", "later")
	h.run("git", "-C", "upstream", "commit", "-qam", "two")
	script = h.path("script")
	h.write("script", "#!/bin/sh\nid -u >> "+h.path("ran")+"\nexit 1\n")
	if err := errors.Join(os.Chmod(script, 0o755), os.WriteFile(h.path("ran"), nil, 0o666), os.Chmod(h.path("ran"), 0o666)); err != nil {
		t.Fatal(err)
	}
	return h, script
}

// give makes everything below the path the stranger's.
func (h *host) give(path string) {
	h.t.Helper()
	err := filepath.WalkDir(h.path(path), func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, stranger, stranger))
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) configure(name, value string) {
	h.t.Helper()
	h.run("git", "-C", "repo", "config", name, value)
}

// wantNothingAsRoot wants that nothing ran with root's rights.
func (h *host) wantNothingAsRoot() {
	h.t.Helper()
	for _, uid := range strings.Fields(h.read("ran")) {
		if uid == "0" {
			h.t.Error("the repository's configuration ran something as root")
		}
	}
}

// A repository of somebody else's never has anything run with the rights of root,
// whatever its configuration says.
func TestStrangersRepositoryRunsNothingAsRoot(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(h *host, script string){
		"plain":       func(*host, string) {},
		"fsmonitor":   func(h *host, s string) { h.configure("core.fsmonitor", s) },
		"upload-pack": func(h *host, s string) { h.configure("remote.origin.uploadpack", s) },
		"ssh": func(h *host, s string) {
			h.configure("core.sshCommand", s)
			h.configure("remote.origin.url", "ssh://localhost/x")
		},
		"transport": func(h *host, s string) {
			h.configure("remote.origin.vcs", "ext")
			h.configure("protocol.ext.allow", "always")
			h.configure("remote.origin.url", "ext::"+s)
		},
		"instead of": func(h *host, s string) {
			h.configure("protocol.ext.allow", "always")
			h.configure("url.ext::"+s+" .insteadOf", h.path("upstream"))
		},
		"credential": func(h *host, s string) {
			h.configure("credential.helper", "!"+s)
			h.configure("remote.origin.url", "https://127.0.0.1:1/x")
		},
		"proxy": func(h *host, s string) {
			h.configure("core.gitProxy", s)
			h.configure("remote.origin.url", "git://localhost/x")
		},
		"alternates": func(h *host, s string) { h.configure("core.alternateRefsCommand", s) },
		"included": func(h *host, s string) {
			h.write("included", "[remote \"origin\"]\n\tuploadpack = "+s+"\n")
			h.configure("include.path", h.path("included"))
		},
		"lazy fetch": func(h *host, s string) {
			h.configure("core.repositoryformatversion", "1")
			h.configure("extensions.partialClone", "origin")
			h.configure("remote.origin.promisor", "true")
			h.configure("remote.origin.uploadpack", s)
		},
		"hook": func(h *host, s string) { h.hook(s, "reference-transaction") },
		"hook elsewhere": func(h *host, s string) {
			h.hook(s, "post-merge")
			h.configure("core.hooksPath", h.path("repo/.git/hooks"))
			h.hook(s, "reference-transaction")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, script := newStrangersRepository(t)
			prepare(h, script)
			h.give("repo")
			h.give("upstream")
			h.start()
			h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "git", Version: "main", Content: "a"})
			end := h.end(1)
			h.wantNothingAsRoot()
			if name == "plain" && end.State != ops.Succeeded {
				t.Errorf("the stranger's repository cannot be used at all: %+v", end)
			}
			if end.State == ops.Succeeded && h.read("web/a") != "later" {
				t.Errorf("the file is %q", h.read("web/a"))
			}
			// The same without fetching.
			h.assign(executor.Assignment{Task: strings.Repeat("7", 32), Attempt: 2, Action: "update", Target: "still", Version: "main", Content: "a"})
			h.end(2)
			h.wantNothingAsRoot()
		})
	}
}

// hook makes the script a hook of the repository.
func (h *host) hook(script, name string) {
	h.t.Helper()
	if err := os.MkdirAll(h.path("repo/.git/hooks"), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Symlink(script, h.path("repo/.git/hooks/"+name)); err != nil {
		h.t.Fatal(err)
	}
}

// What is half root's and half a stranger's, or open for others to change, is refused
// before git runs at all.
func TestMixedRepositoryIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(h *host) error
		message string
	}{
		"the stranger's .git": {func(h *host) error { h.give("repo/.git"); return nil }, "belongs to user 65534"},
		"the stranger's configuration": {func(h *host) error {
			return os.Chown(h.path("repo/.git/config"), stranger, stranger)
		}, "belongs to user 65534"},
		"a repository elsewhere": {func(h *host) error {
			err := os.Rename(h.path("repo/.git"), h.path("elsewhere"))
			h.give("elsewhere")
			h.write("repo/.git", "gitdir: "+h.path("elsewhere")+"\n")
			return err
		}, "belongs to user 65534"},
		"a link to one elsewhere": {func(h *host) error {
			err := os.Rename(h.path("repo/.git"), h.path("elsewhere"))
			h.give("elsewhere")
			return errors.Join(err, os.Symlink("../elsewhere", h.path("repo/.git")))
		}, "belongs to user 65534"},
		"shared with one elsewhere": {func(h *host) error {
			h.run("cp", "-a", "repo/.git", "elsewhere")
			h.give("elsewhere")
			h.write("repo/.git/commondir", h.path("elsewhere")+"\n")
			return nil
		}, "belongs to user 65534"},
		"a pipe": {func(h *host) error {
			return errors.Join(os.RemoveAll(h.path("repo/.git")), syscall.Mkfifo(h.path("repo/.git"), 0o644))
		}, "names no folder"},
		"no end": {func(h *host) error {
			return os.Symlink("/dev/zero", h.path("repo/.git/commondir"))
		}, "commondir"},
		"open for others": {func(h *host) error {
			return os.Chmod(h.path("repo/.git/config"), 0o666)
		}, "others could change"},
		"open for a group": {func(h *host) error {
			return errors.Join(os.Chmod(h.path("repo/.git"), 0o775), os.Chown(h.path("repo/.git"), 0, stranger))
		}, "others could change"},
		"in a folder of the stranger's": {func(h *host) error {
			return os.Chown(h.dir, stranger, stranger)
		}, "put another repository in the place"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, script := newStrangersRepository(t)
			h.configure("remote.origin.uploadpack", script)
			h.hook(script, "reference-transaction")
			if err := c.prepare(h); err != nil {
				t.Fatal(err)
			}
			h.start()
			h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "git", Version: "main", Content: "a"})
			h.wantEnd(1, ops.Failed, c.message)
			if ran := h.read("ran"); ran != "" {
				t.Errorf("something ran as %q", ran)
			}
			if err := os.Chown(h.dir, 0, 0); err != nil { // for the test's own end
				t.Fatal(err)
			}
		})
	}
}

// What root's own repository fetches from may be a stranger's, too.
func TestStrangersUpstreamRunsNothingAsRoot(t *testing.T) {
	t.Parallel()
	h, script := newStrangersRepository(t)
	for name, value := range map[string]string{
		"core.fsmonitor": script, "uploadpack.packObjectsHook": script, "core.repositoryformatversion": "1",
		"extensions.partialClone": "origin", "remote.origin.url": "ext::" + script, "remote.origin.promisor": "true", "protocol.ext.allow": "always",
	} {
		h.run("git", "-C", "upstream", "config", name, value)
	}
	h.give("upstream")
	h.start()
	h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "git", Version: "main", Content: "a"})
	h.end(1)
	h.wantNothingAsRoot()
}

// An action of another user's works in root's repository without root's rights.
func TestRootsRepositoryIsReadByOthers(t *testing.T) {
	t.Parallel()
	h, script := newStrangersRepository(t)
	h.config = strings.ReplaceAll(h.config, "user: root", "user: nobody")
	h.configure("core.alternateRefsCommand", script)
	if err := os.Chown(h.path("web"), stranger, stranger); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(h.path("web/a"), stranger, stranger); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "still", Version: "main", Content: "a"})
	h.wantEnd(1, ops.Succeeded, "")
	info, err := os.Stat(h.path("web/a"))
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != stranger || h.read("web/a") != "git a" {
		t.Errorf("%v, %v, %q", info, err, h.read("web/a"))
	}
	h.wantNothingAsRoot()
}
