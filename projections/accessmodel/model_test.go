package accessmodel_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// peopleLog registers the admin, gives the role, and lets two people register.
func peopleLog() *modeltest.Chain {
	log := &modeltest.Chain{}
	log.Add(domain.System, modeltest.Registered(access.AdminID, "admin"))
	log.Add(domain.System, access.UserRolesChanged{ID: access.AdminID, After: []int64{access.RoleAdmin}})
	log.Add(domain.System, modeltest.Registered(2, "Wang.Dachui"))
	log.Add(3, modeltest.Registered(3, "other"))
	log.Add(access.AdminID, access.UserRolesChanged{ID: 2, After: []int64{2, 7}})
	log.Add(access.AdminID, access.UserRolesChanged{ID: 2, Before: []int64{2, 7}, After: []int64{7}})
	return log
}

func TestUsers(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 4, 100} {
		pool := modeltest.Serving(t)
		log := peopleLog()
		modeltest.ApplyAll(t, pool, accessmodel.New(), "access", log.Events, size)
		r, ctx := accessmodel.NewReader(pool), t.Context()
		user := modeltest.Must(r.User(ctx, 2))
		user.MemberSince, user.LastSeen = user.MemberSince.UTC(), user.LastSeen.UTC()
		modeltest.Same(t, "user", user, accessmodel.User{
			ID: 2, Username: "Wang.Dachui", Source: "local", Mail: "sealed-mail", Nickname: "sealed-nick", Phone: "sealed-phone", MailDigest: "digest", Codes: []int{},
			Position: "sealed-position", Location: "sealed-location", Department: "运维部", PasswordHash: "hash-id", PersonalKey: "key-id",
			Roles: []accessmodel.Role{{7, "zone_guest"}}, MemberSince: log.Events[2].At, LastSeen: log.Events[2].At, Changed: log.Events[5].Position,
		})
		modeltest.Same(t, "by name", modeltest.Must(r.UserByName(ctx, "wang.DACHUI")).ID, 2)
		modeltest.Same(t, "admin", modeltest.Must(r.User(ctx, access.AdminID)).Roles, []accessmodel.Role{{1, "admin"}})
		for _, page := range [][3]int{{0, 10, 3}, {1, 1, 1}, {2, 10, 1}, {3, 10, 0}, {0, 0, 0}} {
			users, total, err := r.UsersAscending(ctx, query.Range{Start: page[0], Count: page[1]})
			if err != nil || total != 3 || len(users) != page[2] || len(users) > 0 && users[0].ID != domain.UserID(page[0]+1) {
				t.Errorf("users from %d on: %v of %d, %v", page[0], users, total, err)
			}
		}
		modeltest.Same(t, "no roles", modeltest.Must(r.User(ctx, 3)).Roles, []accessmodel.Role{})
		if _, err := r.UserByName(ctx, "wang"); !errors.Is(err, query.ErrNotFound) {
			t.Errorf("unknown name: %v", err)
		}
		if _, err := r.User(ctx, 9); !errors.Is(err, query.ErrNotFound) {
			t.Errorf("unknown id: %v", err)
		}
	}
}

func TestUserEntries(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	modeltest.ApplyAll(t, pool, accessmodel.New(), "access", peopleLog().Events, 100)
	rows, total := modeltest.MustPage(oplog.NewReader(pool).Entries(t.Context(), rights.System(), oplog.Filter{}, modeltest.PageOf(1, 10)))
	want := []oplog.Entry{
		{OperationType: "修改", Operator: "admin", TargetName: "Wang.Dachui", TargetID: "2", TargetDetail: "修改前：\nid: 2\n用户名: Wang.Dachui\n来源: local\n角色: ['server_admin', 'zone_guest']\n权限代码: []\n修改项: ['角色']\n"},
		{OperationType: "修改", Operator: "admin", TargetName: "Wang.Dachui", TargetID: "2", TargetDetail: "修改前：\nid: 2\n用户名: Wang.Dachui\n来源: local\n角色: []\n权限代码: []\n修改项: ['角色']\n"},
		{OperationType: "添加", Operator: "other", TargetName: "other", TargetID: "3", TargetDetail: "id: 3\n用户名: other\n来源: local\n角色: []\n权限代码: []\n"},
		{OperationType: "添加", Operator: "Wang.Dachui", TargetName: "Wang.Dachui", TargetID: "2", TargetDetail: "id: 2\n用户名: Wang.Dachui\n来源: local\n角色: []\n权限代码: []\n"},
		{OperationType: "修改", Operator: "system", TargetName: "admin", TargetID: "1", TargetDetail: "修改前：\nid: 1\n用户名: admin\n来源: local\n角色: []\n权限代码: []\n修改项: ['角色']\n"},
		{OperationType: "添加", Operator: "system", TargetName: "admin", TargetID: "1", TargetDetail: "id: 1\n用户名: admin\n来源: local\n角色: []\n权限代码: []\n"},
	}
	after := map[int]string{
		0: "id: 2\n用户名: Wang.Dachui\n来源: local\n角色: ['zone_guest']\n权限代码: []\n",
		1: "id: 2\n用户名: Wang.Dachui\n来源: local\n角色: ['server_admin', 'zone_guest']\n权限代码: []\n",
		4: "id: 1\n用户名: admin\n来源: local\n角色: ['admin']\n权限代码: []\n",
	}
	modeltest.Same(t, "total", total, len(want))
	for i, row := range rows {
		if strings.Contains(row.TargetDetail, "sealed") || strings.Contains(row.TargetDetail, "-id") || strings.Contains(row.TargetDetail, "digest") {
			t.Errorf("entry tells what is personal or secret: %q", row.TargetDetail)
		}
		want[i].ID, want[i].Time, want[i].TargetType = row.ID, row.Time, oplog.TargetUser
		if want[i].TargetAfter = after[i]; want[i].OperationType == oplog.OperationAdd {
			want[i].TargetAfter = want[i].TargetDetail
		}
		modeltest.Same(t, "entry", row, want[i])
	}
}

func TestImpossibleUserEvents(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	log := peopleLog()
	modeltest.ApplyAll(t, pool, accessmodel.New(), "access", log.Events, 100)
	for says, event := range map[string]domain.Event{
		"user 2 exists":         modeltest.Registered(2, "again"),
		"user 9 does not exist": access.UserRolesChanged{ID: 9},
		"role 70 does not":      access.UserRolesChanged{ID: 2, After: []int64{70}},
	} {
		next := &modeltest.Chain{Position: log.Position}
		next.Add(1, event)
		if err := modeltest.Refused(t, pool, accessmodel.New(), "access", next.Events); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if err := modeltest.Refused(t, pool, accessmodel.New(), "access", log.Events[5:]); err == nil || !strings.Contains(err.Error(), "predecessor") {
		t.Errorf("event applied twice: %v", err)
	}
}
