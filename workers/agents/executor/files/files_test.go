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

// place is a folder to work in, with a store.
type place struct {
	t    *testing.T
	dir  string
	g    *files.Ground
	keep *files.Store
}

func newPlace(t *testing.T, contents map[string]string) *place {
	t.Helper()
	p := &place{t: t, dir: t.TempDir()}
	for name, text := range contents {
		p.write(name, text)
	}
	me, err := asuser.Start(asuser.User{UID: uint32(os.Geteuid())})
	if err != nil {
		t.Fatal(err)
	}
	if p.g, err = files.OpenGround(p.dir, me); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.g.Close(); me.Stop() })
	if p.keep, err = files.OpenStore(t.TempDir(), 1<<20); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *place) path(name string) string { return filepath.Join(p.dir, name) }

func (p *place) write(name, text string) {
	p.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(p.path(name)), 0o755), os.WriteFile(p.path(name), []byte(text), 0o640)); err != nil {
		p.t.Fatal(err)
	}
}

// plan plans to put the contents in place.
func (p *place) plan(id int64, names ...string) (files.Plan, error) {
	p.t.Helper()
	var wanted []files.Change
	for _, name := range names {
		digest, size, err := p.keep.Put(strings.NewReader("new " + name))
		if err != nil {
			p.t.Fatal(err)
		}
		wanted = append(wanted, files.Change{Path: name, After: files.State{
			Digest: digest, Size: size, Mode: 0o750, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}})
	}
	return files.NewPlan(p.g, p.keep, id, wanted)
}

func (p *place) mustPlan(id int64, names ...string) files.Plan {
	p.t.Helper()
	plan, err := p.plan(id, names...)
	if err != nil {
		p.t.Fatal(err)
	}
	return plan
}

func (p *place) carryOut(plan files.Plan) error {
	return plan.CarryOut(p.t.Context(), p.g, p.keep, func(int, int) {})
}

// tree is every path with its mode and content.
func (p *place) tree() map[string]string {
	p.t.Helper()
	tree := map[string]string{}
	err := filepath.Walk(p.dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(p.dir, path)
		tree[name] = info.Mode().String()
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(path)
			tree[name] += " " + string(text)
			return err
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return tree
}

func (p *place) wantTree(what string, want map[string]string) {
	p.t.Helper()
	got := p.tree()
	for name := range want {
		if got[name] != want[name] {
			p.t.Errorf("%s: %s is %q, want %q", what, name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			p.t.Errorf("%s: %s is left over", what, name)
		}
	}
}

func TestThereAndBack(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{"a": "old a", "sub/b": "old b", "other": "x"})
	if err := os.Chmod(p.path("a"), 0o711|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	before := p.tree()
	plan := p.mustPlan(7, "a", "sub/b", "new/deep/c", "new/d")
	if err := p.carryOut(plan); err != nil {
		t.Fatal(err)
	}
	after := p.tree()
	for name, want := range map[string]string{
		"a": "grwx--x--x new a", "sub/b": "-rw-r----- new sub/b", "new/deep/c": "-rwxr-x--- new new/deep/c", "new/d": "-rwxr-x--- new new/d", "other": "-rw-r----- x",
	} {
		if after[name] != want {
			t.Errorf("%s is %q, want %q", name, after[name], want)
		}
	}
	back := plan.Reverse(8)
	if err := p.carryOut(back); err != nil {
		t.Fatal(err)
	}
	p.wantTree("after the revert", before)
	if err := p.carryOut(back.Reverse(9)); err != nil {
		t.Fatal(err)
	}
	p.wantTree("after the revert of the revert", after)
}

// What somebody changed since is named, all of it, and nothing is touched.
func TestChangedSince(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{"a": "old a", "b": "old b", "c": "old c"})
	plan := p.mustPlan(1, "a", "b", "c", "n")
	if err := p.carryOut(plan); err != nil {
		t.Fatal(err)
	}
	p.write("b", "by hand")
	if err := errors.Join(os.Chmod(p.path("c"), 0o600), os.Remove(p.path("n"))); err != nil {
		t.Fatal(err)
	}
	before := p.tree()
	var changed *files.ChangedError
	if err := p.carryOut(plan.Reverse(2)); !errors.As(err, &changed) || strings.Join(changed.Paths, " ") != "n c b" {
		t.Fatalf("got %v", err)
	}
	p.wantTree("after the refusal", before)
}

// Every prefix of the work may be all that was done before a crash.
func TestSettle(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "new/c", "new/d"}
	for stop := range 2*len(names) + 1 {
		p := newPlace(t, map[string]string{"a": "old a", "b": "old b"})
		before := p.tree()
		plan := p.mustPlan(3, names...)
		cut := &cutShort{g: p.g}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cut.carryOut(ctx, plan, p.keep, stop)
		done, err := plan.Settle(p.g, p.keep)
		if err != nil {
			t.Fatalf("after %d steps: %v", stop, err)
		}
		if want := stop == 2*len(names); done != want {
			t.Errorf("after %d steps: done is %v", stop, done)
		}
		if !done {
			p.wantTree("settled", before)
		}
		tree := p.tree()
		if again, err := plan.Settle(p.g, p.keep); err != nil || again != done {
			t.Errorf("settled again after %d steps: %v %v", stop, again, err)
		}
		p.wantTree("settled twice", tree)
	}
}

// cutShort carries a plan out in a goroutine that stops for ever after some steps, as a crash would.
type cutShort struct{ g *files.Ground }

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

func TestSettleNamesWhatSomebodyChanged(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{"a": "old a", "b": "old b"})
	plan := p.mustPlan(3, "a", "b")
	(&cutShort{p.g}).carryOut(t.Context(), plan, p.keep, 3)
	p.write("a", "by hand")
	var unsettled *files.UnsettledError
	if done, err := plan.Settle(p.g, p.keep); done || !errors.As(err, &unsettled) || !strings.Contains(err.Error(), "a: changed") {
		t.Errorf("got %v %v", done, err)
	}
	if text, _ := os.ReadFile(p.path("a")); string(text) != "by hand" {
		t.Errorf("a is %q", text)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	for stop := 1; stop < 4; stop++ {
		p := newPlace(t, map[string]string{"a": "old a", "b": "old b"})
		before := p.tree()
		plan := p.mustPlan(3, "a", "b")
		ctx, cancel := context.WithCancel(t.Context())
		err := plan.CarryOut(ctx, p.g, p.keep, func(done, _ int) {
			if done == stop {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after %d steps: %v", stop, err)
		}
		p.wantTree("cancelled", before)
	}
}

// Somebody changes a file while the others are being exchanged: his change stays,
// and the others are put back.
func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, meddle := range map[string]func(p *place) error{
		"written": func(p *place) error { return os.WriteFile(p.path("b"), []byte("by hand"), 0o640) },
		"replaced": func(p *place) error {
			return errors.Join(os.Remove(p.path("b")), os.WriteFile(p.path("b"), []byte("by hand"), 0o640))
		},
		"removed": func(p *place) error { return os.Remove(p.path("b")) },
		"made":    func(p *place) error { return os.WriteFile(p.path("n"), []byte("by hand"), 0o640) },
	} {
		p := newPlace(t, map[string]string{"a": "old a", "b": "old b"})
		plan := p.mustPlan(3, "a", "b", "n")
		var want map[string]string
		err := plan.CarryOut(t.Context(), p.g, p.keep, func(done, _ int) {
			if done != 4 { // a is exchanged
				return
			}
			if err := meddle(p); err != nil {
				t.Error(err)
			}
			want = p.tree()
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
		p.wantTree(name, want)
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
	p := newPlace(t, map[string]string{"folder/x": ""})
	if err := errors.Join(os.Symlink(outside, p.path("out")), os.Symlink(victim, p.path("link")), os.Symlink("folder", p.path("in")),
		syscall.Mkfifo(p.path("pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"out/victim", "out/new", "link", "pipe", "folder", "folder/x/y"} {
		if _, err := p.plan(1, name); err == nil {
			t.Errorf("%s: planned", name)
		}
		if _, err := p.g.Open(name); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	// A link that is put there after the plan was made.
	plan := p.mustPlan(1, "late/victim")
	if err := os.Symlink(outside, p.path("late")); err != nil {
		t.Fatal(err)
	}
	if err := p.carryOut(plan); err == nil {
		t.Error("carried out through a link")
	}
	if text, _ := os.ReadFile(victim); string(text) != "safe" {
		t.Errorf("the victim is %q", text)
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 1 {
		t.Errorf("something was left outside: %v", entries)
	}
	if err := p.carryOut(p.mustPlan(2, "in/x")); err != nil {
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
	if err := keep.Keep(func(string) bool { return false }); err != nil {
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
	p := newPlace(t, map[string]string{"roots/secret": "root's"})
	for dir := p.dir; dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&1 == 0 {
			_ = os.Chmod(dir, 0o755)
		}
	}
	if err := errors.Join(os.Mkdir(p.path("own"), 0o755), os.Chown(p.path("own"), int(nobody.UID), int(nobody.GID)), os.Chmod(p.path("roots"), 0o700)); err != nil {
		t.Fatal(err)
	}
	as, err := asuser.Start(nobody)
	if err != nil {
		t.Fatal(err)
	}
	defer as.Stop()
	if p.g, err = files.OpenGround(p.dir, as); err != nil {
		t.Fatal(err)
	}
	defer p.g.Close()
	if _, err := p.plan(1, "roots/secret"); !errors.Is(err, os.ErrPermission) {
		t.Errorf("root's file: %v", err)
	}
	digest, _, _ := p.keep.Put(strings.NewReader("mine"))
	plan, err := files.NewPlan(p.g, p.keep, 2, []files.Change{{Path: "own/f", After: files.State{Digest: digest, Size: 4, Mode: 0o644, UID: nobody.UID, GID: nobody.GID}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.carryOut(plan); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(p.path("own/f")); info.Sys().(*syscall.Stat_t).Uid != nobody.UID {
		t.Error("the new file is not the user's")
	}
}
