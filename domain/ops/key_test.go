package ops_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/domain/ops"
)

const (
	keyA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEH3GBJ+1c3wjlUwq4W8wTTqiEHpXRmD6eDe4i0AmL5X"
	keyB = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHwyV1aYxJRKKLRxBNpRLHtj0sDfaM4PBwEYPzrO5gqN"
)

// What ssh-keygen -t ed25519-sk and -t ecdsa-sk write.
const (
	fidoED25519 = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAABHNzaDo="
	fidoECDSA   = "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBGsX0fLh" +
		"LEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfUAAAAEc3NoOg=="
)

func setKeys(user string, keys ...string) domain.Command {
	return domaintest.Must(ops.NewSetUserKeys(user, keys))
}

func grantRoot(user string) domain.Command {
	return domaintest.Must(ops.NewGrantAccount(user, "192.0.2.1", "root"))
}

func revokeRoot(user string) domain.Command {
	return domaintest.Must(ops.NewRevokeAccount(user, "10.0.0.1", "root"))
}

func keysSet(keys ...ops.AccountKey) domain.Event {
	if keys == nil {
		keys = []ops.AccountKey{}
	}
	return ops.AccountKeysSet{Machine: 7, Account: "root", Keys: keys}
}

func TestKeysReachAccounts(t *testing.T) {
	t.Parallel()
	ofNobody := ops.AccountKey{User: nobody, Username: "nobody", Key: keyA}
	ofOperator := ops.AccountKey{User: operator, Username: "Operator", Key: keyB}
	has := ops.UserKeysChanged{User: nobody, Before: []string{}, After: []string{keyA}}
	granted := ops.AccountGranted{User: nobody, Username: "nobody", Machine: 7, IP: "192.0.2.1", Account: "root"}
	revoked := ops.AccountRevoked{User: nobody, Username: "nobody", Machine: 7, Account: "root"}
	open := []domain.Event{has, granted, keysSet(ofOperator, ofNobody)}
	check(t, []rule{
		{name: "own keys", as: nobody, given: given(), when: setKeys("NOBODY", keyA+" me@home"), then: []domain.Event{has}},
		{name: "another's keys", as: nobody, given: given(), when: setKeys("operator", keyA), code: domain.CodeForbidden, text: "updateuser"},
		{name: "the same keys", as: nobody, given: given(has), when: setKeys("nobody", keyA, keyA)},
		{name: "nobody's", as: admin, given: given(), when: setKeys("nix", keyA), code: domain.CodeRefused, text: "nix does not exist"},
		{name: "grant", as: operator, given: given(has), when: grantRoot("nobody"), then: []domain.Event{granted, keysSet(ofNobody)}},
		{name: "grant without keys", as: operator, given: given(), when: grantRoot("nobody"), then: []domain.Event{granted, keysSet()}},
		{name: "grant beside another", as: operator, given: given(has, keysSet(ofOperator)), when: grantRoot("nobody"), then: []domain.Event{granted, keysSet(ofOperator, ofNobody)}},
		{name: "grant twice", as: operator, given: given(open...), when: grantRoot("nobody")},
		{name: "grant without the right", as: nobody, given: given(), when: grantRoot("nobody"), code: domain.CodeForbidden, text: "managesshkey"},
		{name: "keys of a granted user", as: nobody, given: given(open...), when: setKeys("nobody", keyB), then: []domain.Event{
			ops.UserKeysChanged{User: nobody, Before: []string{keyA}, After: []string{keyB}},
			keysSet(ofOperator, ops.AccountKey{User: nobody, Username: "nobody", Key: keyB}),
		}},
		{name: "no keys any more", as: nobody, given: given(open...), when: setKeys("nobody"), then: []domain.Event{
			ops.UserKeysChanged{User: nobody, Before: []string{keyA}, After: []string{}}, keysSet(ofOperator),
		}},
		{name: "revoke", as: operator, given: given(open...), when: revokeRoot("nobody"), then: []domain.Event{revoked, keysSet(ofOperator)}},
		{name: "revoke nothing", as: operator, given: given(), when: revokeRoot("nobody"), code: domain.CodeRefused, text: "no access to root@10.0.0.1"},
	})
}

func TestDeletedUserOpensNothing(t *testing.T) {
	t.Parallel()
	outcome := domaintest.Given(given(
		ops.UserKeysChanged{User: nobody, Before: []string{}, After: []string{keyA}},
		ops.AccountGranted{User: nobody, Username: "nobody", Machine: 7, Account: "root"},
		keysSet(ops.AccountKey{User: nobody, Username: "nobody", Key: keyA}),
	)...).As(admin).When(ops.DeleteUser{DeleteUser: domaintest.Must(access.NewDeleteUser(nobody, nil)), ID: nobody})
	if outcome.Err != nil || len(outcome.Events) != 4 {
		t.Fatalf("%+v, %v", outcome.Events, outcome.Err)
	}
	domaintest.Outcome{Events: outcome.Events[1:]}.Then(t,
		ops.UserKeysChanged{User: nobody, Before: []string{keyA}, After: []string{}},
		ops.AccountRevoked{User: nobody, Username: "nobody", Machine: 7, Account: "root"}, keysSet())
}

// A grant and a key change at the same time: one of them reads again, so the
// machine is told of both.
func TestKeyRaces(t *testing.T) {
	t.Parallel()
	changed := ops.UserKeysChanged{User: nobody, Before: []string{}, After: []string{keyA}}
	granting := domaintest.Given(given()...).As(operator).When(grantRoot("nobody"))
	if !granting.Conflicts(changed) || !granting.Conflicts(keysSet()) {
		t.Error("a grant does not notice new keys, or another grant of the account")
	}
	setting := domaintest.Given(given()...).As(nobody).When(setKeys("nobody", keyA))
	if !setting.Conflicts(ops.AccountGranted{User: nobody, Machine: 7, Account: "root"}) {
		t.Error("a key change does not notice a grant")
	}
	if !granting.Conflicts(access.UserDeleted{ID: nobody, Username: "nobody"}) {
		t.Error("a grant does not notice that its user goes")
	}
}

func TestParseKeys(t *testing.T) {
	line := func(public any) string {
		key, err := ssh.NewPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	}
	ed, _, _ := ed25519.GenerateKey(rand.Reader)
	curve := domaintest.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	large := domaintest.Must(rsa.GenerateKey(rand.Reader, 2048))
	t.Setenv("GODEBUG", "rsa1024min=0")
	small := domaintest.Must(rsa.GenerateKey(rand.Reader, 1024))
	for _, good := range []string{fidoED25519, fidoECDSA, fidoED25519 + " li@token", line(ed), line(&curve.PublicKey), line(&large.PublicKey), line(ed) + " x@y.z", "  " + line(ed)} {
		if keys, err := ops.ParseKeys([]string{good, ""}); err != nil || len(keys) != 1 || strings.Count(keys[0], " ") != 1 {
			t.Errorf("%q: %q, %v", good, keys, err)
		}
	}
	for _, bad := range []string{
		"x", line(&small.PublicKey), `command="sh" ` + line(ed), line(ed) + "\n" + line(ed),
		"ssh-ed25519 AAAA", "ssh-rsa " + strings.Fields(line(ed))[1], "-----BEGIN OPENSSH PRIVATE KEY-----",
	} {
		_, err := ops.ParseKeys([]string{bad})
		domaintest.Outcome{Err: err}.ThenError(t, domain.CodeInvalid, "ssh_keys")
	}
	for _, account := range []string{"", "a b", "-x", "a/b", ".", "..", "a$", "李", "a\n", strings.Repeat("a", 33)} {
		_, err := ops.NewGrantAccount("operator", "10.0.0.1", account)
		domaintest.Outcome{Err: err}.ThenError(t, domain.CodeInvalid, "system_user")
	}
	for _, account := range []string{"li.lei", "Root", "0a", "_x", "a-b", "www.data_1", ".li", "li.", strings.Repeat("a", 32)} {
		if _, err := ops.NewGrantAccount("operator", "10.0.0.1", account); err != nil {
			t.Errorf("account %q: %v", account, err)
		}
	}
}
