package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// step is an event and the entry that it writes; none without a target.
type entryStep struct {
	event domain.Event
	entry Oplog
}

// accessSteps has every kind of event; the admin acts.
func accessSteps() []entryStep {
	wang := "id: 2\n用户名: Wang.Dachui\n来源: local\n角色: []\n权限代码: []\n"
	profile := registered(2, "").Profile()
	moved := profile
	moved.Location, moved.Phone, moved.Department = "sealed-new-location", "", "开发部"
	p, q := access.PrivilegeData{Name: "p1", Operation: 1, ResourceType: 2, ResourceID: 7, Comment: "c"}, access.PrivilegeData{Name: "p2", ResourceType: 6, ResourceID: 5}
	before := "修改前：\n"
	with := func(operation, target, name, id, detail string) Oplog {
		return Oplog{OperationType: operation, Operator: "admin", TargetType: target, TargetName: name, TargetID: id, TargetDetail: detail}
	}
	user := func(operation, detail string) Oplog { return with(operation, TargetUser, "Wang.Dachui", "2", detail) }
	linked := strings.Replace(wang, "local", "ldap", 1)
	return []entryStep{
		{registered(2, "Wang.Dachui"), user("添加", wang)},
		{access.UserLoggedIn{ID: 2}, Oplog{}},
		{access.LoginFailed{ID: 2, Reason: access.FailedSecret}, Oplog{}},
		{access.LoginFailed{NameDigest: "digest", Reason: access.FailedUnknown}, Oplog{}},
		{access.UserProfileChanged{ID: 2, Before: profile, After: moved}, user("修改", before+wang+"修改项: ['手机号', '地址', '部门']\n")},
		{access.UserPasswordChanged{ID: 2, Credential: "credential-id-2", Former: "credential-id"}, user("修改", before+wang+"修改项: ['密码']\n")},
		{access.UserPermissionsChanged{ID: 2, Codes: []int{3, 9}}, user("修改", before+wang+"修改项: ['权限代码']\n")},
		{access.UserPermissionsChanged{ID: 2}, user("修改", before+strings.Replace(wang, "权限代码: []", "权限代码: [3, 9]", 1)+"修改项: ['权限代码']\n")},
		{access.UserLinked{ID: 2, Former: "credential-id-2"}, user("修改", before+wang+"修改项: ['来源']\n")},
		{access.PrivilegeCreated{ID: 5, Privilege: p}, with("添加", TargetPrivilege, "p1", "5", "id: 5\n权限名: p1\n操作类型: 1\n资源类型: 2\n资源ID: 7\n备注: c\n")},
		{access.PrivilegeChanged{ID: 5, Before: p, After: q}, with("修改", TargetPrivilege, "p2", "5", before+"id: 5\n权限名: p1\n操作类型: 1\n资源类型: 2\n资源ID: 7\n备注: c\n")},
		{access.RoleCreated{ID: 8, Name: "ops", Privileges: []int64{1, 5}}, with("添加", TargetRole, "ops", "8", "id: 8\n角色名: ops\n权限ID: [1, 5]\n")},
		{access.RoleChanged{ID: 8, Name: "dev", FormerName: "ops", Privileges: []int64{5}}, with("修改", TargetRole, "dev", "8", before+"id: 8\n角色名: ops\n权限ID: [1, 5]\n")},
		{access.RoleChanged{ID: 6, Name: "zone_admin", FormerName: "zone_admin"}, with("修改", TargetRole, "zone_admin", "6", before+"id: 6\n角色名: zone_admin\n权限ID: [2]\n")},
		{access.UserRolesChanged{ID: 2, After: []int64{6, 8}}, user("修改", before+linked+"修改项: ['角色']\n")},
		{access.PrivilegeDeleted{ID: 5, Privilege: q}, with("删除", TargetPrivilege, "p2", "5", "id: 5\n权限名: p2\n操作类型: 0\n资源类型: 6\n资源ID: 5\n备注: \n")},
		{access.UserRolesChanged{ID: 2, Before: []int64{6, 8}, After: []int64{6}}, user("修改", before+strings.Replace(linked, "角色: []", "角色: ['zone_admin', 'dev']", 1)+"修改项: ['角色']\n")},
		{access.RoleDeleted{ID: 8, Name: "dev"}, with("删除", TargetRole, "dev", "8", "id: 8\n角色名: dev\n权限ID: [5]\n")},
		{access.UserDeleted{ID: 2, Username: "Wang.Dachui", MailDigest: "digest", Credential: "credential-id-2", PersonalKey: "key-id", Roles: []int64{6}},
			user("删除", strings.Replace(linked, "角色: []", "角色: ['zone_admin']", 1))},
		{access.UserLoggedIn{ID: 2}, Oplog{}},
	}
}

func accessLog() (*chain, []entryStep) {
	log, steps := &chain{}, accessSteps()
	log.add(domain.System, registered(access.AdminID, "admin"))
	for _, step := range steps {
		log.add(access.AdminID, step.event)
	}
	return log, steps
}

// TestAccessEntries looks at the entry of each kind of event.
func TestAccessEntries(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	log, steps := accessLog()
	applyAll(t, pool, NewAccessModel(), "access", log.events, 100)
	rows, _ := mustPage(NewReader(pool).Oplogs(t.Context(), System(), OplogFilter{}, pageOf(1, 1000)))
	entries := map[int64]Oplog{}
	for _, row := range rows {
		entries[row.ID] = row
	}
	for i, step := range steps {
		e := log.events[i+1]
		got, written := entries[int64(e.Position)]
		if step.entry.TargetType == "" {
			if written {
				t.Errorf("%T writes an entry", step.event)
			}
			continue
		}
		step.entry.ID, step.entry.Time = int64(e.Position), got.Time
		same(t, fmt.Sprintf("entry of %T", step.event), got, step.entry)
	}
	if rows, total := mustPage(NewReader(pool).Oplogs(t.Context(), NewCaller(3, []int64{2, 3, 4, 5, 6, 7}), OplogFilter{}, pageOf(1, 10))); total != 0 {
		t.Errorf("who is not admin sees %v", rows)
	}
}

// TestLongSets shows that an entry does not grow with a role's set.
func TestLongSets(t *testing.T) {
	t.Parallel()
	var d detail
	d.numbers("n", slices.Repeat([]int64{7}, 101))
	if want := "n: [" + strings.Repeat("7, ", 99) + "7, …] 共101个\n"; d.String() != want {
		t.Errorf("%q, want %q", d.String(), want)
	}
}

// TestAccessBatchSizes shows invariant 2 of Model for the access tables, on a log
// of every kind of event and on random ones: a rebuild makes the same rows.
func TestAccessBatchSizes(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	log, _ := accessLog()
	random := newWorld(t, 9)
	random.live(300)
	for name, events := range map[string][]domain.Recorded{"all": log.events, "random": random.people.events} {
		first := ""
		for i, size := range []int{1, 2, 7, len(events)} {
			schema := fmt.Sprintf("access_%s_%d", name, i)
			makeTables(t, pool, NewAccessModel(), schema)
			applyAll(t, pool, NewAccessModel(), schema, events, size)
			text := dumpTables(t, pool, schema, accessTables)
			if i == 0 {
				first = text
			} else if text != first {
				t.Errorf("%s: batches of %d and of 1 make other rows:\n%s", name, size, firstDifference(first, text))
			}
		}
	}
}

var accessTables = []string{"users", "user_roles", "roles", "role_changes", "role_privileges", "privileges", "oplogs", "oplog_counts", "state"}

// TestErasure shows invariant 2 of AccessModel: after a user's deletion nothing
// but the name is left of the person, in no table.
func TestErasure(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	log, _ := accessLog()
	applyAll(t, pool, NewAccessModel(), "access", log.events, 3)
	var tables []string
	rows, _ := pool.Query(t.Context(), "SELECT tablename::text FROM pg_tables WHERE schemaname = 'access' AND tablename <> 'checkpoint'")
	tables = must(pgx.CollectRows(rows, pgx.RowTo[string]))
	inTx(t, pool, func(ctx context.Context, tx pgx.Tx) error { // what is left is the admin's
		_, err := tx.Exec(ctx, "DELETE FROM access.users WHERE id = 1")
		return err
	})
	for _, table := range tables {
		text := dumpTables(t, pool, "access", []string{table})
		for _, secret := range []string{"sealed", "digest", "credential", "key-id"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s keeps %q:\n%s", table, secret, text)
			}
		}
	}
	r, ctx := NewReader(pool), t.Context()
	if _, err := r.User(ctx, 2); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted user is found: %v", err)
	}
	if _, err := r.UserByName(ctx, "wang.dachui"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted user is found by name: %v", err)
	}
	if users, total := mustPage(r.Users(ctx, UserFilter{}, pageOf(1, 10))); total != 0 {
		t.Errorf("users are left: %v", users)
	}
	entries, total := mustPage(r.Oplogs(ctx, System(), OplogFilter{TargetType: TargetUser, TargetName: "Wang.Dachui"}, pageOf(1, 1)))
	if total == 0 || entries[0].OperationType != OperationDelete {
		t.Errorf("the log forgot the name: %v", entries)
	}
	next := &chain{position: log.position}
	next.add(domain.System, registered(3, "wang.dachui"))
	applyAll(t, pool, NewAccessModel(), "access", next.events, 1)
	same(t, "the name's new user", must(r.UserByName(ctx, "Wang.Dachui")).ID, 3)
}

// TestUserList looks at filters, also at those that no query can answer.
func TestUserList(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	log := peopleLog()
	login := log.add(2, access.UserLoggedIn{ID: 2})
	applyAll(t, pool, NewAccessModel(), "access", log.events, 100)
	r := NewReader(pool)
	list := func(f UserFilter, p Page) listed {
		rows, total := mustPage(r.Users(t.Context(), f, p))
		return listed{Column(rows, func(u User) int64 { return int64(u.ID) }), total}
	}
	odd := func(_ context.Context, users []User) ([]bool, error) {
		return Column(users, func(u User) bool { return u.ID%2 == 1 && u.Mail == "sealed-mail" }), nil
	}
	for name, c := range map[string]struct{ got, want listed }{
		"all":         {list(UserFilter{}, pageOf(1, 10)), listed{[]int64{3, 2, 1}, 3}},
		"id":          {list(UserFilter{ID: new(int64(2))}, pageOf(1, 10)), listed{[]int64{2}, 1}},
		"name":        {list(UserFilter{Username: "e"}, pageOf(1, 10)), listed{[]int64{3}, 1}},
		"part":        {list(UserFilter{Username: "a"}, pageOf(2, 1)), listed{[]int64{1}, 2}},
		"matching":    {list(UserFilter{Matching: odd}, pageOf(1, 10)), listed{[]int64{3, 1}, 2}},
		"second page": {list(UserFilter{Matching: odd}, pageOf(2, 1)), listed{[]int64{1}, 2}},
		"past":        {list(UserFilter{Matching: odd}, pageOf(9, 1)), listed{[]int64{}, 2}},
		"both":        {list(UserFilter{Matching: odd, Username: "admin"}, pageOf(1, 10)), listed{[]int64{1}, 1}},
	} {
		if !slices.Equal(c.got.ids, c.want.ids) || c.got.total != c.want.total {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	away := errors.New("away")
	if _, _, err := r.Users(t.Context(), UserFilter{Matching: func(context.Context, []User) ([]bool, error) { return nil, away }}, pageOf(1, 1)); !errors.Is(err, away) {
		t.Errorf("an error of the matching: %v", err)
	}
	wang := must(r.User(t.Context(), 2))
	if !wang.LastSeen.Equal(log.events[len(log.events)-1].At) || wang.Changed >= login {
		t.Errorf("after a login: %+v", wang)
	}
}

func dumpTables(t *testing.T, pool *pgxpool.Pool, schema string, tables []string) string {
	t.Helper()
	var out strings.Builder
	for _, table := range tables {
		rows, _ := pool.Query(t.Context(), "SELECT t::text FROM "+pgx.Identifier{schema, table}.Sanitize()+" t ORDER BY 1")
		fmt.Fprintln(&out, table)
		fmt.Fprintln(&out, strings.Join(must(pgx.CollectRows(rows, pgx.RowTo[string])), "\n"))
	}
	return out.String()
}
