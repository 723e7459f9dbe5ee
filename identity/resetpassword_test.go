package identity

import (
	"errors"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// A new password is for local users, and ends what was signed with the one before.
func TestResetPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"alice", "linked", "gone"} {
		w.register(name)
	}
	named := func(name string) *User {
		t.Helper()
		user, err := w.UserNamed(t.Context(), name)
		must(t, err)
		return user
	}
	linked, gone := named("linked"), named("gone")
	w.execute(access.LinkUser{ID: linked.ID}, nil)
	remove, err := access.NewDeleteUser(gone.ID, nil)
	w.execute(remove, err)

	before := named("alice")
	id, err := ResetPassword(t.Context(), w.store, w.vault, "ALICE", "another one")
	must(t, err)
	after := named("alice")
	head, err := w.store.Head(t.Context())
	must(t, err)
	log, err := w.store.Read(t.Context(), 0, int(head.Position))
	must(t, err)
	if first, last := log[0].Door, log[len(log)-1].Door; first != domain.DoorSystem || last != domain.DoorCommandLine {
		t.Errorf("the first user came by the door %q, the new password by %q", first, last)
	}
	if id != after.ID || after.Generation() == before.Generation() {
		t.Errorf("user %d, whose tokens stay", id)
	}
	for password, want := range map[string]bool{"secret": false, "another one": true} {
		if fits, err := w.fits(t.Context(), after.PasswordHash, password); err != nil || fits != want {
			t.Errorf("%q fits: %v, %v", password, fits, err)
		}
	}

	for name, want := range map[string]error{"nobody": ErrNoUser, "": ErrNoUser, "gone": ErrNoUser, "linked": ErrNotLocal} {
		if _, err := ResetPassword(t.Context(), w.store, w.vault, name, "another one"); !errors.Is(err, want) {
			t.Errorf("%q: %v", name, err)
		}
	}
	var refused *domain.Error
	if _, err := ResetPassword(t.Context(), w.store, w.vault, "alice", "short"); !errors.As(err, &refused) || refused.Field != "password" {
		t.Errorf("a short one: %v", err)
	}
}
