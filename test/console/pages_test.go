package console

import (
	"testing"

	"github.com/opsledger/opsledger/test/deployment"
)

// shownPage is a page: what its picture is called, and its address.
type shownPage struct{ name, path string }

// pages are all pages that every system has.
var pages = []shownPage{
	{"overview", "/console/"},
	{"zones", "/console/zones"},
	{"zone", "/console/zones/1"},
	{"zone-history", "/console/zones/1?tab=history"},
	{"zone-compare", "/console/zones/1?tab=compare&from=10"},
	{"zone-servers", "/console/zones/1?tab=servers"},
	{"zone-settings", "/console/zones/1?tab=settings"},
	{"search", "/console/search?q=example"},
	{"servers", "/console/servers"},
	{"server", "/console/servers/1"},
	{"tasks", "/console/tasks"},
	{"machines", "/console/machines"},
	{"logins", "/console/logins?q=admin"},
	{"audit", "/console/audit"},
	{"proof", "/console/proof"},
	{"views", "/console/views"},
	{"configuration", "/console/conf"},
	{"users", "/console/users"},
	{"user", "/console/users/2"},
	{"roles", "/console/roles"},
	{"role", "/console/roles/3"},
	{"privileges", "/console/privileges"},
	{"account", "/console/account"},
	{"credentials", "/console/credentials"},
	{"webhooks", "/console/webhooks"},
	{"api", "/console/api?op=createRecord"},
}

// everyPage looks at each page in both themes, and on a phone, with the eyes of axe-core.
func everyPage(t *testing.T, s *System) {
	p := s.As(t, "admin", deployment.Password)
	for _, page := range pages {
		p.Size(1440, 900)
		p.Theme("light")
		p.Go(page.path)
		p.Accessible(page.name + ", light")
		p.Choose("Dark")
		p.Accessible(page.name + ", dark")
		p.Size(390, 844)
		p.Accessible(page.name + ", on a phone")
	}
}
