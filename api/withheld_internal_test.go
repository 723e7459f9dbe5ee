package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// Whatever is personal or secret in an event of the context access is null, at any depth, and the
// rest stays as it was.
func TestWithheld(t *testing.T) {
	t.Parallel()
	const hidden = "SEALED"
	profile := access.Profile{Mail: hidden, Nickname: hidden, Phone: hidden, Position: hidden, Location: hidden, Department: "ops", MailDigest: hidden}
	for _, e := range []domain.Event{
		access.UserRegistered{ID: 7, Username: `a":"mail`, Mail: hidden, Nickname: hidden, Phone: hidden, Position: hidden, Location: hidden,
			MailDigest: hidden, PasswordHash: hidden, PersonalKey: hidden, Department: "ops"},
		access.UserProfileChanged{ID: 7, Before: profile, After: profile},
		access.UserPasswordChanged{ID: 7, PasswordHash: hidden, Former: hidden},
		access.UserLinked{ID: 7, Former: hidden},
		access.UserDeleted{ID: 7, Username: "a", MailDigest: hidden, PasswordHash: hidden, PersonalKey: hidden, Roles: []int64{1}},
		access.LoginFailed{NameDigest: hidden, Reason: "password"},
		access.CredentialAdded{ID: 7, Name: "secret", Digest: hidden, Secret: hidden},
		access.CredentialDeleted{ID: 7, Name: "secret", Secret: hidden},
	} {
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		got := withoutWithheld(e, data)
		want := strings.ReplaceAll(string(data), `"`+hidden+`"`, "null")
		if string(got) != want || !json.Valid(got) {
			t.Errorf("%s: %s, want %s", e.EventType(), got, want)
		}
	}
}
