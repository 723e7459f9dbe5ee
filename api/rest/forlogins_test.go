package rest

import (
	"strconv"
	"strings"
	"testing"
)

// Who may log in where, and with what, is for logins to say.
func TestCredentialsSetNoKeys(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.opsDo("POST", pathUser, act("add", aUser("victim")))
	token := with("Authorization", s.credential(m{}))
	before := s.position()
	for name, ask := range map[string]func() reply{
		"keys": func() reply {
			return s.do("POST", pathUser, act("update", m{"username": "admin", "ssh_keys": []string{opsKey}}), token)
		},
		"grant": func() reply {
			return s.do("POST", pathSSHKey, act("add", m{"username": "victim", "ip": machineIP(1), "system_user": "www"}), token)
		},
		"password": func() reply {
			return s.do("POST", pathUser, act("update", m{"username": "victim", "new_passwd": "mine now"}), token)
		},
		"codes": func() reply {
			return s.do("POST", pathUser, act("update", m{"username": "victim", "permissions": "2"}), token)
		},
		"user": func() reply { return s.do("POST", pathUser, act("add", aUser("another")), token) },
	} {
		if got := ask(); !strings.Contains(got.body, `"ok":false`) || !strings.Contains(got.body, "凭据") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if s.position() != before {
		t.Error("refused, and the log grew")
	}
	// An admin's program may remove people, those with credentials of their own, too.
	victim := s.login("victim", "123456")
	s.done("POST", "/v1/credentials", m{"name": "n", "kind": "token"}, with("Authorization", victim))
	s.ok("DELETE", "/admin/users/"+strconv.FormatInt(s.idOf("victim"), 10), nil, token)
}

// A credential is no way to guess its user's password, nor to shut the user out.
func TestCredentialsGuessNoPassword(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	alice := s.reader("alice")
	token := with("Authorization", field(t, s.done("POST", "/v1/credentials", m{"name": "n", "kind": "token"}, with("Authorization", alice)).body, "secret"))
	before := s.position()
	var replies []string
	for _, old := range []string{"wrong", "secret"} {
		got := s.do("POST", pathUser, act("update", m{"username": "alice", "new_passwd": "another", "old_passwd": old}), token)
		replies = append(replies, got.body)
	}
	if replies[0] != replies[1] || !strings.Contains(replies[0], "凭据") || s.position() != before {
		t.Errorf("%q", replies)
	}
	if got := s.do("GET", "/api/login?username=alice", nil, token); !strings.Contains(got.body, "not login") {
		t.Errorf("a program is logged in: %s", got.body)
	}
}
