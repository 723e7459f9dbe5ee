package sshkeys_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/workers/agents/sshkeys"
)

// Invariant 3: without a word in the host's configuration nothing is written, nor made,
// nor looked at in a home, and every look says that keys are refused.
func TestAccountIsNotAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, allowed := range [][]string{nil, {"alic"}, {"Alice"}, {"bob", "alice2"}} {
		w.allowed = allowed
		w.restart()
		s, err := w.k.Set("alice", []string{newKey(t, "x")})
		if !errors.Is(err, sshkeys.ErrNotAllowed) || !strings.Contains(err.Error(), "alice") || s.Digest != "" {
			t.Errorf("allowed %v: %+v, %v", allowed, s, err)
		}
		if all := w.k.Check(); len(all) != 1 || all[0].SystemUser != "alice" || !errors.Is(all[0].Err, sshkeys.ErrNotAllowed) {
			t.Errorf("allowed %v: a look says %+v", allowed, all)
		}
		if _, err := os.Lstat(filepath.Join(w.alice.Home, ".ssh")); !os.IsNotExist(err) {
			t.Errorf("allowed %v: the home was touched: %v", allowed, err)
		}
	}
	if _, err := w.k.Set("alice", nil); err != nil {
		t.Errorf("no keys for the account: %v", err)
	}
	if all := w.k.Check(); len(all) != 0 {
		t.Errorf("nothing is refused any more, and a look says %+v", all)
	}
}

// Invariant 3: an account that leaves the list loses the keys that were written, and
// nothing else; back on the list it gets those that are asked for then.
func TestAccountLeavesTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own, ours := newKey(t, "own"), newKey(t, "ours")
	w.write(own+"\n", 0o600)
	w.set(ours)
	w.allowed = []string{"bob"}
	w.restart()
	w.k.Check()
	if got := w.read(); got != own+"\n" {
		t.Errorf("the file is %q", got)
	}
	if _, err := w.k.Set("alice", []string{ours}); !errors.Is(err, sshkeys.ErrNotAllowed) {
		t.Errorf("Set: %v", err)
	}
	w.allowed = []string{"alice"}
	w.restart()
	w.set(ours)
	if got := w.read(); !strings.Contains(got, ours) || !strings.Contains(got, own) {
		t.Errorf("the file is %q", got)
	}
}

// The same when the keys are asked for before anything was looked at, and when a home is
// missing meanwhile.
func TestKeysOfAnAccountThatLeftAreRemovedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ours := newKey(t, "ours")
	w.set(ours)
	w.allowed = nil
	w.restart()
	home := w.alice.Home
	w.alice.Home = filepath.Join(w.dir, "away")
	if _, err := w.k.Set("alice", []string{ours}); !errors.Is(err, sshkeys.ErrNotAllowed) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Set without a home: %v", err)
	}
	w.restart()
	w.alice.Home = home
	w.k.Check()
	if got := w.read(); strings.Contains(got, ours) {
		t.Errorf("the file is %q", got)
	}
}

func TestAccountsAreNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"*", "", "a b", "-x", "../root", "root\n", "a*", strings.Repeat("a", 33)} {
		if err := sshkeys.CheckAccounts([]string{"deploy", name}); !errors.Is(err, sshkeys.ErrName) || !strings.HasPrefix(err.Error(), "accounts: ") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := sshkeys.CheckAccounts([]string{"root", "deploy", "_svc", "a.b-c"}); err != nil {
		t.Error(err)
	}
}

// What POSIX allows as a name is one, and the keys of security tokens are keys.
func TestNamesAndTokens(t *testing.T) {
	t.Parallel()
	if err := sshkeys.CheckAccounts([]string{"li.lei", "Root", "0a", "_x", ".li", "a-b"}); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", ".", "..", "-x", "a/b", "a b", "*", strings.Repeat("a", 33)} {
		if err := sshkeys.CheckAccounts([]string{name}); !errors.Is(err, sshkeys.ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	w := newWorld(t)
	token := "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAABHNzaDo="
	w.set(token)
	if got := w.read(); !strings.Contains(got, token) {
		t.Errorf("the file is %q", got)
	}
}
