package files_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// capability is cap_net_bind_service=ep, as setcap(8) writes it.
const capability = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// acl is the ACL of a file that user 65534 may read and write, with the mask's bits.
func acl(owner, mask byte) string {
	return "\x02\x00\x00\x00" + "\x01\x00" + string(owner) + "\x00\xff\xff\xff\xff" + "\x02\x00\x06\x00\xfe\xff\x00\x00" +
		"\x04\x00\x04\x00\xff\xff\xff\xff" + "\x10\x00" + string(mask) + "\x00\xff\xff\xff\xff" + "\x20\x00\x00\x00\xff\xff\xff\xff"
}

// attributes are a file's, without what the system gives to every file.
func (w *workspace) attributes(name string) map[string]string {
	w.t.Helper()
	all := map[string]string{}
	buffer := make([]byte, 4096)
	n, err := unix.Listxattr(w.path(name), buffer)
	if err != nil {
		w.t.Fatal(err)
	}
	for attribute := range strings.SplitSeq(string(buffer[:n]), "\x00") {
		value := make([]byte, 4096)
		if attribute == "" || attribute == "security.selinux" {
			continue
		}
		n, err := unix.Getxattr(w.path(name), attribute, value)
		if err != nil {
			w.t.Fatal(err)
		}
		all[attribute] = string(value[:n])
	}
	return all
}

func (w *workspace) set(name, attribute, value string) {
	w.t.Helper()
	if err := unix.Setxattr(w.path(name), attribute, []byte(value), 0); err != nil {
		w.t.Skipf("%s cannot be set here: %v", attribute, err)
	}
}

func (w *workspace) wantAttributes(when, name string, want map[string]string) {
	w.t.Helper()
	got := w.attributes(name)
	for attribute, value := range want {
		if got[attribute] != value {
			w.t.Errorf("%s: %s of %s is %q, want %q", when, attribute, name, got[attribute], value)
		}
	}
	if len(got) != len(want) {
		w.t.Errorf("%s: %s has %q", when, name, got)
	}
}

// What belongs to a file stays when its content is exchanged, and comes back with it.
func TestAttributesThereAndBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, after map[string]string }{
		"none": {nil, nil},
		"note": {map[string]string{"user.origin": "x", "user.empty": ""}, map[string]string{"user.origin": "x", "user.empty": ""}},
		// The file becomes executable with its content, and so does who is in its ACL.
		"acl":        {map[string]string{"system.posix_acl_access": acl(6, 6)}, map[string]string{"system.posix_acl_access": acl(7, 7)}},
		"capability": {map[string]string{"security.capability": capability}, map[string]string{"security.capability": capability}},
		"trusted":    {map[string]string{"trusted.x": "y"}, map[string]string{"trusted.x": "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if os.Geteuid() != 0 && name != "none" {
				t.Skip("needs root")
			}
			w := newWorkspace(t, map[string]string{"a": "old a", "gone": "old"})
			for attribute, value := range c.before {
				w.set("a", attribute, value)
				w.set("gone", attribute, value)
			}
			before := w.tree()
			contents := w.wanted("a")
			plan, err := files.NewPlan(w.folder, w.keep, 1, append(contents, files.Change{Path: "gone"}))
			if err != nil {
				t.Fatal(err)
			}
			if err := w.carryOut(plan); err != nil {
				t.Fatal(err)
			}
			w.wantAttributes("after the update", "a", c.after)
			if text := w.tree()["a"]; !strings.HasSuffix(text, "new a") || !strings.HasPrefix(text, "-rwx") {
				t.Errorf("a is %q", text)
			}
			if err := w.carryOut(plan.Reverse(2)); err != nil {
				t.Fatal(err)
			}
			w.wantTree("after the revert", before)
			w.wantAttributes("after the revert", "a", c.before)
			w.wantAttributes("after the revert", "gone", c.before)
			// A change of an attribute is a change of the file.
			if err := w.carryOut(plan); err != nil {
				t.Fatal(err)
			}
			w.set("a", "user.by-hand", "1")
			var changed *files.ChangedError
			if err := w.carryOut(plan.Reverse(3)); !errors.As(err, &changed) || strings.Join(changed.Paths, " ") != "a" {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What an older agent planned, without attributes, is taken back as that agent would have.
func TestPlanWithoutAttributes(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, map[string]string{"a": "old a"})
	plan := w.mustPlan(1, "a")
	if err := w.carryOut(plan); err != nil {
		t.Fatal(err)
	}
	for i := range plan.Changes {
		plan.Changes[i].Before.Attributes, plan.Changes[i].After.Attributes = "", ""
	}
	w.set("a", "user.x", "y")
	if err := w.carryOut(plan.Reverse(2)); err != nil || !strings.HasSuffix(w.tree()["a"], "old a") {
		t.Errorf("%v, %q", err, w.tree()["a"])
	}
}

// What cannot be kept is said, of all files, and nothing is touched.
func TestNotKept(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, map[string]string{"a": "old a", "b": "old b", "c": "old c"})
	if err := errors.Join(os.Link(w.path("a"), w.path("second name of a")), os.Link(w.path("b"), w.path("second name of b"))); err != nil {
		t.Fatal(err)
	}
	before := w.tree()
	_, err := files.NewPlan(w.folder, w.keep, 1, append(w.wanted("a", "c"), files.Change{Path: "b"}))
	var notKept *files.NotKeptError
	if !errors.As(err, &notKept) || len(notKept.Reasons) != 2 || !strings.Contains(err.Error(), "a has 2 names (hard links)") {
		t.Errorf("got %v", err)
	}
	// One that is linked after the update is not parted by the revert.
	plan := w.mustPlan(2, "c")
	if err := errors.Join(w.carryOut(plan), os.Link(w.path("c"), w.path("second name of c"))); err != nil {
		t.Fatal(err)
	}
	if err := w.carryOut(plan.Reverse(3)); err == nil || !strings.Contains(err.Error(), "it has 2 names") {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(w.path("second name of c")); err != nil {
		t.Fatal(err)
	}
	if err := w.carryOut(plan.Reverse(4)); err != nil {
		t.Fatal(err)
	}
	w.wantTree("in the end", before)
}

// A user who may not give a capability does not get one for another content by the agent.
func TestNobodyGetsACapability(t *testing.T) {
	t.Parallel()
	nobody, err := asuser.Lookup("nobody")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and a user nobody")
	}
	w := newWorkspace(t, map[string]string{"own/f": "old"})
	for dir := w.dir; dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&1 == 0 {
			_ = os.Chmod(dir, 0o755)
		}
	}
	if err := errors.Join(os.Chown(w.path("own"), int(nobody.UID), int(nobody.GID)), os.Chown(w.path("own/f"), int(nobody.UID), int(nobody.GID))); err != nil {
		t.Fatal(err)
	}
	w.set("own/f", "security.capability", capability)
	as, err := asuser.Start(nobody)
	if err != nil {
		t.Fatal(err)
	}
	defer as.Stop()
	if w.folder, err = files.OpenFolder(w.dir, as); err != nil {
		t.Fatal(err)
	}
	defer w.folder.Close()
	for what, contents := range map[string][]files.Change{"exchanged": w.wanted("own/f"), "removed": {{Path: "own/f"}}} {
		var notKept *files.NotKeptError
		if _, err := files.NewPlan(w.folder, w.keep, 1, contents); !errors.As(err, &notKept) || !strings.Contains(err.Error(), "only root can keep security.capability") {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

// The mode follows the version in one thing: whether the file can be run.
func TestExecutableFollowsTheVersion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ before, version, after os.FileMode }{
		{0o644, 0o755, 0o755}, {0o640, 0o755, 0o750}, {0o600, 0o755, 0o700}, {0o604, 0o755, 0o705}, {0o200, 0o755, 0o300},
		{0o755, 0o644, 0o644}, {0o750, 0o644, 0o640}, {0o700, 0o755, 0o700}, {0o711, 0o755, 0o711}, {0o640, 0o644, 0o640}, {0o666, 0o644, 0o666},
	} {
		w := newWorkspace(t, map[string]string{"a": "old"})
		if err := os.Chmod(w.path("a"), c.before); err != nil {
			t.Fatal(err)
		}
		contents := w.wanted("a")
		contents[0].After.Mode = uint32(c.version)
		plan, err := files.NewPlan(w.folder, w.keep, 1, contents)
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range []struct {
			plan files.Plan
			want os.FileMode
		}{{plan, c.after}, {plan.Reverse(2), c.before}} {
			if err := w.carryOut(step.plan); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(w.path("a")); err != nil || info.Mode() != step.want {
				t.Errorf("%+v, step %d: %v, %v", c, i, info.Mode(), err)
			}
		}
	}
}

// An absolute link is followed where it stays in the folder, and the plan is about the file
// that it led to: a link that leads elsewhere later changes nothing.
func TestAbsoluteLinks(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, map[string]string{"releases/41/a": "old 41", "releases/42/a": "old 42"})
	outside := t.TempDir()
	alias := filepath.Join(t.TempDir(), "alias")
	links := map[string]string{
		"current": w.path("releases/42"), "chain": w.path("current"), "up": w.path("releases/42/../41"), "alias": filepath.Join(alias, "releases/42"),
		"self": w.path("self"), "out": outside, "sneaky": w.path("") + "/../" + filepath.Base(outside), "beside": w.dir + "-2/releases", "root": "/", "rel": "releases/../current",
	}
	if err := os.Symlink(w.dir, alias); err != nil {
		t.Fatal(err)
	}
	for name, target := range links {
		if err := os.Symlink(target, w.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"current/a": "releases/42/a", "chain/a": "releases/42/a", "up/a": "releases/41/a", "rel/a": "releases/42/a", "current/new/b": "releases/42/new/b",
		"self/a": "", "out/a": "", "sneaky/a": "", "beside/a": "", "root/etc/passwd": "", "alias/a": "", "current": "",
	} {
		plan, err := w.plan(1, name)
		if want == "" {
			if err == nil {
				t.Errorf("%s: planned %s", name, plan.Changes[0].Path)
			}
			continue
		}
		if err != nil || plan.Changes[0].Path != want {
			t.Errorf("%s: %+v, %v", name, plan, err)
		}
	}
	// The folder's own path may lead over a link, and so may those of links in it.
	as, err := asuser.Start(asuser.User{UID: uint32(os.Geteuid())})
	if err != nil {
		t.Fatal(err)
	}
	defer as.Stop()
	folder, err := files.OpenFolder(alias, as)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	for _, name := range []string{"alias/a", "current/a"} {
		f, err := folder.Open(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_ = f.Close()
	}
	if _, err := w.plan(1, "current/a", "releases/42/a"); err == nil || !strings.Contains(err.Error(), "are one file") {
		t.Errorf("got %v", err)
	}
	before := w.tree()
	plan := w.mustPlan(2, "current/a")
	if err := errors.Join(w.carryOut(plan), os.Remove(w.path("current")), os.Symlink(w.path("releases/41"), w.path("current"))); err != nil {
		t.Fatal(err)
	}
	if err := w.carryOut(plan.Reverse(3)); err != nil {
		t.Fatal(err)
	}
	w.wantTree("after the revert", before)
}

// A new folder keeps what the folder above gives it.
func TestNewFolderInASetgidFolder(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, map[string]string{"team/x": ""})
	if err := os.Chmod(w.path("team"), 0o775|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	if err := w.carryOut(w.mustPlan(1, "team/new/a")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(w.path("team/new"))
	if err != nil || info.Mode() != os.ModeDir|os.ModeSetgid|0o755 {
		t.Errorf("%v, %v", info, err)
	}
}
