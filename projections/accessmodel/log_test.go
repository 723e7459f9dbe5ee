package accessmodel_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// step is an event and the entry that it writes; none without a target.
type entryStep struct {
	event domain.Event
	entry oplog.Entry
}

// accessSteps has every kind of event; the admin acts.
func accessSteps() []entryStep {
	wang := "id: 2\n用户名: Wang.Dachui\n来源: local\n角色: []\n权限代码: []\n"
	profile := modeltest.Registered(2, "").Profile()
	moved := profile
	moved.Location, moved.Phone, moved.Department = "sealed-new-location", "", "开发部"
	p, q := access.PrivilegeData{Name: "p1", Operation: 1, ResourceType: 2, ResourceID: 7, Comment: "c"}, access.PrivilegeData{Name: "p2", ResourceType: 6, ResourceID: 5}
	before := "修改前：\n"
	with := func(operation, target, name, id, detail string) oplog.Entry {
		return oplog.Entry{OperationType: operation, Operator: "admin", TargetType: target, TargetName: name, TargetID: id, TargetDetail: detail}
	}
	user := func(operation, detail string) oplog.Entry {
		return with(operation, oplog.TargetUser, "Wang.Dachui", "2", detail)
	}
	linked := strings.Replace(wang, "local", "ldap", 1)
	return []entryStep{
		{modeltest.Registered(2, "Wang.Dachui"), user("添加", wang)},
		{access.UserLoggedIn{ID: 2}, oplog.Entry{}},
		{access.LoginFailed{ID: 2, Reason: access.FailedSecret}, oplog.Entry{}},
		{access.LoginFailed{NameDigest: "digest", Reason: access.FailedUnknown}, oplog.Entry{}},
		{access.SessionEnded{ID: 2, Session: "digest"}, oplog.Entry{}},
		{access.UserProfileChanged{ID: 2, Before: profile, After: moved}, user("修改", before+wang+"修改项: ['手机号', '地址', '部门']\n")},
		{access.UserPasswordChanged{ID: 2, PasswordHash: "hash-id-2", Former: "hash-id"}, user("修改", before+wang+"修改项: ['密码']\n")},
		{access.UserPermissionsChanged{ID: 2, Codes: []int{3, 9}}, user("修改", before+wang+"修改项: ['权限代码']\n")},
		{access.UserPermissionsChanged{ID: 2}, user("修改", before+strings.Replace(wang, "权限代码: []", "权限代码: [3, 9]", 1)+"修改项: ['权限代码']\n")},
		{access.UserLinked{ID: 2, Former: "hash-id-2"}, user("修改", before+wang+"修改项: ['来源']\n")},
		{access.PrivilegeCreated{ID: 5, Privilege: p}, with("添加", oplog.TargetPrivilege, "p1", "5", "id: 5\n权限名: p1\n操作类型: 1\n资源类型: 2\n资源ID: 7\n备注: c\n")},
		{access.PrivilegeChanged{ID: 5, Before: p, After: q}, with("修改", oplog.TargetPrivilege, "p2", "5", before+"id: 5\n权限名: p1\n操作类型: 1\n资源类型: 2\n资源ID: 7\n备注: c\n")},
		{access.RoleCreated{ID: 8, Name: "ops", Privileges: []int64{1, 5}}, with("添加", oplog.TargetRole, "ops", "8", "id: 8\n角色名: ops\n权限ID: [1, 5]\n")},
		{access.RoleChanged{ID: 8, Name: "dev", FormerName: "ops", Privileges: []int64{5}}, with("修改", oplog.TargetRole, "dev", "8", before+"id: 8\n角色名: ops\n权限ID: [1, 5]\n")},
		{access.RoleChanged{ID: 6, Name: "zone_admin", FormerName: "zone_admin"}, with("修改", oplog.TargetRole, "zone_admin", "6", before+"id: 6\n角色名: zone_admin\n权限ID: [2]\n")},
		{access.UserRolesChanged{ID: 2, After: []int64{6, 8}}, user("修改", before+linked+"修改项: ['角色']\n")},
		{access.PrivilegeDeleted{ID: 5, Privilege: q}, with("删除", oplog.TargetPrivilege, "p2", "5", "id: 5\n权限名: p2\n操作类型: 0\n资源类型: 6\n资源ID: 5\n备注: \n")},
		{access.UserRolesChanged{ID: 2, Before: []int64{6, 8}, After: []int64{6}}, user("修改", before+strings.Replace(linked, "角色: []", "角色: ['zone_admin', 'dev']", 1)+"修改项: ['角色']\n")},
		{access.RoleDeleted{ID: 8, Name: "dev"}, with("删除", oplog.TargetRole, "dev", "8", "id: 8\n角色名: dev\n权限ID: [5]\n")},
		{access.UserDeleted{ID: 2, Username: "Wang.Dachui", MailDigest: "digest", PasswordHash: "hash-id-2", PersonalKey: "key-id", Roles: []int64{6}},
			user("删除", strings.Replace(linked, "角色: []", "角色: ['zone_admin']", 1))},
		{access.UserLoggedIn{ID: 2}, oplog.Entry{}},
	}
}

func accessLog() (*modeltest.Chain, []entryStep) {
	log, steps := &modeltest.Chain{}, accessSteps()
	log.Add(domain.System, modeltest.Registered(access.AdminID, "admin"))
	for _, step := range steps {
		log.Add(access.AdminID, step.event)
	}
	return log, steps
}

// TestAccessEntries looks at the entry of each kind of event.
func TestAccessEntries(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	log, steps := accessLog()
	modeltest.ApplyAll(t, pool, accessmodel.New(), "access", log.Events, 100)
	rows, _ := modeltest.MustPage(oplog.NewReader(pool).Entries(t.Context(), rights.System(), oplog.Filter{}, modeltest.PageOf(1, 1000)))
	entries := map[int64]oplog.Entry{}
	for _, row := range rows {
		entries[row.ID] = row
	}
	for i, step := range steps {
		e := log.Events[i+1]
		got, written := entries[int64(e.Position)]
		if step.entry.TargetType == "" {
			if written {
				t.Errorf("%T writes an entry", step.event)
			}
			continue
		}
		step.entry.ID, step.entry.Time = int64(e.Position), got.Time
		switch step.entry.OperationType {
		case oplog.OperationAdd:
			step.entry.TargetAfter = step.entry.TargetDetail
		case oplog.OperationChange:
			// The state after a change is shown as that before it: the next entry on the same
			// thing shows it once more.
			if got.TargetAfter == "" || strings.Contains(got.TargetAfter, "修改") {
				t.Errorf("%T: after it %q", step.event, got.TargetAfter)
			}
			shows := "修改前：\n" + got.TargetAfter
			for j := i + 1; j < len(steps); j++ {
				if next := steps[j].entry; next.TargetType == step.entry.TargetType && next.TargetID == step.entry.TargetID {
					if !strings.HasPrefix(next.TargetDetail, shows) && next.TargetDetail != got.TargetAfter {
						t.Errorf("%T: after it\n%s, and then\n%s", step.event, got.TargetAfter, next.TargetDetail)
					}
					break
				}
			}
			step.entry.TargetAfter = got.TargetAfter
		}
		modeltest.Same(t, fmt.Sprintf("entry of %T", step.event), got, step.entry)
	}
	if rows, total := modeltest.MustPage(oplog.NewReader(pool).Entries(t.Context(), rights.NewCaller(3, []int64{2, 3, 4, 5, 6, 7}), oplog.Filter{}, modeltest.PageOf(1, 10))); total != 0 {
		t.Errorf("who is not admin sees %v", rows)
	}
}

// TestAccessBatchSizes shows invariant 2 of Model for the access tables, on a log
// of every kind of event and on random ones: a rebuild makes the modeltest.Same rows.
func TestAccessBatchSizes(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	log, _ := accessLog()
	random := modeltest.NewWorld(t, 9)
	random.Live(300)
	for name, events := range map[string][]domain.Recorded{"all": log.Events, "random": random.People.Events} {
		first := ""
		for i, size := range []int{1, 2, 7, len(events)} {
			schema := fmt.Sprintf("access_%s_%d", name, i)
			modeltest.MakeTables(t, pool, accessmodel.New(), schema)
			modeltest.ApplyAll(t, pool, accessmodel.New(), schema, events, size)
			text := modeltest.Dump(t, pool, schema, accessTables, nil)
			if i == 0 {
				first = text
			} else if text != first {
				t.Errorf("%s: batches of %d and of 1 make other rows:\n%s", name, size, modeltest.FirstDifference(first, text))
			}
		}
	}
}

var accessTables = []string{"users", "user_roles", "roles", "role_privileges", "privileges", "oplogs", "oplog_counts", "oplog_totals", "state"}

// TestErasure shows invariant 2 of AccessModel: after a user's deletion nothing
// but the name is left of the person, in no table.
func TestErasure(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	log, _ := accessLog()
	modeltest.ApplyAll(t, pool, accessmodel.New(), "access", log.Events, 3)
	var tables []string
	rows, _ := pool.Query(t.Context(), "SELECT tablename::text FROM pg_tables WHERE schemaname = 'access' AND tablename <> 'checkpoint'")
	tables = modeltest.Must(pgx.CollectRows(rows, pgx.RowTo[string]))
	modeltest.InTx(t, pool, func(ctx context.Context, tx pgx.Tx) error { // what is left is the admin's
		_, err := tx.Exec(ctx, "DELETE FROM access.users WHERE id = 1")
		return err
	})
	for _, table := range tables {
		text := modeltest.Dump(t, pool, "access", []string{table}, nil)
		for _, secret := range []string{"sealed", "digest", "hash-id", "key-id"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s keeps %q:\n%s", table, secret, text)
			}
		}
	}
	r, ctx := accessmodel.NewReader(pool), t.Context()
	if _, err := r.User(ctx, 2); !errors.Is(err, query.ErrNotFound) {
		t.Errorf("a deleted user is found: %v", err)
	}
	if _, err := r.UserByName(ctx, "wang.dachui"); !errors.Is(err, query.ErrNotFound) {
		t.Errorf("a deleted user is found by name: %v", err)
	}
	if users, total := modeltest.MustPage(r.Users(ctx, accessmodel.UserFilter{}, modeltest.PageOf(1, 10))); total != 0 {
		t.Errorf("users are left: %v", users)
	}
	entries, total := modeltest.MustPage(oplog.NewReader(pool).Entries(ctx, rights.System(), oplog.Filter{TargetType: oplog.TargetUser, TargetName: "Wang.Dachui"}, modeltest.PageOf(1, 1)))
	if total == 0 || entries[0].OperationType != oplog.OperationDelete {
		t.Errorf("the log forgot the name: %v", entries)
	}
	next := &modeltest.Chain{Position: log.Position}
	next.Add(domain.System, modeltest.Registered(3, "wang.dachui"))
	modeltest.ApplyAll(t, pool, accessmodel.New(), "access", next.Events, 1)
	modeltest.Same(t, "the name's new user", modeltest.Must(r.UserByName(ctx, "Wang.Dachui")).ID, 3)
}

// listed is the outcome of a list: the ids in order, and the total.
type listed struct {
	ids   []int64
	total int
}

// TestUserList looks at filters, also at those that no query can answer.
func TestUserList(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	log := peopleLog()
	login := log.Add(2, access.UserLoggedIn{ID: 2})
	modeltest.ApplyAll(t, pool, accessmodel.New(), "access", log.Events, 100)
	r := accessmodel.NewReader(pool)
	list := func(f accessmodel.UserFilter, p query.Page) listed {
		rows, total := modeltest.MustPage(r.Users(t.Context(), f, p))
		return listed{modeltest.Column(rows, func(u accessmodel.User) int64 { return int64(u.ID) }), total}
	}
	odd := func(_ context.Context, users []accessmodel.User) ([]bool, error) {
		return modeltest.Column(users, func(u accessmodel.User) bool { return u.ID%2 == 1 && u.Mail == "sealed-mail" }), nil
	}
	for name, c := range map[string]struct{ got, want listed }{
		"all":         {list(accessmodel.UserFilter{}, modeltest.PageOf(1, 10)), listed{[]int64{3, 2, 1}, 3}},
		"id":          {list(accessmodel.UserFilter{ID: new(int64(2))}, modeltest.PageOf(1, 10)), listed{[]int64{2}, 1}},
		"name":        {list(accessmodel.UserFilter{Username: "e"}, modeltest.PageOf(1, 10)), listed{[]int64{3}, 1}},
		"part":        {list(accessmodel.UserFilter{Username: "a"}, modeltest.PageOf(2, 1)), listed{[]int64{1}, 2}},
		"matching":    {list(accessmodel.UserFilter{Matching: odd}, modeltest.PageOf(1, 10)), listed{[]int64{3, 1}, 2}},
		"second page": {list(accessmodel.UserFilter{Matching: odd}, modeltest.PageOf(2, 1)), listed{[]int64{1}, 2}},
		"past":        {list(accessmodel.UserFilter{Matching: odd}, modeltest.PageOf(9, 1)), listed{[]int64{}, 2}},
		"both":        {list(accessmodel.UserFilter{Matching: odd, Username: "admin"}, modeltest.PageOf(1, 10)), listed{[]int64{1}, 1}},
	} {
		if !slices.Equal(c.got.ids, c.want.ids) || c.got.total != c.want.total {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	away := errors.New("away")
	if _, _, err := r.Users(t.Context(), accessmodel.UserFilter{Matching: func(context.Context, []accessmodel.User) ([]bool, error) { return nil, away }}, modeltest.PageOf(1, 1)); !errors.Is(err, away) {
		t.Errorf("an error of the matching: %v", err)
	}
	wang := modeltest.Must(r.User(t.Context(), 2))
	if !wang.LastSeen.Equal(log.Events[len(log.Events)-1].At) || wang.Changed >= login {
		t.Errorf("after a login: %+v", wang)
	}
}
