package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/domain/access"
)

// nobody enrols nobody.
type nobody struct{ err error }

func (n nobody) Redeem(context.Context, string, string, string) (v1.Enrolment, error) {
	return v1.Enrolment{}, n.err
}

// A token is shown once, listed without it, and revoked; what a list says of it is what became of it.
func TestEnrolmentTokens(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/servers", aServer("1"))
	body := m{"server_id": 1, "expires_in_s": 60}
	got := s.done("POST", "/v1/enrolment-tokens", body, with("Idempotency-Key", "k"))
	var made struct {
		ID    int64
		Token *string
	}
	must(t, json.Unmarshal([]byte(got.body), &made))
	path := fmt.Sprintf("/v1/enrolment-tokens/%d", made.ID)
	if made.Token == nil || !strings.HasPrefix(*made.Token, "ole_") || got.header.Get("Location") != path {
		t.Errorf("%s %v", got.body, got.header)
	}
	if again := s.done("POST", "/v1/enrolment-tokens", body, with("Idempotency-Key", "k")); !strings.Contains(again.body, `"token":null`) {
		t.Errorf("a repeat: %s", again.body)
	}
	list := func() string { return s.done("GET", "/v1/enrolment-tokens?server_id=1", nil).body }
	if text := list(); !strings.Contains(text, `"state":"open","ended_at":null,"used_from":null`) || !strings.Contains(text, `"username":"admin"`) ||
		strings.Contains(text, *made.Token) {
		t.Errorf("%s", text)
	}
	// No door of the APIs takes it.
	s.expect(s.do("GET", "/dns/zones", nil, with("Authorization", *made.Token)), 403, bodyTokenInvalid)
	s.ok("DELETE", path, nil)
	s.ok("DELETE", path, nil)
	if text := list(); !strings.Contains(text, `"state":"revoked"`) {
		t.Errorf("%s", text)
	}
	for _, c := range []struct {
		body m
		text string
	}{
		{m{}, `"field":"server_id"`}, {m{"server_id": 1, "machine": "web01"}, `"field":"server_id"`},
		{m{"server_id": 1, "expires_in_s": 59}, `"field":"expires_in_s"`}, {m{"server_id": 1, "expires_in_s": 604_801}, `"field":"expires_in_s"`},
		{m{"machine": "nix"}, "nix"}, {m{"server_id": 1, "lifetime": 1}, "lifetime"},
	} {
		s.failsWith(400, "POST", "/v1/enrolment-tokens", c.body, c.text)
	}
	s.failsWith(404, "POST", "/v1/enrolment-tokens", m{"server_id": 9}, "9")
	for _, bad := range []string{"", "?server_id=1&machine=a", "?machine=nix", "?server_id=9"} {
		if got := s.do("GET", "/v1/enrolment-tokens"+bad, nil); got.status != 400 && got.status != 404 {
			t.Errorf("%s: %d %s", bad, got.status, got.body)
		}
	}
}

// Whoever guesses tokens is slowed down before anything is looked up, also with what has not their form; whatever is wrong
// with a token is said in the same words.
func TestRedeemingIsThrottled(t *testing.T) {
	t.Parallel()
	s := newStack(t, func(c *config) { c.Enrolments = nobody{access.ErrEnrolmentToken()} })
	said := map[string]int{}
	for i := range 21 {
		token := goodToken
		if i%2 == 0 {
			token = "x"
		}
		got := s.do("POST", "/v1/enrolments", m{"token": token, "public_key": "U"}, withOnly("Opsledger-Language", "en"))
		said[fmt.Sprint(got.status, " ", got.body)]++
	}
	if said[`400 {"message":"Failed","error":"token: the token is not valid","field":"token"}`] != 20 || len(said) != 2 {
		t.Errorf("%v", said)
	}
	s = s.reopened(func(c *config) { c.Enrolments = nobody{errors.New("the log is away")} })
	if got := s.do("POST", "/v1/enrolments", m{"token": goodToken, "public_key": "U"}); got.status != 500 {
		t.Errorf("%d %s", got.status, got.body)
	}
}
