package opsapi

import (
	"cmp"
	"net/netip"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/opsmodel"
)

// grantBody is a way into an account on the wire.
type grantBody struct {
	Username   string `json:"username"`
	IP         string `json:"ip"`
	SystemUser string `json:"system_user"`
}

// listGrants lists where a user may log in, or who may log in at an address. It
// needs only the argument that its mode names.
func (a *API) listGrants(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	var rows []opsmodel.Grant
	var err error
	ctx := c.Request().Context()
	switch asked := readGrantFilter(q); api.Given(asked.mode) {
	case "user":
		if name := q.Required("username"); q.Err == nil {
			rows, err = a.Ops.GrantsOf(ctx, name)
		}
	case "ip":
		if ip := address(q, "ip"); q.Err == nil {
			rows, err = a.Ops.GrantsAt(ctx, ip)
		}
	default:
		q.Refuse("mode", "must be ip or user")
	}
	if err = cmp.Or(q.Err, err); err != nil {
		return err
	}
	data := make([]grantBody, len(rows))
	for i, g := range rows {
		data[i] = grantBody{Username: g.Username, IP: g.IP, SystemUser: g.Account}
	}
	return replyOK(c, struct {
		Data []grantBody `json:"data"`
	}{data})
}

// grantFilter is what grants are asked for by, each as it was given.
type grantFilter struct{ mode, username, ip *string }

func readGrantFilter(q *api.Params) grantFilter {
	return grantFilter{q.Text("mode"), q.Text("username"), q.Text("ip")}
}

// address is text for an IP address that must be there, in canonical form.
func address(p *api.Params, name string) string {
	addr, err := netip.ParseAddr(p.Required(name))
	if err != nil || addr.Zone() != "" {
		p.Refuse(name, "is not an IP address")
		return ""
	}
	return addr.Unmap().String()
}

func postGrant() api.Write {
	return byAction(map[string]api.Write{
		"add":    grant(ops.NewGrantAccount, "add ssh key ok"),
		"delete": grant(ops.NewRevokeAccount, "delete ssh key ok"),
	})
}

func grant(command func(username, ip, account string) (ops.GrantAccount, error), said string) api.Write {
	// A grant is there or not, and has no versions.
	return onData(permitted(access.CodeManageSSHKey, said, func(w *api.Request) (domain.Command, error) {
		g := readGrant(w.Params)
		return command(g.Username, g.IP, g.Account)
	}).Knowing(api.Reads(readGrant)).Creating())
}

func readGrant(p *api.Params) opsmodel.Grant {
	return opsmodel.Grant{
		Username: api.Given(p.Text("username")), IP: api.Given(p.Text("ip")), Account: api.Given(p.Text("system_user")),
	}
}
