package access_test

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func TestUsernames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ local, directory bool }{
		"bob": {true, true}, "B.o_b-1": {true, true}, "a..b": {true, true}, "123": {true, true}, strings.Repeat("a", 64): {true, true},
		"systems": {true, true}, "the.system": {true, true}, "root1": {true, true},
		"system": {false, true}, "SYSTEM": {false, true}, "SysTem": {false, true}, "root": {false, true}, "Root": {false, true},
		"opsledger": {false, true}, "OpsLedger": {false, true},
		".bob": {false, true}, "bob.": {false, true}, "-bob": {false, true}, "bob-": {false, true}, "_bob": {false, true}, "bob_": {false, true},
		"...": {false, true}, "-_-": {false, true}, "ab": {false, true}, "x": {false, true}, strings.Repeat("a", 65): {false, true},
		"张三": {false, true}, "Ann Lee": {false, true}, "o'hara@example.org": {false, true}, `a*)(uid=*`: {false, true}, "bob ": {false, true},
		strings.Repeat("张", 128): {false, true}, strings.Repeat("张", 129): {false, false},
		"": {false, false}, "  ": {false, false}, "a\nb": {false, false}, "a\x00b": {false, false}, "a\tb": {false, false}, "a\u200bb": {false, false},
		"a\u202eb": {false, false}, "a\xffb": {false, false}, "\ufeffbob": {false, false}, "a\u00a0b": {false, false},
	} {
		if got, err := access.ParseUsername(name); (err == nil) != c.local || err == nil && got != name {
			t.Errorf("local %q: %q, %v", name, got, err)
		}
		if got, err := access.ParseDirectoryName(name); (err == nil) != c.directory || err == nil && got != strings.Trim(name, " ") {
			t.Errorf("directory %q: %q, %v", name, got, err)
		}
	}
}

// Names that a directory takes for one are one user's.
func TestFoldUsername(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"bob", "BOB", "Bob", " bob ", "ｂｏｂ"}, {"ann lee", "Ann  Lee"}, {"jos\u00e9", "JOSE\u0301"}, {"kai", "\u212aai"}, {"system", "\u017fyſtem"},
		{"straße", "STRAẞE"}, {"張三"}, {"σίσυφος", "ΣΊΣΥΦΟΣ"},
	} {
		for _, name := range same {
			if a, b := access.FoldUsername(name), access.FoldUsername(same[0]); a != b || access.FoldUsername(a) != a {
				t.Errorf("%q is %q, %q is %q", name, a, same[0], b)
			}
		}
	}
	for a, b := range map[string]string{"bob": "b0b", "a.b": "ab", "ann lee": "annlee", "jose": "josé"} {
		if access.FoldUsername(a) == access.FoldUsername(b) {
			t.Errorf("%q is %q", a, b)
		}
	}
	// Tags are in logs that there are.
	if tag := access.TagUsername("Bob.X-1_2"); tag != "username:bob.x-1_2" {
		t.Errorf("the tag is %s", tag)
	}
}

// What is no name for new users goes on being that of a user who has it.
func TestNamesOfThePast(t *testing.T) {
	t.Parallel()
	const old domain.UserID = 9
	past := given(access.UserRegistered{ID: old, Username: "System", Source: access.SourceLocal, PasswordHash: "c9"})
	h := domaintest.NewHistory(past...)
	named := access.NewUserNamed("SYSTEM")
	if err := h.Load(named); err != nil || named.ID() != old || named.Name() != "System" {
		t.Errorf("found user %d, %q, %v", named.ID(), named.Name(), err)
	}
	change := access.ChangePassword{ID: old, PasswordHash: "c10", Verified: "c9"}
	domaintest.Given(past...).As(old).When(change).Then(t, access.UserPasswordChanged{ID: old, PasswordHash: "c10", Former: "c9"})
	from := func(name, source string) domain.Command {
		return access.RegisterUser{User: access.UserRegistered{Username: name, Source: source}}
	}
	runDecisions(t, []decision{
		{name: "registered", given: given(), when: from("root", access.SourceLocal), code: domain.CodeInvalid, text: "username: 该用户名为系统保留"},
		{name: "without a source", given: given(), when: from("_bob", ""), code: domain.CodeInvalid, text: "username: 不能以"},
		{name: "added", given: given(), as: admin, when: must(access.NewAddUser(access.UserRegistered{Username: "OpsLedger"}, nil)), code: domain.CodeInvalid, text: "username: 该用户名为系统保留"},
		{name: "of the directory", given: given(), when: from("张 三", access.SourceLDAP), then: []domain.Event{access.UserRegistered{ID: 100, Username: "张 三", Source: access.SourceLDAP}}},
		{name: "of the directory, reserved", given: given(), when: from("root", access.SourceLDAP), then: []domain.Event{access.UserRegistered{ID: 100, Username: "root", Source: access.SourceLDAP}}},
		{name: "of the directory, taken", given: given(), when: from("ＧＵＥＳＴ", access.SourceLDAP), code: domain.CodeRefused, text: "用户已存在！"},
		{name: "of the directory, not printable", given: given(), when: from("a\nb", access.SourceLDAP), code: domain.CodeInvalid, text: "username"},
	})
}
