package vault_test

import (
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
)

// An Opener opens what its people's keys have sealed, and nothing else.
func TestOpener(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	v := open(t, testkit.Postgres(t), filepath.Join(t.TempDir(), "vault.key"))
	keys, fields := make([]uuid.UUID, 3), make([]access.Sealed, 3)
	for i, text := range []string{"one", "two", "three"} {
		var err error
		if keys[i], err = v.NewPersonalKey(ctx); err != nil {
			t.Fatal(err)
		}
		if fields[i], err = v.SealField(ctx, keys[i], text); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Erase(ctx, keys[2]); err != nil {
		t.Fatal(err)
	}
	secret, err := v.Put(ctx, "password", []byte("no personal key"))
	if err != nil {
		t.Fatal(err)
	}
	opener, err := v.Opener(ctx, []uuid.UUID{keys[0], keys[2], secret, uuid.Nil})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"one", "", ""} { // known, not asked for, erased
		if plain, err := opener.Open(keys[i], fields[i]); err != nil || plain != want {
			t.Errorf("%d: %q, %v", i, plain, err)
		}
	}
	if plain, err := opener.Open(keys[0], ""); err != nil || plain != "" {
		t.Errorf("empty: %q, %v", plain, err)
	}
	for _, strange := range []access.Sealed{fields[1], "no base64!", "AAAA"} {
		if plain, err := opener.Open(keys[0], strange); err == nil {
			t.Errorf("%s opened to %q", strange, plain)
		}
	}
}
