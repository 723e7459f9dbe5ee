package api

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
)

// resource is a kind of resource that paths name by id.
type resource string

// The resources, as the documents call them.
const (
	resourceServer    resource = "Server"
	resourceView      resource = "View"
	resourceZone      resource = "Zone"
	resourceRecord    resource = "Record"
	resourceUser      resource = "User"
	resourceRole      resource = "Role"
	resourcePrivilege resource = "Privilege"
)

// missing is the error for an id in the path that names nothing.
func (r resource) missing(id string) error {
	return domain.NotFound("%s %s 不存在！", string(r), id)
}

// authority returns the right that a write needs. It is asked when the body is
// bad, so that the reply is the one that a good body would get: 404 for an
// unknown id, then 403, then 400. A good body meets the same rules in the domain.
type authority func(w *write) (access.Right, error)

// always is the authority of a write that needs the same right whatever it says.
func always(r access.Right) authority {
	return func(*write) (access.Right, error) { return r, nil }
}

// onPath is an authority that looks at the path's resource.
type onPath func(c echo.Context, id int64, operation access.Operation) (access.Right, error)

// update carries a PUT of the path's resource through.
func (s *server) update(c echo.Context, kind resource, right onPath, build func(id int64, w *write) (domain.Command, error)) error {
	return s.change(c, kind, access.OperationUpdate, right, build)
}

// remove carries a DELETE of the path's resource through.
func (s *server) remove(c echo.Context, kind resource, right onPath, build func(id int64, w *write) (domain.Command, error)) error {
	return s.change(c, kind, access.OperationDelete, right, build)
}

func (s *server) change(c echo.Context, kind resource, operation access.Operation, right onPath, build func(id int64, w *write) (domain.Command, error)) error {
	id, err := pathID(c, kind)
	if err != nil {
		return err
	}
	authority := func(*write) (access.Right, error) {
		r, err := right(c, id, operation)
		return r, found(kind, id, err)
	}
	return s.write(c, authority, func(w *write) (domain.Command, error) { return build(id, w) })
}

// describe sets Location and ETag for what an event created or changed.
func describe(header http.Header, r domain.Recorded) {
	path, created := createdPath(r.Event)
	if created {
		header.Set(echo.HeaderLocation, path)
	}
	switch r.Event.(type) {
	case dns.ServerUpdated, dns.ViewUpdated, dns.ZoneUpdated, dns.RecordUpdated, dns.BindConfChanged,
		access.UserProfileChanged, access.UserRolesChanged, access.UserPermissionsChanged, access.UserPasswordChanged, access.UserLinked,
		access.RoleChanged, access.PrivilegeChanged,
		ops.MachineUpdated, ops.AttemptAccepted, ops.CancelRequested, ops.AttemptPresumed:
	default:
		if !created {
			return
		}
	}
	header.Set(headerETag, etag(r.Position))
}

// createdPath returns the path of what the event created, if it did.
func createdPath(e domain.Event) (path string, created bool) {
	switch e := e.(type) {
	case dns.ServerCreated:
		return "/dns/servers/" + strconv.FormatInt(e.ID, 10), true
	case dns.ViewCreated:
		return "/dns/views/" + strconv.FormatInt(e.ID, 10), true
	case dns.ZoneCreated:
		return "/dns/zones/" + strconv.FormatInt(e.ID, 10), true
	case dns.RecordAdded:
		return "/dns/records/" + strconv.FormatInt(e.ID, 10), true
	case access.UserRegistered:
		return "/admin/users/" + strconv.FormatInt(int64(e.ID), 10), true
	case access.RoleCreated:
		return "/admin/roles/" + strconv.FormatInt(e.ID, 10), true
	case access.PrivilegeCreated:
		return "/admin/privileges/" + strconv.FormatInt(e.ID, 10), true
	case ops.MachineAdded:
		return pathMachine + "?machine_name=" + url.QueryEscape(e.Machine.Name), true
	case ops.TaskCreated:
		return pathTask + "?task_id=" + e.Task, true
	default:
		return "", false
	}
}
