package opsapi

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// DefaultAttemptWithin is how long a task waits for its host to begin.
const DefaultAttemptWithin = 24 * time.Hour

// API answers the routes of the dialect.
type API struct {
	*api.Kernel
	// Ops answers the reads about tasks, machines and ssh keys.
	Ops *opsmodel.Reader
	// Presence says which hosts live; without it they are offline.
	Presence Presence
	// Offers says what hosts offer; without it that is not known.
	Offers Offers
	// AttemptWithin is how long a task waits for its host until it expires; zero is
	// [DefaultAttemptWithin].
	AttemptWithin time.Duration
}

// Presence knows which hosts live.
type Presence interface {
	// Host says whether the agent of a machine gave a sign of life lately, and when
	// it gave the last one: the zero time means never.
	Host(machine int64) (online bool, seen time.Time)
}

// Offers knows what hosts said last that they offer.
type Offers interface {
	// Of returns what a machine's host offers under an enrolment, and when it said so: the
	// zero time means that it never did.
	Of(ctx context.Context, machine int64, enrolment domain.Position) (protocol.HostOffers, time.Time, error)
}

// The paths that replies name.
const (
	pathTask    = "/api/task"
	pathMachine = "/api/machine"
	pathUser    = "/api/user"
)

// Routes returns the routes of the dialect.
func (a *API) Routes() []api.Route {
	tasks, users := []domain.Context{domain.ContextOps}, []domain.Context{domain.ContextAccess}
	dialect := api.Dialect{Failure: fail, Success: succeed, Created: created, InQuery: true}
	return dialect.Routes(
		api.Get(pathTask, api.AccessCode(access.CodeGetTask), tasks, a.listTasks()),
		api.Post(pathTask, api.AccessUser, a.postTask()),
		api.Delete(pathTask, api.AccessUser, a.deleteTask()),

		api.Get(pathMachine, api.AccessCode(access.CodeGetMachine), tasks, a.listMachines()),
		api.Post(pathMachine, api.AccessUser, a.postMachine()),
		api.Delete(pathMachine, api.AccessUser, a.deleteMachine()),

		api.Post("/api/update", api.AccessUser, a.postUpdate()),

		api.Get(pathUser, api.AccessUser, users, a.getUsers),
		api.Post(pathUser, api.AccessUser, a.postUser()),
		api.Delete(pathUser, api.AccessUser, a.deleteUser()),

		api.Get("/api/login", api.AccessPublic, nil, a.loginState),
		api.Route{Method: http.MethodPost, Path: "/api/login", Access: api.AccessPublic, Handle: a.login},

		api.Get("/api/permission", api.AccessUser, users, a.listPermissions),

		api.Get("/api/ssh_key_manage", api.AccessCode(access.CodeGetSSHKey), tasks, a.listGrants),
		api.Post("/api/ssh_key_manage", api.AccessUser, postGrant()),
	)
}

// created returns the path of what an event created, if it did.
func created(e domain.Event) (path string, created bool) {
	switch e := e.(type) {
	case access.UserRegistered:
		return pathUser + "?username=" + url.QueryEscape(e.Username), true
	case ops.MachineAdded:
		return pathMachine + "?machine_name=" + url.QueryEscape(e.Machine.Name), true
	case ops.TaskCreated:
		return pathTask + "?task_id=" + e.Task, true
	default:
		return "", false
	}
}
