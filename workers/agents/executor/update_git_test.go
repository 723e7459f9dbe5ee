package executor_test

import (
	"os"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

// newRepositories makes a host with a clone of a repository that has the file a, and the tag v1.
func newRepositories(t *testing.T) *host {
	t.Helper()
	h := newUpdates(t)
	h.run("git", "init", "-q", "-b", "main", "upstream")
	h.publish("one")
	h.run("git", "-C", "upstream", "tag", "v1")
	h.run("git", "clone", "-q", "upstream", "repo")
	return h
}

// publish commits a content of the file a.
func (h *host) publish(content string) {
	h.t.Helper()
	h.write("upstream/a", content)
	h.run("git", "-C", "upstream", "add", "-A")
	h.run("git", "-C", "upstream", "commit", "-q", "--allow-empty", "-m", "x")
}

// output is what a tool prints.
func (h *host) output(name string, args ...string) string {
	h.t.Helper()
	h.run("sh", append([]string{"-c", `"$@" > output`, "sh", name}, args...)...)
	return strings.TrimSpace(h.read("output"))
}

// A version is what the remote has by that name now, whatever the clone has.
func TestGitVersionIsTheRemotes(t *testing.T) {
	t.Parallel()
	upstream := func(args ...string) func(h *host) string {
		return func(h *host) string {
			h.run("git", append([]string{"-C", "upstream"}, args...)...)
			return ""
		}
	}
	for name, c := range map[string]struct {
		version string
		// prepare may return another version.
		prepare []func(h *host) string
		want    string // the file's content
		failure string
		log     string
	}{
		"branch":             {version: "main", want: "two"},
		"no version":         {want: "two"},
		"HEAD":               {version: "HEAD", want: "two"},
		"remote's branch":    {version: "origin/main", want: "two"},
		"full name":          {version: "refs/heads/main", want: "two"},
		"new branch":         {version: "next", prepare: []func(*host) string{upstream("checkout", "-qb", "next"), upstream("commit", "-q", "--allow-empty", "-m", "x")}, want: "two"},
		"branch in a folder": {version: "feature/a", prepare: []func(*host) string{upstream("branch", "feature/a")}, want: "two"},
		"forced":             {version: "main", prepare: []func(*host) string{upstream("reset", "-q", "--hard", "v1")}, want: "one"},
		"tag":                {version: "v1", want: "one"},
		"annotated tag":      {version: "v2", prepare: []func(*host) string{upstream("tag", "-am", "x", "v2")}, want: "two"},
		"moved tag":          {version: "v1", prepare: []func(*host) string{upstream("tag", "-f", "v1")}, want: "two", log: "refs/tags/v1 was moved"},
		"beside a moved tag": {version: "main", prepare: []func(*host) string{upstream("tag", "-f", "v1")}, want: "two"},
		"tag before branch":  {version: "both", prepare: []func(*host) string{upstream("branch", "both", "v1"), upstream("tag", "both")}, want: "two"},
		"beside a branch that became a folder": {version: "main", prepare: []func(*host) string{
			upstream("branch", "rel"), func(h *host) string { h.run("git", "-C", "repo", "fetch", "-q"); return "" },
			upstream("branch", "-D", "rel"), upstream("branch", "rel/1")}, want: "two"},
		"in a folder that was a branch": {version: "rel/1", prepare: []func(*host) string{
			upstream("branch", "rel"), func(h *host) string { h.run("git", "-C", "repo", "fetch", "-q"); return "" },
			upstream("branch", "-D", "rel"), upstream("branch", "rel/1")}, want: "two"},
		"a branch that became a folder": {version: "rel", prepare: []func(*host) string{
			upstream("branch", "rel"), func(h *host) string { h.run("git", "-C", "repo", "fetch", "-q"); return "" },
			upstream("branch", "-D", "rel"), upstream("branch", "rel/1"), upstream("branch", "rel/2")}, failure: "refs/heads/rel/1, refs/heads/rel/2"},
		"a commit beside odd refs": {prepare: []func(*host) string{
			upstream("branch", "rel"), func(h *host) string { h.run("git", "-C", "repo", "fetch", "-q"); return "" },
			upstream("branch", "-D", "rel"), upstream("branch", "rel/1"), upstream("tag", "-f", "v1"),
			func(h *host) string { return h.output("git", "-C", "upstream", "rev-parse", "main") }}, want: "two"},
		"short id":  {prepare: []func(*host) string{func(h *host) string { return h.output("git", "-C", "upstream", "rev-parse", "main")[:9] }}, want: "two"},
		"described": {prepare: []func(*host) string{func(h *host) string { return h.output("git", "-C", "upstream", "describe", "--tags", "main") }}, want: "two"},
		"old id":    {prepare: []func(*host) string{func(h *host) string { return h.output("git", "-C", "repo", "rev-parse", "v1") }}, want: "one"},
		"a branch of the clone's alone": {version: "mine", prepare: []func(*host) string{func(h *host) string {
			h.run("git", "-C", "repo", "branch", "mine")
			return ""
		}}, failure: "git does not know version mine: origin has no such branch, tag or commit"},
		"a branch that is gone": {version: "gone", prepare: []func(*host) string{
			upstream("branch", "gone"), func(h *host) string { h.run("git", "-C", "repo", "fetch", "-q"); return "" }, upstream("branch", "-D", "gone"),
		}, failure: "origin has no such"},
		"a branch named like an id": {version: "cafe", prepare: []func(*host) string{upstream("branch", "cafe", "v1")}, want: "one"},
		"on another branch": {prepare: []func(*host) string{
			upstream("branch", "live", "v1"), func(h *host) string {
				h.run("git", "-C", "repo", "fetch", "-q")
				h.run("git", "-C", "repo", "checkout", "-q", "-b", "mine", "origin/live")
				return ""
			}, upstream("checkout", "-q", "live"), func(h *host) string { h.publish("live"); return "" },
		}, want: "live"},
		"on a commit": {prepare: []func(*host) string{func(h *host) string { h.run("git", "-C", "repo", "checkout", "-q", "v1"); return "" }}, want: "one"},
		"no such":     {version: "v9", failure: "git does not know version v9"},
		"the remote is away": {version: "main", prepare: []func(*host) string{func(h *host) string {
			_ = os.Rename(h.path("upstream"), h.path("elsewhere"))
			return ""
		}}, failure: "upstream"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newRepositories(t)
			h.publish("two")
			version := c.version
			for _, prepare := range c.prepare {
				if other := prepare(h); other != "" {
					version = other
				}
			}
			before := h.output("git", "-C", "repo", "rev-parse", "HEAD")
			h.start()
			h.assign(executor.Assignment{Attempt: 1, Action: "update", Target: "git", Version: version, Content: "a"})
			if c.failure != "" {
				h.wantEnd(1, ops.Failed, c.failure)
				return
			}
			h.wantEnd(1, ops.Succeeded, "")
			if got := h.read("web/a"); got != c.want {
				t.Errorf("version %q is %q, want %q", version, got, c.want)
			}
			if log := h.log(1); !strings.Contains(log, c.log) || !strings.Contains(log, " is commit ") {
				t.Errorf("the log is %q", log)
			}
			if after := h.output("git", "-C", "repo", "rev-parse", "HEAD"); after != before {
				t.Error("the working copy was changed")
			}
		})
	}
}

// A bare mirror serves as well as a working copy.
func TestGitFromABareRepository(t *testing.T) {
	t.Parallel()
	h := newRepositories(t)
	h.run("rm", "-rf", "repo")
	h.run("git", "clone", "-q", "--mirror", "upstream", "repo")
	h.publish("two")
	h.start()
	for i, version := range []string{"", "main"} {
		h.assign(executor.Assignment{Attempt: int64(i + 1), Action: "update", Target: "git", Version: version, Content: "a"})
		h.wantEnd(int64(i+1), ops.Succeeded, "")
		if got := h.read("web/a"); got != "two" {
			t.Errorf("version %q is %q", version, got)
		}
		h.write("web/a", "old")
	}
}

// What only stands for a file is not put in its place.
func TestStandInsAreRefused(t *testing.T) {
	t.Parallel()
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("4d", 32) + "\nsize 12345\n"
	for name, c := range map[string]struct{ content, failure string }{
		"lfs":                   {pointer, "a pointer of Git LFS"},
		"lfs with an extension": {strings.Replace(pointer, "oid", "ext-0-foo sha256:"+strings.Repeat("4d", 32)+"\noid", 1), "a pointer of Git LFS"},
		"annex":                 {"/annex/objects/SHA256E-s1048576--30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58.bin\n", "git-annex"},
		"git-crypt":             {"\x00GITCRYPT\x00" + strings.Repeat("x", 4000), "git-crypt"},
		"about lfs":             {"# how\n" + pointer, ""},
		"empty":                 {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newRepositories(t)
			h.publish(c.content)
			h.write("releases/1/a", c.content)
			h.start()
			for i, target := range []string{"git", "web"} {
				version := map[string]string{"git": "main", "web": "1"}[target]
				h.assign(executor.Assignment{Attempt: int64(i + 1), Action: "update", Target: target, Version: version, Content: "a"})
				if c.failure == "" {
					h.wantEnd(int64(i+1), ops.Succeeded, "")
				} else if h.wantEnd(int64(i+1), ops.Failed, c.failure); h.read("web/a") != "old a" {
					t.Errorf("%s: the file is %q", target, h.read("web/a"))
				}
			}
		})
	}
}
