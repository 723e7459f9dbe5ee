package sshkeys

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os/user"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/opsledger/opsledger/internal/asuser"
)

var (
	// ErrNoAccount is wrapped when the host has no such account (yet).
	ErrNoAccount = errors.New("there is no such account on this host")
	// ErrName is wrapped for what cannot be an account's name.
	ErrName = errors.New("not an account's name")
	// ErrNotAllowed is wrapped for keys of an account that the host's configuration does
	// not name.
	ErrNotAllowed = errors.New("this host's configuration does not allow keys for the account (accounts)")
)

var namePattern = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,31}$`)

// isName says whether a text can be an account's name: a portable one of POSIX.
func isName(text string) bool { return namePattern.MatchString(text) && strings.Trim(text, ".") != "" }

// Config is what a Keeper needs.
type Config struct {
	// File remembers the keys that were asked for. Its folder exists, and only the agent
	// can use it.
	File string
	// Accounts are those that may be given keys. No other account is, whatever is asked.
	Accounts []string
	// Lookup finds an account; asuser.Lookup when nil.
	Lookup func(name string) (asuser.User, error)
}

// Status is the state of an account's block after it was checked.
type Status struct {
	SystemUser string `json:"system_user"`
	Keys       int    `json:"keys"`
	// Digest is the SHA-256 of the block's lines, as they were read back; empty if there
	// is no block.
	Digest string `json:"digest,omitempty"`
	// Changed says that the file had to be written; Drift, that somebody else had
	// changed the block, the file's mode or its owner.
	Changed bool `json:"changed,omitempty"`
	Drift   bool `json:"drift,omitempty"`
	// Err is why the block is not as it should be.
	Err error `json:"-"`
}

// Keeper keeps the blocks of all accounts of a host.
//
// Invariants:
//  1. The wanted keys are on the disk before a home is touched, and an account is
//     forgotten only after its block is removed: a revoked key does not stay in the
//     file because the agent was killed or the home was missing.
//  2. One call at a time works on a home.
//  3. An account that is not among the allowed ones gets no key, and loses those that it
//     has in its block: when it leaves the list it is as if all its keys were revoked.
type Keeper struct {
	cfg     Config
	allowed map[string]bool

	mu      sync.Mutex
	wanted  map[string][]string
	written map[string][]string
	// refused are the accounts that are to have keys and are not allowed.
	refused map[string]bool
}

// New reads the keys that were asked for earlier; it touches no home.
func New(cfg Config) (*Keeper, error) {
	if cfg.Lookup == nil {
		cfg.Lookup = asuser.Lookup
	}
	if err := CheckAccounts(cfg.Accounts); err != nil {
		return nil, err
	}
	k := &Keeper{cfg: cfg, allowed: map[string]bool{}, refused: map[string]bool{}}
	for _, name := range cfg.Accounts {
		k.allowed[name] = true
	}
	if err := k.load(); err != nil {
		return nil, fmt.Errorf("ssh keys: %w", err)
	}
	for name := range k.wanted {
		if !k.allowed[name] {
			k.wanted[name] = nil
		}
	}
	return k, nil
}

// CheckAccounts returns an error that names what is no account's name. There are no
// patterns: an account that is made later is not allowed by itself.
func CheckAccounts(names []string) error {
	for _, name := range names {
		if !isName(name) {
			return fmt.Errorf("accounts: %.40q: %w", name, ErrName)
		}
	}
	return nil
}

// Set gives an account exactly these keys (OpenSSH lines), or removes its block if there
// are none. If a key is refused, nothing changes. If the account's file cannot be
// written now, a later Check does it.
func (k *Keeper) Set(systemUser string, keys []string) (Status, error) {
	text, err := lines(keys)
	if err == nil && !isName(systemUser) {
		err = fmt.Errorf("%.40q: %w", systemUser, ErrName)
	}
	if err != nil {
		return Status{SystemUser: systemUser}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(text) > 0 && !k.allowed[systemUser] {
		return k.refuse(systemUser)
	}
	delete(k.refused, systemUser)
	k.wanted[systemUser] = text
	if err := k.save(); err != nil {
		return Status{SystemUser: systemUser}, err
	}
	s := k.reconcile(systemUser)
	return s, s.Err
}

// refuse notes that an account which is not allowed was to have keys, and removes those
// that it has from earlier.
func (k *Keeper) refuse(name string) (Status, error) {
	k.refused[name] = true
	if _, ours := k.wanted[name]; ours {
		k.wanted[name] = nil
		if err := k.save(); err != nil {
			return Status{SystemUser: name}, err
		}
	}
	s := k.settle(name)
	return s, s.Err
}

// Check repairs the block of every account that is not as it was asked for, and names
// the accounts that are refused keys.
func (k *Keeper) Check() []Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	names := slices.Collect(maps.Keys(k.wanted))
	for name := range k.refused {
		if _, ours := k.wanted[name]; !ours {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var all []Status
	for _, name := range names {
		all = append(all, k.settle(name))
	}
	return all
}

// settle makes one account's block what is wanted, if there may be one. A home in which
// nothing was ever written is not looked at.
func (k *Keeper) settle(name string) Status {
	s := Status{SystemUser: name}
	if _, ours := k.wanted[name]; ours {
		s = k.reconcile(name)
	}
	if k.refused[name] {
		s.Err = errors.Join(fmt.Errorf("keys of account %s: %w", name, ErrNotAllowed), k.missing(name), s.Err)
	}
	return s
}

// missing returns ErrNoAccount if the host is known to have no such account.
func (k *Keeper) missing(name string) error {
	_, err := k.cfg.Lookup(name)
	var unknown user.UnknownUserError
	if errors.As(err, &unknown) {
		return ErrNoAccount
	}
	return nil
}

// reconcile makes one account's block what is wanted, and remembers that it is.
func (k *Keeper) reconcile(name string) Status {
	s, err := k.repair(name)
	s.SystemUser = name
	removed := errors.Is(err, ErrNoAccount) && len(k.wanted[name]) == 0
	if err != nil && !removed {
		s.Err = fmt.Errorf("keys of account %s: %w", name, err)
		return s
	}
	if slices.Equal(k.written[name], k.wanted[name]) && len(k.wanted[name]) > 0 {
		return s
	}
	k.written[name] = k.wanted[name]
	if len(k.wanted[name]) == 0 {
		delete(k.wanted, name)
		delete(k.written, name)
	}
	s.Err = k.save()
	return s
}

func (k *Keeper) repair(name string) (Status, error) {
	if err := k.missing(name); err != nil {
		return Status{}, err
	}
	account, err := k.cfg.Lookup(name)
	if err != nil {
		return Status{}, err
	}
	actor, err := asuser.Start(account)
	if err != nil {
		return Status{}, err
	}
	defer actor.Stop()
	var s Status
	err = actor.Do(func() error {
		s, err = k.work(account, name)
		return err
	})
	return s, err
}

// work runs with the account's rights.
func (k *Keeper) work(account asuser.User, name string) (Status, error) {
	wanted := k.wanted[name]
	h, err := openHome(account, len(wanted) > 0)
	if h == nil || err != nil {
		return Status{}, err
	}
	defer h.ssh.Close()
	text, right, err := h.read()
	if err != nil {
		return Status{}, err
	}
	before := split(text, append(slices.Clone(k.written[name]), wanted...))
	s := Status{Keys: len(wanted), Digest: digest(wanted)}
	asWanted := slices.Equal(before.ours, wanted) && (before.whole || len(wanted) == 0)
	right = right || len(wanted) == 0 // the mode matters only while the file has keys of ours
	after := before.join(wanted)
	if asWanted && right && bytes.Equal(after, text) {
		return s, nil
	}
	if err := h.write(after); err != nil {
		return Status{}, err
	}
	_, known := k.written[name]
	s.Changed, s.Drift = true, known && (!right || !slices.Equal(before.ours, k.written[name]) || !before.whole)
	return s, h.prove(wanted)
}

// prove reads the file back and compares it with what was written.
func (h *home) prove(wanted []string) error {
	text, right, err := h.read()
	if err == nil && (!right || !slices.Equal(split(text, nil).ours, wanted)) {
		err = errors.New("what was written was changed at once")
	}
	return err
}
