package workload

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/opsledger/opsledger/domain/access"
)

type ownRole struct {
	name       string
	privileges []int64
}

// role makes, changes and removes roles; one that a user has stays.
func (c *client) role() {
	if !c.administers() {
		return
	}
	r := ownRole{name: fmt.Sprintf("role%d.c%d", c.next(), c.id), privileges: some(c, sortedKeys(c.own.privileges))}
	body := map[string]any{"name": r.name, "privilege_ids": append([]int64{}, r.privileges...)}
	switch id := pick(c.rng, c.own.roles, every); {
	case id == 0 || len(c.own.roles) < mostPeople && c.rng.IntN(3) == 0:
		if a, ok := c.write("RoleCreated", http.MethodPost, "/admin/roles", body); ok {
			c.own.roles[a.id] = r
		}
	case c.rng.IntN(2) == 0:
		if _, ok := c.write("RoleChanged", http.MethodPut, fmt.Sprint("/admin/roles/", id), body); ok {
			c.own.roles[id] = r
		}
	default:
		used := false
		for _, u := range c.own.users {
			used = used || slices.Contains(u.roles, id)
		}
		if _, ok := c.write("RoleDeleted", http.MethodDelete, fmt.Sprint("/admin/roles/", id), nil); ok == used {
			c.w.t.Errorf("role %d was deleted: %v, is used: %v", id, ok, used)
		} else if ok {
			delete(c.own.roles, id)
		}
	}
}

// privilege makes, changes and removes privileges for this client's zones; one
// that is removed is no longer in any role.
func (c *client) privilege() {
	if !c.administers() {
		return
	}
	p := access.PrivilegeData{
		Name: fmt.Sprintf("privilege%d.c%d", c.next(), c.id), Operation: access.Operation(c.rng.IntN(3)), ResourceType: access.KindZone,
		ResourceID: pick(c.rng, c.own.zones, every), Comment: "权限",
	}
	body := map[string]any{"name": p.Name, "operation": int(p.Operation), "resource_type": int(p.ResourceType),
		"resource_id": p.ResourceID, "comment": p.Comment}
	switch id := pick(c.rng, c.own.privileges, every); {
	case id == 0 || len(c.own.privileges) < mostPeople && c.rng.IntN(2) == 0:
		if a, ok := c.write("PrivilegeCreated", http.MethodPost, "/admin/privileges", body); ok {
			c.own.privileges[a.id] = p
		}
	case c.rng.IntN(2) == 0:
		if _, ok := c.write("PrivilegeChanged", http.MethodPut, fmt.Sprint("/admin/privileges/", id), body); ok {
			c.own.privileges[id] = p
		}
	default:
		if _, ok := c.write("PrivilegeDeleted", http.MethodDelete, fmt.Sprint("/admin/privileges/", id), nil); ok {
			delete(c.own.privileges, id)
			for role, r := range c.own.roles {
				r.privileges = slices.DeleteFunc(r.privileges, func(p int64) bool { return p == id })
				c.own.roles[role] = r
			}
		}
	}
}
