package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/sync/semaphore"
)

// maxQuestions is the number of questions that may be open at once: a directory
// that does not answer holds no more than that.
const maxQuestions = 32

// What the directory may say besides yes.
var (
	// ErrUnknown: the directory has no entry for the name.
	ErrUnknown = errors.New("directory: the name is not known")
	// ErrRefused: the name is known, but not by this password, or its account is
	// not to be used.
	ErrRefused = errors.New("directory: the password was refused")
	// ErrUnavailable: no server gave an answer.
	ErrUnavailable = errors.New("directory: no server can be asked")
)

// Directory asks LDAP servers. All methods may be called concurrently.
//
// Invariants:
//  1. Only a bind with a non-empty DN and a non-empty password proves anything:
//     one without a password would succeed for everybody (RFC 4513, 5.1.2).
//  2. A name enters a DN or a filter escaped: it is a value there, never syntax.
//  3. A server that answers has the last word. The next one is asked only when
//     one cannot be reached or cannot answer.
//  4. Nothing is said to a server under TLS before its certificate was verified.
//  5. No referral is followed: passwords go to the configured servers alone.
type Directory struct {
	cfg     Config
	servers []server
	slots   *semaphore.Weighted
	// first is the server to begin with, the last one that answered.
	first atomic.Int32
}

// New checks the configuration. It asks no server: that may be away at a start.
func New(cfg Config) (*Directory, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	servers, err := cfg.servers()
	if err != nil {
		return nil, err
	}
	return &Directory{cfg: cfg, servers: servers, slots: semaphore.NewWeighted(maxQuestions)}, nil
}

// Authenticate returns the person of that name and password. Otherwise the error
// is [ErrUnknown], [ErrRefused] or [ErrUnavailable].
func (d *Directory) Authenticate(ctx context.Context, name, password string) (Person, error) {
	if !askable(name) {
		return Person{}, ErrUnknown
	}
	// Servers written in C may take what follows a NUL for the end: an empty password.
	if password == "" || strings.ContainsRune(password, 0) {
		return Person{}, fmt.Errorf("%w: it is empty or holds a NUL", ErrRefused)
	}
	var person Person
	err := d.ask(ctx, func(s *session) (err error) {
		if d.cfg.BindDNTemplate != "" {
			person, err = s.authenticateByDN(d.cfg.userDN(name), password)
		} else {
			person, err = s.authenticateBySearch(name, password)
		}
		return err
	})
	return person, err
}

// Knows says whether the directory has an entry for the name. The error is
// [ErrUnavailable] when nobody can tell.
func (d *Directory) Knows(ctx context.Context, name string) (bool, error) {
	if !askable(name) {
		return false, nil
	}
	err := d.ask(ctx, func(s *session) error {
		if d.cfg.BindDNTemplate != "" {
			return s.lookUp(d.cfg.userDN(name))
		}
		_, err := s.search(name)
		return err
	})
	switch {
	case errors.Is(err, ErrUnknown):
		return false, nil
	case errors.Is(err, ErrRefused): // known, though not to be used
		return true, nil
	default:
		return err == nil, err
	}
}

func askable(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.ContainsRune(name, 0)
}

// ask puts the question to one server after another until one answers.
func (d *Directory) ask(ctx context.Context, question func(*session) error) error {
	if err := d.slots.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer d.slots.Release(1)
	first, errs := d.first.Load(), []error{ErrUnavailable}
	for i := range d.servers {
		n := (int(first) + i) % len(d.servers)
		err := d.askServer(ctx, d.servers[n], question)
		if answered(err) {
			d.first.Store(int32(n))
			return err
		}
		d.cfg.Log.WarnContext(ctx, "LDAP server does not answer", "server", d.servers[n].url, "error", err)
		errs = append(errs, fmt.Errorf("%s: %w", d.servers[n].url, err))
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// answered says whether err is a server's answer.
func answered(err error) bool {
	return err == nil || errors.Is(err, ErrUnknown) || errors.Is(err, ErrRefused)
}

func (d *Directory) askServer(ctx context.Context, to server, question func(*session) error) error {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	s, err := d.connect(ctx, to)
	if err != nil {
		return err
	}
	defer s.close()
	return question(s)
}
