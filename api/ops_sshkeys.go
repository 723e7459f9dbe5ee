package api

import (
	"net/netip"

	"github.com/labstack/echo/v4"

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
func (s *server) listGrants(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	var rows []opsmodel.Grant
	ctx := c.Request().Context()
	switch mode := q.required("mode"); mode {
	case "user":
		if name := q.required("username"); q.err == nil {
			rows, err = s.Ops.GrantsOf(ctx, name)
		}
	case "ip":
		if ip := q.address("ip"); q.err == nil {
			rows, err = s.Ops.GrantsAt(ctx, ip)
		}
	default:
		q.refuse("mode", "must be ip or user")
	}
	if q.err != nil || err != nil {
		return firstOf(q.err, err)
	}
	data := make([]grantBody, len(rows))
	for i, g := range rows {
		data[i] = grantBody{Username: g.Username, IP: g.IP, SystemUser: g.Account}
	}
	return opsOK(c, struct {
		Data []grantBody `json:"data"`
	}{data})
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// address is text for an IP address that must be there, in canonical form.
func (p *params) address(name string) string {
	addr, err := netip.ParseAddr(p.required(name))
	if err != nil || addr.Zone() != "" {
		p.refuse(name, "is not an IP address")
		return ""
	}
	return addr.Unmap().String()
}

func (s *server) postGrant(c echo.Context) error {
	return s.opsPost(c, map[string]opsAction{
		"add":    onData(grant(ops.NewGrantAccount, "add ssh key ok")),
		"delete": onData(grant(ops.NewRevokeAccount, "delete ssh key ok")),
	})
}

func grant(command func(username, ip, account string) (ops.GrantAccount, error), said string) opsAction {
	return func(s *server, c echo.Context, w *write) error {
		return s.opsWrite(c, w, needs(access.CodeManageSSHKey), func(w *write) (domain.Command, error) {
			username, ip, account := w.text("username"), w.text("ip"), w.text("system_user")
			return command(given(username), given(ip), given(account))
		}, says(said))
	}
}
