package host

import (
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/protocol"
)

func newKey(t *testing.T) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func (w *world) setKeys(account string, keys ...string) {
	w.t.Helper()
	e := ops.AccountKeysSet{Machine: machine, Account: account, Keys: []ops.AccountKey{}}
	for _, key := range keys {
		e.Keys = append(e.Keys, ops.AccountKey{User: 1, Username: "admin", Key: key})
	}
	w.Append(e)
}

// untilKeys waits until the account's file has exactly these of the keys.
func (w *world) untilKeys(account string, has []string, lacks ...string) {
	w.t.Helper()
	w.Eventually("the keys of "+account+" are as they should be", func() bool {
		text := w.read(filepath.Join(w.home(account), ".ssh", "authorized_keys"))
		for _, key := range has {
			if !strings.Contains(text, key) {
				return false
			}
		}
		for _, key := range lacks {
			if strings.Contains(text, key) {
				return false
			}
		}
		return true
	})
}

func TestKeysReachAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Check(os.MkdirAll(filepath.Join(w.dir, w.home("deploy")), 0o755))
	first, second, own := newKey(t), newKey(t), newKey(t)
	w.write(filepath.Join(w.home("deploy"), ".ssh", "authorized_keys"), own+"\n", 0o600)
	w.setKeys("deploy", first)
	stop := w.start()
	w.untilKeys("deploy", []string{first, own}, second) // asked for at the start
	w.setKeys("deploy", second)
	w.untilKeys("deploy", []string{second, own}, first) // brought by an event
	w.Eventually("the host says what is there", func() bool {
		accounts := w.Presence.Host(machine).Accounts
		return len(accounts) == 1 && accounts[0].Account == "deploy" && accounts[0].Digest != "" && accounts[0].Error == ""
	})

	// Somebody takes them away: put back when the host is told to look, and by itself each minute.
	w.write(filepath.Join(w.home("deploy"), ".ssh", "authorized_keys"), own+"\n", 0o600)
	w.Check(w.NC.Publish(protocol.SubjectHostFetchWork(machine), nil))
	w.untilKeys("deploy", []string{second, own})

	stop()
	w.setKeys("deploy")
	w.start()
	w.untilKeys("deploy", []string{own}, first, second)
	w.Eventually("the host has nothing to say", func() bool { return len(w.Presence.Host(machine).Accounts) == 0 })
}

// Of an account's sets the newest wins, in whatever order they come.
func TestNewestKeysWin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Check(os.MkdirAll(filepath.Join(w.dir, w.home("deploy")), 0o755))
	old, young := newKey(t), newKey(t)
	keeper, err := newKeeper(w.dir, "deploy")
	w.Check(err)
	k := newAccountKeys(&Follower{cfg: Config{Keys: keeper, Log: quiet}, heartbeatNow: make(chan struct{}, 1)})
	set := func(key string) ops.AccountKeysSet {
		return ops.AccountKeysSet{Machine: machine, Account: "deploy", Keys: []ops.AccountKey{{Username: "admin", Key: key}}}
	}
	k.set(set(young), 9)
	k.set(set(old), 5)
	k.handOver()
	k.replace([]ops.AccountKeysSet{set(old)}, 8)
	k.handOver()
	w.untilKeys("deploy", []string{young}, old)
	k.replace(nil, 7)
	k.handOver()
	w.untilKeys("deploy", []string{young})
	k.replace(nil, 10)
	k.handOver()
	w.untilKeys("deploy", nil, old, young)
}

// Keys of an account that the host's own file does not name are refused, and the host
// says so with every heartbeat; keys of the accounts beside it are written.
func TestKeysOfOtherAccountsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, account := range []string{"deploy", "root"} {
		w.Check(os.MkdirAll(filepath.Join(w.dir, w.home(account)), 0o755))
	}
	key := newKey(t)
	w.setKeys("root", key)
	w.setKeys("deploy", key)
	w.start()
	w.untilKeys("deploy", []string{key})
	w.Eventually("the host says that root gets no keys", func() bool {
		accounts := w.Presence.Host(machine).Accounts
		return len(accounts) == 2 && accounts[0].Account == "deploy" && accounts[0].Error == "" &&
			accounts[1].Account == "root" && accounts[1].Digest == "" && strings.Contains(accounts[1].Error, "does not allow keys")
	})
	if _, err := os.Lstat(filepath.Join(w.dir, w.home("root"), ".ssh")); !os.IsNotExist(err) {
		t.Errorf("root's home was touched: %v", err)
	}
	w.setKeys("root")
	w.Eventually("nothing is refused any more", func() bool { return len(w.Presence.Host(machine).Accounts) == 1 })
}
