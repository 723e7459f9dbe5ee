package files_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// workspace is a folder to work in, with a store.
type workspace struct {
	t      *testing.T
	dir    string
	folder *files.Folder
	keep   *files.Store
}

func newWorkspace(t *testing.T, contents map[string]string) *workspace {
	t.Helper()
	w := &workspace{t: t, dir: t.TempDir()}
	for name, text := range contents {
		w.write(name, text)
	}
	me, err := asuser.Start(asuser.User{UID: uint32(os.Geteuid())})
	if err != nil {
		t.Fatal(err)
	}
	if w.folder, err = files.OpenFolder(w.dir, me); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.folder.Close(); me.Stop() })
	if w.keep, err = files.OpenStore(t.TempDir(), 1<<20); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *workspace) path(name string) string { return filepath.Join(w.dir, name) }

func (w *workspace) write(name, text string) {
	w.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(w.path(name)), 0o755), os.WriteFile(w.path(name), []byte(text), 0o640)); err != nil {
		w.t.Fatal(err)
	}
}

// plan plans to put the contents in place.
func (w *workspace) plan(id int64, names ...string) (files.Plan, error) {
	w.t.Helper()
	return files.NewPlan(w.folder, w.keep, id, w.wanted(names...))
}

// wanted stores new contents, which can be run.
func (w *workspace) wanted(names ...string) (wanted []files.Change) {
	w.t.Helper()
	for _, name := range names {
		digest, size, err := w.keep.Put(strings.NewReader("new " + name))
		if err != nil {
			w.t.Fatal(err)
		}
		wanted = append(wanted, files.Change{Path: name, After: files.State{
			Digest: digest, Size: size, Mode: 0o750, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}})
	}
	return wanted
}

func (w *workspace) mustPlan(id int64, names ...string) files.Plan {
	w.t.Helper()
	plan, err := w.plan(id, names...)
	if err != nil {
		w.t.Fatal(err)
	}
	return plan
}

func (w *workspace) carryOut(plan files.Plan) error {
	return plan.CarryOut(w.t.Context(), w.folder, w.keep, func(int, int) {})
}

// tree is every path with its mode and content.
func (w *workspace) tree() map[string]string {
	w.t.Helper()
	tree := map[string]string{}
	err := filepath.Walk(w.dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(w.dir, path)
		tree[name] = info.Mode().String()
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(path)
			tree[name] += " " + string(text)
			return err
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return tree
}

func (w *workspace) wantTree(what string, want map[string]string) {
	w.t.Helper()
	got := w.tree()
	for name := range want {
		if got[name] != want[name] {
			w.t.Errorf("%s: %s is %q, want %q", what, name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			w.t.Errorf("%s: %s is left over", what, name)
		}
	}
}

func TestThereAndBack(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, map[string]string{"a": "old a", "sub/b": "old b", "other": "x"})
	if err := os.Chmod(w.path("a"), 0o711|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	before := w.tree()
	plan := w.mustPlan(7, "a", "sub/b", "new/deep/c", "new/d")
	if err := w.carryOut(plan); err != nil {
		t.Fatal(err)
	}
	after := w.tree()
	for name, want := range map[string]string{
		"a": "grwx--x--x new a", "sub/b": "-rwxr-x--- new sub/b", "new/deep/c": "-rwxr-x--- new new/deep/c", "new/d": "-rwxr-x--- new new/d", "other": "-rw-r----- x",
	} {
		if after[name] != want {
			t.Errorf("%s is %q, want %q", name, after[name], want)
		}
	}
	back := plan.Reverse(8)
	if err := w.carryOut(back); err != nil {
		t.Fatal(err)
	}
	w.wantTree("after the revert", before)
	if err := w.carryOut(back.Reverse(9)); err != nil {
		t.Fatal(err)
	}
	w.wantTree("after the revert of the revert", after)
}

// What somebody changed since is named, all of it, and nothing is touched.
func TestChangedSince(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, map[string]string{"a": "old a", "b": "old b", "c": "old c"})
	plan := w.mustPlan(1, "a", "b", "c", "n")
	if err := w.carryOut(plan); err != nil {
		t.Fatal(err)
	}
	w.write("b", "by hand")
	if err := errors.Join(os.Chmod(w.path("c"), 0o600), os.Remove(w.path("n"))); err != nil {
		t.Fatal(err)
	}
	before := w.tree()
	var changed *files.ChangedError
	if err := w.carryOut(plan.Reverse(2)); !errors.As(err, &changed) || strings.Join(changed.Paths, " ") != "n c b" {
		t.Fatalf("got %v", err)
	}
	w.wantTree("after the refusal", before)
}

// Every prefix of the work may be all that was done before a crash.
func TestRecover(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "new/c", "new/d"}
	for stop := range 2*len(names) + 1 {
		w := newWorkspace(t, map[string]string{"a": "old a", "b": "old b"})
		before := w.tree()
		plan := w.mustPlan(3, names...)
		cut := &cutShort{g: w.folder}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cut.carryOut(ctx, plan, w.keep, stop)
		done, err := plan.Recover(w.folder, w.keep)
		if err != nil {
			t.Fatalf("after %d steps: %v", stop, err)
		}
		if want := stop == 2*len(names); done != want {
			t.Errorf("after %d steps: done is %v", stop, done)
		}
		if !done {
			w.wantTree("recovered", before)
		}
		tree := w.tree()
		if again, err := plan.Recover(w.folder, w.keep); err != nil || again != done {
			t.Errorf("recovered again after %d steps: %v %v", stop, again, err)
		}
		w.wantTree("recovered twice", tree)
	}
}

// cutShort carries a plan out in a goroutine that stops for ever after some steps, as a crash would.
type cutShort struct{ g *files.Folder }

func (c *cutShort) carryOut(ctx context.Context, plan files.Plan, keep *files.Store, stop int) {
	if stop == 0 {
		return
	}
	type crash struct{}
	defer func() {
		if r := recover(); r != nil && r != (crash{}) {
			panic(r)
		}
	}()
	_ = plan.CarryOut(ctx, c.g, keep, func(done, _ int) {
		if done == stop {
			panic(crash{})
		}
	})
}

func TestRecoverNamesWhatSomebodyChanged(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, map[string]string{"a": "old a", "b": "old b"})
	plan := w.mustPlan(3, "a", "b")
	(&cutShort{w.folder}).carryOut(t.Context(), plan, w.keep, 3)
	w.write("a", "by hand")
	var unsettled *files.NotRestoredError
	if done, err := plan.Recover(w.folder, w.keep); done || !errors.As(err, &unsettled) || !strings.Contains(err.Error(), "a: changed") {
		t.Errorf("got %v %v", done, err)
	}
	if text, _ := os.ReadFile(w.path("a")); string(text) != "by hand" {
		t.Errorf("a is %q", text)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	for stop := 1; stop < 4; stop++ {
		w := newWorkspace(t, map[string]string{"a": "old a", "b": "old b"})
		before := w.tree()
		plan := w.mustPlan(3, "a", "b")
		ctx, cancel := context.WithCancel(t.Context())
		err := plan.CarryOut(ctx, w.folder, w.keep, func(done, _ int) {
			if done == stop {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after %d steps: %v", stop, err)
		}
		w.wantTree("cancelled", before)
	}
}

// Somebody changes a file while the others are being exchanged: his change stays,
// and the others are put back.
func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, meddle := range map[string]func(w *workspace) error{
		"written": func(w *workspace) error { return os.WriteFile(w.path("b"), []byte("by hand"), 0o640) },
		"replaced": func(w *workspace) error {
			return errors.Join(os.Remove(w.path("b")), os.WriteFile(w.path("b"), []byte("by hand"), 0o640))
		},
		"removed": func(w *workspace) error { return os.Remove(w.path("b")) },
		"made":    func(w *workspace) error { return os.WriteFile(w.path("n"), []byte("by hand"), 0o640) },
	} {
		w := newWorkspace(t, map[string]string{"a": "old a", "b": "old b"})
		plan := w.mustPlan(3, "a", "b", "n")
		var want map[string]string
		err := plan.CarryOut(t.Context(), w.folder, w.keep, func(done, _ int) {
			if done != 4 { // a is exchanged
				return
			}
			if err := meddle(w); err != nil {
				t.Error(err)
			}
			want = w.tree()
		})
		var changed *files.ChangedError
		if !errors.As(err, &changed) || len(changed.Paths) != 1 {
			t.Errorf("%s: %v", name, err)
		}
		want["a"] = "-rw-r----- old a"
		for path := range want {
			if strings.HasPrefix(path, ".opsledger") {
				delete(want, path)
			}
		}
		if name == "made" {
			want["b"] = "-rw-r----- old b"
		}
		w.wantTree(name, want)
	}
}

func TestPathsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", ".", "..", "../x", "a/../../x", "a/../b", "/etc/passwd", "a//b", "a/", "./a", "a\nb", "a\x00b", "\xff", ".opsledger-1-0", strings.Repeat("a", 2000)} {
		if err := files.CheckPath(name); !errors.Is(err, files.ErrPath) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"a", "a/b", "-x", "..a", "文件", "a b"} {
		if err := files.CheckPath(name); err != nil {
			t.Error(err)
		}
	}
	if files.CheckPaths([]string{"a", "a"}) == nil || files.CheckPaths(nil) == nil {
		t.Error("a double or empty list was accepted")
	}
}

// Links out of the folder, pipes and folders in a file's place: refused, in no time.
func TestTraps(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	victim := filepath.Join(outside, "victim")
	if err := os.WriteFile(victim, []byte("safe"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorkspace(t, map[string]string{"folder/x": ""})
	if err := errors.Join(os.Symlink(outside, w.path("out")), os.Symlink(victim, w.path("link")), os.Symlink("folder", w.path("in")),
		syscall.Mkfifo(w.path("pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"out/victim", "out/new", "link", "pipe", "folder", "folder/x/y"} {
		if _, err := w.plan(1, name); err == nil {
			t.Errorf("%s: planned", name)
		}
		if _, err := w.folder.Open(name); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	// A link that is put there after the plan was made.
	plan := w.mustPlan(1, "late/victim")
	if err := os.Symlink(outside, w.path("late")); err != nil {
		t.Fatal(err)
	}
	if err := w.carryOut(plan); err == nil {
		t.Error("carried out through a link")
	}
	if text, _ := os.ReadFile(victim); string(text) != "safe" {
		t.Errorf("the victim is %q", text)
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 1 {
		t.Errorf("something was left outside: %v", entries)
	}
	if err := w.carryOut(w.mustPlan(2, "in/x")); err != nil {
		t.Errorf("a link inside: %v", err)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keep, err := files.OpenStore(dir, 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := keep.Put(strings.NewReader("12345")); !errors.Is(err, files.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	digest, _, err := keep.Put(strings.NewReader("1234"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, digest), []byte("1235"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := keep.Open(digest)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.Copy(&bytes.Buffer{}, r); err == nil {
		t.Error("damage was not noticed")
	}
	if _, err := keep.Open("../../etc/passwd"); err == nil {
		t.Error("opened what is not a digest")
	}
	if err := keep.Retain(func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if _, err := keep.Open(digest); err == nil {
		t.Error("it is still kept")
	}
}

// As root, the owner of a folder cannot use the agent to reach beyond his rights.
func TestTheUsersRights(t *testing.T) {
	t.Parallel()
	nobody, err := asuser.Lookup("nobody")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and a user nobody")
	}
	w := newWorkspace(t, map[string]string{"roots/secret": "root's"})
	for dir := w.dir; dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&1 == 0 {
			_ = os.Chmod(dir, 0o755)
		}
	}
	if err := errors.Join(os.Mkdir(w.path("own"), 0o755), os.Chown(w.path("own"), int(nobody.UID), int(nobody.GID)), os.Chmod(w.path("roots"), 0o700)); err != nil {
		t.Fatal(err)
	}
	as, err := asuser.Start(nobody)
	if err != nil {
		t.Fatal(err)
	}
	defer as.Stop()
	if w.folder, err = files.OpenFolder(w.dir, as); err != nil {
		t.Fatal(err)
	}
	defer w.folder.Close()
	if _, err := w.plan(1, "roots/secret"); !errors.Is(err, os.ErrPermission) {
		t.Errorf("root's file: %v", err)
	}
	digest, _, _ := w.keep.Put(strings.NewReader("mine"))
	plan, err := files.NewPlan(w.folder, w.keep, 2, []files.Change{{Path: "own/f", After: files.State{Digest: digest, Size: 4, Mode: 0o644, UID: nobody.UID, GID: nobody.GID}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.carryOut(plan); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(w.path("own/f")); info.Sys().(*syscall.Stat_t).Uid != nobody.UID {
		t.Error("the new file is not the user's")
	}
}
