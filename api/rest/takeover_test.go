package rest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// attempt is a request that would change a user.
type attempt struct {
	what, method, path string
	body               any
}

// attempts are the ways to change a user, by route. The clerk may use those of own, if
// anybody's; the others need more than the clerk has.
func attempts(user string, id int64) (all map[string][]attempt, own map[string]bool) {
	update := func(what string, data m) attempt {
		data["username"] = user
		return attempt{what, "POST", pathUser, act("update", data)}
	}
	admin, v1 := fmt.Sprint("/admin/users/", id), fmt.Sprint("/v1/users/", id)
	return map[string][]attempt{
		"POST /api/user": {
			update("password", m{"new_passwd": "mine now"}),
			update("password behind a nickname", m{"nickname": "x", "new_passwd": "mine now"}),
			update("keys", m{"ssh_keys": []string{opsKey}}),
			update("no keys", m{"ssh_keys": []string{}, "new_passwd": "mine now"}),
			update("mail", m{"mail": "mine@example.org"}),
			update("rights", m{"permissions": "3"}),
			update("name in capitals", m{"new_passwd": "mine now", "permissions": "4"}),
		},
		"DELETE /api/user": {
			{"existence", "DELETE", pathUser + "?username=" + user, nil},
			{"existence, by a body", "DELETE", pathUser, m{"username": strings.ToUpper(user)}},
		},
		"POST /api/ssh_key_manage":     {{"grant", "POST", pathSSHKey, act("add", m{"username": user, "ip": machineIP(1), "system_user": "www"})}},
		"PUT /admin/users/:id":         {{"profile", "PUT", admin, m{"cellphone": "1"}}, {"roles", "PUT", admin, m{"role_ids": []int{}}}},
		"DELETE /admin/users/:id":      {{"existence", "DELETE", admin, nil}},
		"PUT /v1/users/:id/password":   {{"password", "PUT", v1 + "/password", m{"password": "mine now"}}},
		"POST /v1/users/:id/ldap-link": {{"link", "POST", v1 + "/ldap-link", nil}},
		"POST /v1/batch": {{"batch", "POST", pathBatch, operations(
			operation("DELETE", admin, nil), operation("PUT", admin, m{"role_ids": []int{}}),
		)}},
	}, map[string]bool{"POST /api/user": true, "DELETE /api/user": true}
}

// TestTakeovers: by no route comes the clerk, who may update and delete users, to what a
// user has whom somebody gave more. Each user has one thing that the clerk has not.
func TestTakeovers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	x := &takeover{stack: s}
	example, _ := attempts("", 0)
	coverWrites(t, example, changesUsers)
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.ok("POST", "/dns/views", m{"name": "v1", "acl": "any"})
	x.add("clerk", "3,4")
	x.clerk = s.login("clerk", "123456")
	x.adders = s.role("adders", 1, 2, 3)

	x.refuses("granted", "不能登录的账号", func(string) { x.grant("granted", "root") })
	x.refuses("zones", "：ZONE#", func(token string) {
		s.ok("POST", "/dns/zones", m{"name": "a.com", "zone_type": "master", "view_ids": []int{1}}, as(token))
	})
	x.refuses("batches", "：ZONE#", func(token string) {
		zone := operation("POST", "/dns/zones", m{"name": "b.com", "zone_type": "master", "view_ids": []int{1}})
		if got := s.do("POST", pathBatch, operations(zone), as(token)); got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	x.refuses("outsider", "：ZONE#", func(token string) {
		s.ok("POST", "/dns/zones", m{"name": "a.com", "zone_group": 0, "zone_type": "master"}, as(token))
	})
	x.refuses("servers", "：SERVER#", func(token string) { s.ok("POST", "/dns/servers", aServer("1"), as(token)) })
	x.refuses("views", "：VIEW#", func(token string) { s.ok("POST", "/dns/views", m{"name": "v2", "acl": "any"}, as(token)) })
	x.refuses("coded", "addtask", func(string) { s.holds(s.idOf("coded"), 6) })

	x.allows("simple", func(string) {})
	x.allows("former", func(token string) {
		zone := s.ok("POST", "/dns/zones", m{"name": "c.com", "zone_type": "master", "view_ids": []int{1}}, as(token))
		s.ok("DELETE", zone.header.Get("Location"), nil, as(token))
		x.grant("former", "root")
		s.opsDo("POST", pathSSHKey, act("delete", m{"username": "former", "ip": machineIP(1), "system_user": "root"}))
	})
	// A machine and a task give who made them no right.
	x.allows("maker", func(token string) {
		id := s.idOf("maker")
		s.holds(id, 6, 11)
		s.opsDo("POST", pathMachine, act("add", aMachine("web02", 2)), as(token))
		s.opsDo("POST", pathTask, act("add", aTask("maker")), as(token))
		s.holds(id)
	})
	// The clerk comes to have what the users have.
	x.grant("clerk", "root")
	s.ok("PUT", fmt.Sprint("/admin/users/", s.idOf("clerk")), m{"role_ids": []int{2, 4, 6}})
	x.clerk = s.login("clerk", "123456")
	for _, name := range []string{"granted", "zones", "batches", "outsider", "servers", "views"} {
		x.tryAll(name, http.StatusOK, "")
	}
}

// takeover is the stack with the clerk.
type takeover struct {
	*stack
	clerk  string
	adders int64
	added  int
}

func (x *takeover) add(name, codes string) {
	x.opsDo("POST", pathUser, act("add", changed(aUser(name), "permissions", codes)))
}

func (x *takeover) grant(name, account string) {
	x.opsDo("POST", pathSSHKey, act("add", m{"username": name, "ip": machineIP(1), "system_user": account}))
}

// user makes a user without rights, who comes to have something while they may add
// servers, views and zones.
func (x *takeover) user(name string, comesToHave func(token string)) {
	x.t.Helper()
	x.opsDo("POST", pathUser, act("add", changed(aUser(name), "permissions", []int{})))
	path := fmt.Sprint("/admin/users/", x.idOf(name))
	x.ok("PUT", path, m{"role_ids": []int64{x.adders}})
	comesToHave(x.login(name, "123456"))
	x.ok("PUT", path, m{"role_ids": []int{}})
}

// refuses checks that nothing is done to a user who has something, and why.
func (x *takeover) refuses(name, says string, comesToHave func(token string)) {
	x.t.Helper()
	x.user(name, comesToHave)
	x.tryAll(name, http.StatusForbidden, says)
	x.login(name, "123456")
}

func (x *takeover) allows(name string, comesToHave func(token string)) {
	x.t.Helper()
	x.user(name, comesToHave)
	x.tryAll(name, http.StatusOK, "")
}

// tryAll makes all attempts as the clerk. Those that succeed are made with each part of
// the user's in turn, the deletion at last.
func (x *takeover) tryAll(name string, status int, says string) {
	x.t.Helper()
	all, own := attempts(name, x.idOf(name))
	for route, list := range all {
		if route == "DELETE /api/user" {
			continue
		}
		for _, a := range list {
			x.try(name, a, own[route], status, says)
		}
	}
	deletions := all["DELETE /api/user"]
	if status == http.StatusOK {
		deletions = deletions[1:]
	}
	for _, a := range deletions {
		x.try(name, a, true, status, says)
	}
}

func (x *takeover) try(name string, a attempt, own bool, status int, says string) {
	x.t.Helper()
	if a.what == "mail" {
		x.added++ // an address is one user's
		data := a.body.(m)["data"].(m)
		data["mail"] = fmt.Sprintf("mine%d@example.org", x.added)
	}
	before := x.position()
	got := x.do(a.method, a.path, a.body, as(x.clerk))
	switch {
	case a.path == pathBatch:
		status, says = http.StatusBadRequest, "批量操作不支持" // those of users are no operations of a batch
	case !own:
		status, says = http.StatusForbidden, "无权限！缺少权限："
	}
	if got.status != status || !strings.Contains(got.body, says) || status == http.StatusOK && !strings.Contains(got.body, `"ok":true`) {
		x.t.Errorf("%s of %s: %d %s, want %d …%s…", a.what, name, got.status, got.body, status, says)
	}
	if status != http.StatusOK && x.position() != before {
		x.t.Errorf("%s of %s: refused, and the log grew", a.what, name)
	}
}
