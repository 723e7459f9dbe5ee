package workload

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/opsledger/opsledger/domain/access"
)

// peopleDeeds are those of administrators, of whom every eighth client is one,
// and of the users that they make.
var peopleDeeds = []deed{
	{6, (*client).addUser}, {9, (*client).updateUser}, {3, (*client).renewPassword}, {3, (*client).deleteUser},
	{9, (*client).visit}, {9, (*client).role}, {9, (*client).privilege},
}

const (
	administrators = 8
	// mostPeople bounds the users, the roles and the privileges of one administrator.
	mostPeople = 6
)

func (c *client) administers() bool { return c.id%administrators == administrators-1 }

// ownUser is a user. The id is learned when it is needed.
type ownUser struct {
	id                       int64
	name, password, nickname string
	roles                    []int64
	codes                    []int
	// since is the position of the user's last change.
	since int64
}

// some are those of the sorted values that chance takes.
func some[V any](c *client, values []V) []V {
	return slices.DeleteFunc(slices.Clone(values), func(V) bool { return c.rng.IntN(2) == 0 })
}

// request is the body of a POST in the operations dialect.
func request(action string, data map[string]any) map[string]any {
	return map[string]any{"action": action, "data": data}
}

// user picks one of the client's, nil where there is none.
func (c *client) user() *ownUser { return c.own.users[pick(c.rng, c.own.users, every)] }

func (c *client) addUser() {
	if !c.administers() || len(c.own.users) >= mostPeople {
		return
	}
	n := c.next()
	u := &ownUser{
		name: fmt.Sprintf("u%d.c%d", n, c.id), password: fmt.Sprint("secret of ", n), nickname: fmt.Sprint("用户", n),
		codes: some(c, []int{4, 8, 14}),
	}
	events := []string{"UserRegistered"}
	if len(u.codes) > 0 {
		events = append(events, "UserPermissionsChanged")
	}
	a, ok := c.append(events, http.MethodPost, "/api/user", request("add", map[string]any{
		"username": u.name, "passwd": u.password, "mail": u.name + "@example.com", "department": "soak", "nickname": u.nickname,
		"permissions": append([]int{}, u.codes...),
	}))
	if ok {
		u.since = a.position
		c.own.users[u.name] = u
	}
}

// learnID reports whether it is known now; while a fault lasts it may not be.
func (c *client) learnID(u *ownUser) bool {
	if u.id != 0 {
		return true
	}
	a, err := c.ask(http.MethodGet, "/api/user?username="+url.QueryEscape(u.name), "", u.since, nil)
	if err != nil || a.status == http.StatusServiceUnavailable {
		return false
	}
	var said struct{ Info struct{ ID int64 } }
	if err := json.Unmarshal(a.body, &said); err != nil || said.Info.ID == 0 {
		c.w.t.Errorf("user %s as of %d: status %d: %s", u.name, u.since, a.status, a.body)
	}
	u.id = said.Info.ID
	return u.id != 0
}

// updateUser changes a user's name and roles, or name and permissions.
func (c *client) updateUser() {
	u := c.user()
	if u == nil || !c.learnID(u) {
		return
	}
	after, events := *u, []string{"UserProfileChanged"}
	after.nickname = fmt.Sprint("用户", c.next())
	var a answer
	var ok bool
	if c.rng.IntN(2) == 0 {
		after.roles = some(c, append([]int64{access.RoleZoneAdmin, access.RoleZoneGuest}, sortedKeys(c.own.roles)...))
		if !slices.Equal(after.roles, u.roles) {
			events = append(events, "UserRolesChanged")
		}
		a, ok = c.append(events, http.MethodPut, u.path(), map[string]any{
			"chinese_name": after.nickname, "role_ids": append([]int64{}, after.roles...),
		})
	} else {
		after.codes = some(c, []int{access.CodeDeleteUser, access.CodeGetTask, access.CodeGetMachine})
		if !slices.Equal(after.codes, u.codes) {
			events = append(events, "UserPermissionsChanged")
		}
		a, ok = c.append(events, http.MethodPost, "/api/user", request("update", map[string]any{
			"username": u.name, "nickname": after.nickname, "permissions": append([]int{}, after.codes...),
		}))
	}
	if ok {
		after.since = a.position
		*u = after
		c.seen(u.path(), u.since, http.StatusOK, fmt.Sprintf(`"chinese_name":%q`, u.nickname))
	}
}

func (u *ownUser) path() string { return fmt.Sprint("/admin/users/", u.id) }

func (c *client) renewPassword() {
	u := c.user()
	if u == nil {
		return
	}
	password := fmt.Sprint("secret of ", c.next())
	renew := request("update", map[string]any{"username": u.name, "new_passwd": password})
	a, ok := c.write("UserPasswordChanged", http.MethodPost, "/api/user", renew)
	if ok {
		u.password, u.since = password, a.position
	}
}

func (c *client) deleteUser() {
	u := c.user()
	if u == nil {
		return
	}
	target := "/api/user?username=" + url.QueryEscape(u.name)
	if a, ok := c.write("UserDeleted", http.MethodDelete, target, nil); ok {
		delete(c.own.users, u.name)
		if u.id != 0 {
			c.seen(u.path(), a.position, http.StatusNotFound, "")
		}
	}
}

// visit has a user log in and look around. While a fault lasts it may not be
// possible; a right password is never refused.
func (c *client) visit() {
	if u := c.user(); u != nil && c.learnID(u) {
		c.enter(u)
	}
}

// enter reports whether the user was let in.
func (c *client) enter(u *ownUser) bool {
	a, err := c.ask(http.MethodPost, "/auth/login_local", "", 0, map[string]any{"username": u.name, "password": u.password})
	if err != nil || a.status == http.StatusServiceUnavailable {
		return false
	}
	var said struct{ Token string }
	if err := json.Unmarshal(a.body, &said); err != nil || said.Token == "" {
		c.w.t.Errorf("login of %s: status %d: %s", u.name, a.status, a.body)
		return false
	}
	visitor := &client{w: c.w, id: c.id, http: c.http, token: said.Token}
	visitor.seen(u.path(), u.since, http.StatusOK, fmt.Sprintf(`"chinese_name":%q`, u.nickname))
	visitor.seen("/dns/zones", u.since, http.StatusOK, `"zones":`)
	visitor.seen("/dns/oplogs", u.since, http.StatusOK, `"operation_logs":`)
	return true
}
