package sshkeys_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/workers/agents/sshkeys"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newKey makes a public key with a comment.
func newKey(t *testing.T, comment string) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return authorized(t, public) + " " + comment
}

func authorized(t *testing.T, public any) string {
	t.Helper()
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// world is a host with one account, alice.
type world struct {
	t     *testing.T
	dir   string
	alice asuser.User
	k     *sshkeys.Keeper
	// allowed are the accounts of the host's configuration.
	allowed []string
}

// newWorld makes alice the test's own user, or, as root, nobody.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), allowed: []string{"alice", "ghost", "bob"}, alice: asuser.User{Name: "alice", UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}}
	if nobody, err := asuser.Lookup("nobody"); err == nil && os.Geteuid() == 0 {
		w.alice.UID, w.alice.GID, w.alice.Groups = nobody.UID, nobody.GID, nobody.Groups
	}
	w.alice.Home = filepath.Join(w.dir, "home")
	if err := errors.Join(os.Mkdir(w.alice.Home, 0o755), os.Chown(w.alice.Home, int(w.alice.UID), int(w.alice.GID))); err != nil {
		t.Fatal(err)
	}
	for dir := w.dir; dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&1 == 0 {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.restart()
	return w
}

// restart makes a new keeper with the memory of the old one.
func (w *world) restart() {
	w.t.Helper()
	var err error
	w.k, err = sshkeys.New(sshkeys.Config{Accounts: w.allowed, File: filepath.Join(w.dir, "keys.json"), Lookup: func(name string) (asuser.User, error) {
		if name != "alice" {
			return asuser.User{}, user.UnknownUserError(name)
		}
		return w.alice, nil
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) path(name string) string { return filepath.Join(w.alice.Home, ".ssh", name) }

func (w *world) write(text string, mode os.FileMode) {
	w.t.Helper()
	id := func(path string) error { return os.Chown(path, int(w.alice.UID), int(w.alice.GID)) }
	err := errors.Join(os.MkdirAll(w.path(""), 0o755), id(w.path("")), os.WriteFile(w.path("authorized_keys"), []byte(text), mode), id(w.path("authorized_keys")))
	if err = errors.Join(err, os.Chmod(w.path("authorized_keys"), mode)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read() string {
	text, err := os.ReadFile(w.path("authorized_keys"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (w *world) set(keys ...string) sshkeys.Status {
	w.t.Helper()
	s, err := w.k.Set("alice", keys)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) check() sshkeys.Status {
	w.t.Helper()
	all := w.k.Check()
	if len(all) != 1 {
		w.t.Fatalf("%d accounts", len(all))
	}
	if all[0].Err != nil {
		w.t.Fatal(all[0].Err)
	}
	return all[0]
}

const (
	begin  = "# BEGIN opsledger: kept by its agent, changes are undone"
	joined = begin + "; the line before had no end\n"
	end    = "# END opsledger\n"
)

func TestThereAndAway(t *testing.T) {
	t.Parallel()
	a, b := newKey(t, "a@example.com"), newKey(t, "乙")
	for name, test := range map[string]struct{ before, during string }{
		"no file":     {"", begin + "\n" + a + "\n" + b + "\n" + end},
		"other keys":  {"ssh-rsa x\n\n# mine\n", "ssh-rsa x\n\n# mine\n" + begin + "\n" + a + "\n" + b + "\n" + end},
		"no last end": {"ssh-rsa x", "ssh-rsa x\n" + joined + a + "\n" + b + "\n" + end},
		"odd bytes":   {"\x00\xff\r\n\n", "\x00\xff\r\n\n" + begin + "\n" + a + "\n" + b + "\n" + end},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if test.before != "" {
				w.write(test.before, 0o664)
			}
			s := w.set(a, b, a)
			if w.read() != test.during || !s.Changed || s.Drift || s.Keys != 2 || len(s.Digest) != 64 {
				t.Errorf("%+v, file %q, want %q", s, w.read(), test.during)
			}
			file, err1 := os.Stat(w.path("authorized_keys"))
			dir, err2 := os.Stat(w.path(""))
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			if file.Mode().Perm() != 0o600 || dir.Mode().Perm() != 0o700 {
				t.Errorf("modes %v %v", file.Mode(), dir.Mode())
			}
			for _, info := range []os.FileInfo{file, dir} {
				if info.Sys().(*syscall.Stat_t).Uid != w.alice.UID {
					t.Errorf("%s is not alice's", info.Name())
				}
			}
			if s := w.check(); s.Changed {
				t.Errorf("changed for nothing: %+v", s)
			}
			if s := w.set(); w.read() != test.before || s.Digest != "" {
				t.Errorf("%+v, left %q, want %q", s, w.read(), test.before)
			}
			if len(w.k.Check()) != 0 {
				t.Error("the account is not forgotten")
			}
		})
	}
}

// Whatever somebody does to the block is undone; what he adds around it stays.
func TestDrift(t *testing.T) {
	t.Parallel()
	a, b := newKey(t, "a"), newKey(t, "b")
	whole := begin + "\n" + a + "\n" + b + "\n" + end
	for name, test := range map[string]struct{ found, want string }{
		"key taken out":   {"x\n" + begin + "\n" + a + "\n" + end + "y\n", "x\n" + whole + "y\n"},
		"key put in":      {begin + "\n" + a + "\nevil\n" + b + "\n" + end, whole},
		"order":           {begin + "\n" + b + "\n" + a + "\n" + end, whole},
		"no beginning":    {"x\n" + end + "y\n", "x\ny\n" + whole},
		"no end":          {"x\n" + begin + "\n" + b + "\n" + a + "\ny\n", "x\n" + whole + "y\n"},
		"twice":           {whole + "x\n" + whole, whole + "x\n"},
		"begun twice":     {begin + "\n" + a + "\n" + whole + "x\n", whole + "x\n"},
		"emptied":         {"", whole},
		"line added":      {"x\n" + joined + a + "\n" + b + "\n" + end + "y\n", ""},
		"no end of lines": {"x\n" + strings.TrimSuffix(whole, "\n"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.set(a, b)
			w.restart()
			w.write(test.found, 0o600)
			s := w.check()
			if test.want == "" { // how it looks is of no interest; what counts is that it is stable and can go
				w.set()
				if got := w.read(); got != "x\ny\n" && got != "x\n" {
					t.Errorf("left %q", got)
				}
				return
			}
			if w.read() != test.want || !s.Changed || !s.Drift {
				t.Errorf("%+v, file %q, want %q", s, w.read(), test.want)
			}
			if s := w.check(); s.Changed {
				t.Error("not stable")
			}
		})
	}
	t.Run("mode", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.set(a)
		if err := errors.Join(os.Chmod(w.path("authorized_keys"), 0o666), os.Chmod(w.path(""), 0o777)); err != nil {
			t.Fatal(err)
		}
		if s := w.check(); !s.Drift {
			t.Errorf("%+v", s)
		}
		file, _ := os.Stat(w.path("authorized_keys"))
		if dir, err := os.Stat(w.path("")); err != nil || file.Mode().Perm() != 0o600 || dir.Mode().Perm() != 0o700 {
			t.Errorf("modes %v %v", file.Mode(), dir.Mode())
		}
	})
}

// A key that was taken away while the end mark was missing does not stay.
func TestTakenAwayKeyDoesNotStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := newKey(t, "a"), newKey(t, "b")
	w.set(a, b)
	w.restart()
	w.write(begin+"\n"+a+"\n"+b+"\n", 0o600)
	w.set(a)
	if strings.Contains(w.read(), b) {
		t.Errorf("file %q", w.read())
	}
}

// The owner of a home cannot make the agent touch what is not his.
func TestTraps(t *testing.T) {
	t.Parallel()
	key := newKey(t, "a")
	for name, trap := range map[string]func(w *world, victim string) error{
		"folder is a link": func(w *world, victim string) error {
			return os.Symlink(filepath.Dir(victim), filepath.Join(w.alice.Home, ".ssh"))
		},
		"file is a link": func(w *world, victim string) error {
			return errors.Join(os.Mkdir(w.path(""), 0o700), os.Chown(w.path(""), int(w.alice.UID), int(w.alice.GID)), os.Symlink(victim, w.path("authorized_keys")))
		},
		"file is a pipe": func(w *world, _ string) error {
			return errors.Join(os.Mkdir(w.path(""), 0o700), os.Chown(w.path(""), int(w.alice.UID), int(w.alice.GID)), syscall.Mkfifo(w.path("authorized_keys"), 0o666))
		},
		"folder is a file": func(w *world, _ string) error {
			return os.WriteFile(filepath.Join(w.alice.Home, ".ssh"), nil, 0o666)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			victim := filepath.Join(w.dir, "victim", "authorized_keys")
			if err := errors.Join(os.Mkdir(filepath.Dir(victim), 0o700), os.WriteFile(victim, []byte("safe"), 0o600), trap(w, victim)); err != nil {
				t.Fatal(err)
			}
			if _, err := w.k.Set("alice", []string{key}); err == nil {
				t.Error("no error")
			}
			if text, _ := os.ReadFile(victim); string(text) != "safe" {
				t.Errorf("the victim is %q", text)
			}
		})
	}
	t.Run("new file is a link", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		victim := filepath.Join(w.dir, "victim")
		w.write("x\n", 0o600)
		if err := errors.Join(os.WriteFile(victim, []byte("safe"), 0o600), os.Symlink(victim, w.path(".authorized_keys.opsledger"))); err != nil {
			t.Fatal(err)
		}
		w.set(key)
		if text, _ := os.ReadFile(victim); string(text) != "safe" {
			t.Errorf("the victim is %q", text)
		}
	})
	t.Run("folder is root's", func(t *testing.T) {
		t.Parallel()
		if os.Geteuid() != 0 {
			t.Skip("needs root")
		}
		w := newWorld(t)
		if err := os.Mkdir(w.path(""), 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := w.k.Set("alice", []string{key}); err == nil {
			t.Error("no error")
		}
	})
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := newKey(t, "a")
	if _, err := w.k.Set("bob", []string{key}); !errors.Is(err, sshkeys.ErrNoAccount) {
		t.Errorf("no account: %v", err)
	}
	for _, name := range []string{"", "../x", "a b", "-x", strings.Repeat("a", 40)} {
		if _, err := w.k.Set(name, []string{key}); !errors.Is(err, sshkeys.ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if all := w.k.Check(); len(all) != 1 || !errors.Is(all[0].Err, sshkeys.ErrNoAccount) {
		t.Errorf("an account that may come is forgotten: %+v", all)
	}
	for name, keys := range map[string][]string{"alice": {key}, "bob": nil} {
		if _, err := w.k.Set(name, keys); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.restart()
	if all := w.k.Check(); len(all) != 1 || all[0].SystemUser != "alice" || all[0].Err != nil {
		t.Errorf("an account that is wanted no more is remembered: %+v", all)
	}
	if _, err := w.k.Set("alice", nil); err != nil || w.read() != "" {
		t.Errorf("%v, file %q", err, w.read())
	}
	w.alice.Home = filepath.Join(w.dir, "gone")
	if _, err := w.k.Set("alice", []string{key}); err == nil || !strings.Contains(err.Error(), "home of alice") {
		t.Errorf("no home: %v", err)
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	short, err1 := rsa.GenerateKey(rand.Reader, 1024)
	long, err2 := rsa.GenerateKey(rand.Reader, 2048)
	curve, err3 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Skip("this Go makes no short RSA keys: ", err)
	}
	w := newWorld(t)
	good := newKey(t, "x")
	for _, key := range []string{"", "ssh-ed25519", "ssh-ed25519 AAAA", `command="id" ` + good, "no-pty " + good, good + "\n" + good, authorized(t, short.Public()), "# " + good} {
		if _, err := w.k.Set("alice", []string{good, key}); err == nil {
			t.Errorf("accepted %q", key)
		}
	}
	if _, err := os.Stat(w.path("")); !os.IsNotExist(err) {
		t.Error("a refused key changed something")
	}
	w.set(authorized(t, long.Public()), authorized(t, curve.Public()), good+" \x1b[31m")
	if strings.Contains(w.read(), "\x1b") {
		t.Errorf("file %q", w.read())
	}
}
