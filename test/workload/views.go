package workload

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/opsledger/opsledger/domain/dns"
)

// sharedViews are the names that shared views have now.
type sharedViews struct {
	mu    sync.Mutex
	names map[int64]string
}

func (v *sharedViews) rename(id int64, name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.names[id] = name
}

func (v *sharedViews) name(id int64) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.names[id]
}

func (v *sharedViews) ids() []int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Sorted(maps.Keys(v.names))
}

// RenameView has a client change something that fits whatever agents have missed before.
func (w *Workload) RenameView() { w.clients[0].renameView() }

// renameView renames the shared view that is this client's to rename.
func (c *client) renameView() {
	ids := c.w.views.ids()
	if c.id >= len(ids) {
		return
	}
	id := ids[c.id]
	acl := []string{"any", "127.0.0.0/8\n::1", "10.0.0.0/8, !192.0.2.0/24"}[c.rng.IntN(3)]
	v := dns.ViewData{Name: fmt.Sprintf("view%d-%d", c.id, c.next()), ACL: acl}
	if _, ok := c.write("ViewUpdated", http.MethodPut, resource("views", id), viewBody(v)); ok {
		c.own.views[id] = v
		c.w.views.rename(id, v.Name)
	}
}

func viewBody(v dns.ViewData) map[string]any { return map[string]any{"name": v.Name, "acl": v.ACL} }

// ownView makes a view that only this client uses, or removes it; a view that a
// zone is linked to stays.
func (c *client) ownView() {
	id := pick(c.rng, c.own.views, func(id int64) bool { return !slices.Contains(c.w.views.ids(), id) })
	switch {
	case c.id > 3*baseViews || c.id%baseViews != 1:
	case id == 0:
		v := dns.ViewData{Name: fmt.Sprintf("own%d-%d", c.id, c.next()), ACL: "203.0.113.0/24"}
		if a, ok := c.write("ViewCreated", http.MethodPost, "/dns/views", viewBody(v)); ok {
			c.own.views[a.id] = v
		}
	default:
		used := false
		for _, z := range c.own.zones {
			used = used || slices.Contains(z.ViewIDs, id)
		}
		if _, ok := c.write("ViewDeleted", http.MethodDelete, resource("views", id), nil); ok == used {
			c.w.t.Errorf("view %d was deleted: %v, is used: %v", id, ok, used)
		} else if ok {
			delete(c.own.views, id)
		}
	}
}
