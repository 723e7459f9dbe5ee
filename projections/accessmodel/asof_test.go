package accessmodel_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/query"
)

// TestAsOf shows invariant 3 of Model on random histories: tables that hold all of the log
// answer as of a position as tables that hold no more than that.
func TestAsOf(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := modeltest.NewWorld(t, seed)
			w.Live(200)
			whole, growing := modeltest.Serving(t), modeltest.Serving(t)
			people := modeltest.InChanges(w.People.Events, seed)
			modeltest.ApplyAll(t, whole, accessmodel.New(), "access", people, 1+int(seed)*30)
			modeltest.ApplyAll(t, whole, modeltest.NewDNS(), "dns", w.Events, 100)
			things := w.Events
			for from := 0; from < len(people); {
				to := from + 1 + people[from].More
				modeltest.ApplyAll(t, growing, accessmodel.New(), "access", people[from:to], 10)
				at := people[to-1].Position
				for len(things) > 0 && things[0].Position <= at {
					modeltest.ApplyAll(t, growing, modeltest.NewDNS(), "dns", things[:1], 1)
					things = things[1:]
				}
				got, want := everybody(t, query.AsOf(t.Context(), at), whole), everybody(t, t.Context(), growing)
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("as of %d:\n%+v, want\n%+v", at, got, want)
				}
				from = to
			}
		})
	}
}

// everybody is what the reader answers.
func everybody(t *testing.T, ctx context.Context, pool *pgxpool.Pool) []any {
	t.Helper()
	r, page := accessmodel.NewReader(pool), modeltest.PageOf(1, 1000)
	users, n := modeltest.MustPage(r.Users(ctx, accessmodel.UserFilter{}, page))
	for i := range users {
		users[i].MemberSince, users[i].LastSeen = users[i].MemberSince.UTC(), time.Time{}
	}
	roles, m := modeltest.MustPage(r.Roles(ctx, accessmodel.RoleFilter{}, page))
	privileges, k := modeltest.MustPage(r.Privileges(ctx, accessmodel.PrivilegeFilter{}, page))
	return []any{users, n, roles, m, privileges, k}
}

// Of a deleted user the past has no personal data, whatever it was.
func TestErasedInThePast(t *testing.T) {
	t.Parallel()
	pool, log := modeltest.Serving(t), &modeltest.Chain{}
	log.Add(domain.System, modeltest.Registered(1, "admin"))
	log.Add(1, modeltest.Registered(2, "alice"))
	was := log.Add(2, access.UserPermissionsChanged{ID: 2, Codes: []int{access.CodeGetTask}})
	log.Add(1, access.UserDeleted{ID: 2})
	modeltest.ApplyAll(t, pool, accessmodel.New(), "access", log.Events, 2)
	got := modeltest.Must(accessmodel.NewReader(pool).User(query.AsOf(t.Context(), was), 2))
	want := accessmodel.User{
		ID: 2, Username: "alice", Source: access.SourceLocal, Codes: []int{access.CodeGetTask}, Roles: []accessmodel.Role{},
		MemberSince: log.Events[1].At, LastSeen: log.Events[1].At, Changed: was,
	}
	got.MemberSince, got.LastSeen = got.MemberSince.UTC(), got.LastSeen.UTC()
	modeltest.Same(t, "deleted user", got, want)
}

// Names compare in the past as they do now, and a login makes no version of a user.
func TestNamesInThePast(t *testing.T) {
	t.Parallel()
	pool, log := modeltest.Serving(t), &modeltest.Chain{}
	log.Add(domain.System, modeltest.Registered(1, "Zoë Müller"))
	was := log.Add(1, modeltest.Registered(2, "ｏｔｈｅｒ"))
	for range 3 {
		log.Add(1, access.UserLoggedIn{ID: 1})
	}
	log.Add(1, access.UserDeleted{ID: 1})
	modeltest.ApplyAll(t, pool, accessmodel.New(), "access", log.Events, 2)
	then := query.AsOf(t.Context(), was)
	for name, id := range map[string]domain.UserID{"ZOË  MÜLLER": 1, "zoe\u0308 mu\u0308ller": 1, "Other": 2} {
		modeltest.Same(t, name, modeltest.Must(accessmodel.NewReader(pool).UserByName(then, name)).ID, id)
	}
	versions, err := query.Only(t.Context(), pool, pgx.RowTo[int], "SELECT count(*) FROM access.users_past")
	if err != nil || versions != 1 {
		t.Errorf("%d versions are over, %v", versions, err)
	}
}
