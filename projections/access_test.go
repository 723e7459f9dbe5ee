package projections

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

func registered(id domain.UserID, name string) access.UserRegistered {
	return access.UserRegistered{
		ID: id, Username: name, Source: access.SourceLocal, Mail: "sealed-mail", Nickname: "sealed-nick", Phone: "sealed-phone",
		Position: "sealed-position", Location: "sealed-location", Department: "运维部", MailDigest: "digest", Credential: "credential-id", PersonalKey: "key-id",
	}
}

// peopleLog registers the admin, gives the role, and lets two people register.
func peopleLog() *chain {
	log := &chain{}
	log.add(domain.System, registered(access.AdminID, "admin"))
	log.add(domain.System, access.UserRolesChanged{ID: access.AdminID, After: []int64{access.RoleAdmin}})
	log.add(domain.System, registered(2, "Wang.Dachui"))
	log.add(3, registered(3, "other"))
	log.add(access.AdminID, access.UserRolesChanged{ID: 2, After: []int64{2, 7}})
	log.add(access.AdminID, access.UserRolesChanged{ID: 2, Before: []int64{2, 7}, After: []int64{7}})
	return log
}

func TestUsers(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 4, 100} {
		pool := serving(t)
		log := peopleLog()
		applyAll(t, pool, NewAccessModel(), "access", log.events, size)
		r, ctx := NewReader(pool), t.Context()
		user := must(r.User(ctx, 2))
		user.MemberSince, user.LastSeen = user.MemberSince.UTC(), user.LastSeen.UTC()
		same(t, "user", user, User{
			ID: 2, Username: "Wang.Dachui", Source: "local", Mail: "sealed-mail", Nickname: "sealed-nick", Phone: "sealed-phone", MailDigest: "digest", Codes: []int{},
			Position: "sealed-position", Location: "sealed-location", Department: "运维部", Credential: "credential-id", PersonalKey: "key-id",
			Roles: []Role{{7, "zone_guest"}}, MemberSince: log.events[2].At, LastSeen: log.events[2].At, Changed: log.events[5].Position,
		})
		same(t, "by name", must(r.UserByName(ctx, "wang.DACHUI")).ID, 2)
		same(t, "admin", must(r.User(ctx, access.AdminID)).Roles, []Role{{1, "admin"}})
		for _, page := range [][3]int{{0, 10, 3}, {1, 1, 1}, {2, 10, 1}, {3, 10, 0}, {0, 0, 0}} {
			users, total, err := r.UsersAscending(ctx, page[0], page[1])
			if err != nil || total != 3 || len(users) != page[2] || len(users) > 0 && users[0].ID != domain.UserID(page[0]+1) {
				t.Errorf("users from %d on: %v of %d, %v", page[0], users, total, err)
			}
		}
		same(t, "no roles", must(r.User(ctx, 3)).Roles, []Role{})
		if _, err := r.UserByName(ctx, "wang"); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown name: %v", err)
		}
		if _, err := r.User(ctx, 9); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown id: %v", err)
		}
	}
}

func TestUserEntries(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	applyAll(t, pool, NewAccessModel(), "access", peopleLog().events, 100)
	rows, total := mustPage(NewReader(pool).Oplogs(t.Context(), System(), OplogFilter{}, pageOf(1, 10)))
	want := []Oplog{
		{OperationType: "修改", Operator: "admin", TargetName: "Wang.Dachui", TargetID: "2", TargetDetail: "修改前：\nid: 2\n用户名: Wang.Dachui\n来源: local\n角色: ['server_admin', 'zone_guest']\n权限代码: []\n修改项: ['角色']\n"},
		{OperationType: "修改", Operator: "admin", TargetName: "Wang.Dachui", TargetID: "2", TargetDetail: "修改前：\nid: 2\n用户名: Wang.Dachui\n来源: local\n角色: []\n权限代码: []\n修改项: ['角色']\n"},
		{OperationType: "添加", Operator: "other", TargetName: "other", TargetID: "3", TargetDetail: "id: 3\n用户名: other\n来源: local\n角色: []\n权限代码: []\n"},
		{OperationType: "添加", Operator: "Wang.Dachui", TargetName: "Wang.Dachui", TargetID: "2", TargetDetail: "id: 2\n用户名: Wang.Dachui\n来源: local\n角色: []\n权限代码: []\n"},
		{OperationType: "修改", Operator: "system", TargetName: "admin", TargetID: "1", TargetDetail: "修改前：\nid: 1\n用户名: admin\n来源: local\n角色: []\n权限代码: []\n修改项: ['角色']\n"},
		{OperationType: "添加", Operator: "system", TargetName: "admin", TargetID: "1", TargetDetail: "id: 1\n用户名: admin\n来源: local\n角色: []\n权限代码: []\n"},
	}
	same(t, "total", total, len(want))
	for i, row := range rows {
		if strings.Contains(row.TargetDetail, "sealed") || strings.Contains(row.TargetDetail, "-id") || strings.Contains(row.TargetDetail, "digest") {
			t.Errorf("entry tells what is personal or secret: %q", row.TargetDetail)
		}
		want[i].ID, want[i].Time, want[i].TargetType = row.ID, row.Time, TargetUser
		same(t, "entry", row, want[i])
	}
}

func TestImpossibleUserEvents(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	log := peopleLog()
	applyAll(t, pool, NewAccessModel(), "access", log.events, 100)
	for says, event := range map[string]domain.Event{
		"user 2 exists":         registered(2, "again"),
		"user 9 does not exist": access.UserRolesChanged{ID: 9},
		"role 70 does not":      access.UserRolesChanged{ID: 2, After: []int64{70}},
	} {
		next := &chain{position: log.position}
		next.add(1, event)
		if err := refused(t, pool, NewAccessModel(), "access", next.events); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if err := refused(t, pool, NewAccessModel(), "access", log.events[5:]); err == nil || !strings.Contains(err.Error(), "predecessor") {
		t.Errorf("event applied twice: %v", err)
	}
}

// taggedLog answers from a map and counts the questions.
type taggedLog struct {
	events map[domain.Tag]protocol.Envelope
	reads  int
	err    error
}

func (l *taggedLog) Codec() *domain.Codec { return testkit.Codec() }

func (l *taggedLog) ReadTag(_ context.Context, tag domain.Tag, _ domain.Position, _ int) ([]protocol.Envelope, error) {
	l.reads++
	if e, ok := l.events[tag]; ok {
		return []protocol.Envelope{e}, l.err
	}
	return nil, l.err
}

func TestUsernames(t *testing.T) {
	t.Parallel()
	log := &taggedLog{events: map[domain.Tag]protocol.Envelope{}}
	for id, name := range map[domain.UserID]string{1: "admin", 2: "wang"} {
		descriptor, data, err := log.Codec().Encode(registered(id, name))
		if err != nil {
			t.Fatal(err)
		}
		log.events[access.TagUser(id)] = protocol.Envelope{Type: descriptor.Name, Schema: descriptor.Schema(), Data: data}
	}
	names := NewUsernames(log)
	ctx := t.Context()
	same(t, "names", must(names(ctx, []domain.UserID{1, 2})), map[domain.UserID]string{1: "admin", 2: "wang"})
	same(t, "names", must(names(ctx, []domain.UserID{2, 9})), map[domain.UserID]string{2: "wang"})
	if log.reads != 3 {
		t.Errorf("%d reads, want one for each user", log.reads)
	}
	log.err = errors.New("away")
	if _, err := names(ctx, []domain.UserID{2}); err != nil {
		t.Errorf("a known name needs the log: %v", err)
	}
	if _, err := names(ctx, []domain.UserID{9}); !errors.Is(err, log.err) {
		t.Errorf("log away: %v", err)
	}
}
