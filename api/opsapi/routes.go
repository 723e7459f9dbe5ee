package opsapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/api/wording"
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
	dialect := api.Dialect{
		Door: domain.DoorOps, Failure: fail, Success: succeed, Created: created, InQuery: true, Language: wording.Chinese,
	}
	named := api.Reads(username)
	login := api.Reads(readLogin)
	return dialect.Routes(
		a.listTasks().get(pathTask, access.CodeGetTask, tasks).WithPast(),
		api.Post(pathTask, api.AccessUser, a.postTask()),
		a.deleteTask(),

		a.listMachines().get(pathMachine, access.CodeGetMachine, tasks).WithPast(),
		api.Post(pathMachine, api.AccessUser, a.postMachine()),
		a.deleteMachine(),

		api.Post("/api/update", api.AccessUser, a.postUpdate()),

		api.Get(pathUser, api.AccessUser, users, a.getUsers).WithQuery(named.And(rangeOfList())).WithPast(),
		api.Post(pathUser, api.AccessUser, a.postUser()),
		a.deleteUser(),

		api.Get("/api/login", api.AccessPublic, nil, a.loginState).WithQuery(named),
		api.Route{Method: http.MethodPost, Path: "/api/login", Access: api.AccessPublic, Keys: login, Handle: a.login, Count: a.CountLogins(readLogin)},

		api.Get("/api/permission", api.AccessUser, users, a.listPermissions).WithQuery(named.And(rangeOfList())).WithPast(),

		api.Get("/api/ssh_key_manage", api.AccessCode(access.CodeGetSSHKey), tasks, a.listGrants).WithQuery(api.Reads(readGrantFilter)).WithPast(),
		api.Post("/api/ssh_key_manage", api.AccessUser, postGrant()),
	)
}

// created returns path and id of what an event created, if it did. A task goes by its
// name everywhere.
func created(e domain.Event) (path, id string, created bool) {
	switch e := e.(type) {
	case access.UserRegistered:
		return pathUser + "?username=" + url.QueryEscape(e.Username), strconv.FormatInt(int64(e.ID), 10), true
	case ops.MachineAdded:
		return pathMachine + "?machine_name=" + url.QueryEscape(e.Machine.Name), strconv.FormatInt(e.ID, 10), true
	case ops.TaskCreated:
		return pathTask + "?task_id=" + e.Task, e.Task, true
	default:
		return "", "", false
	}
}
