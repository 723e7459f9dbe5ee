package dns_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func serverInput(host, ip string) dns.ServerInput {
	return dns.ServerInput{
		Host: &host, IP: &ip, Env: new("dev"),
		ZbProcessItem: new("1"), ZbPortItem: new("2"), ZbResolveItem: new("3"), ZbResolveRateItem: new("4"),
	}
}

func serverData(host, ip string) dns.ServerData {
	return dns.ServerData{
		Host: host, IP: ip, Env: "dev", Type: "master",
		ZbProcessItem: "1", ZbPortItem: "2", ZbResolveItem: "3", ZbResolveRateID: "4",
	}
}

func server(id int64, host, ip string) domain.Event {
	return dns.ServerCreated{ID: id, Privilege: privilegeOf(id), Server: serverData(host, ip)}
}

func TestServerDecisions(t *testing.T) {
	t.Parallel()
	create := func(host, ip string) domain.Command { return must(dns.NewCreateServer(serverInput(host, ip))) }
	change := func(id int64, host, ip string, ifMatch *domain.Position) domain.Command {
		return must(dns.NewUpdateServer(id, serverInput(host, ip), ifMatch))
	}
	salve := serverInput("s1", "1.1.1.1")
	salve.Type = new("salve")
	salveData := serverData("s1", "1.1.1.1")
	salveData.Type = "salve"
	one := []domain.Event{server(1, "s1", "1.1.1.1")}
	two := slices.Concat(one, []domain.Event{server(2, "s2", "2.2.2.2")})
	gone := slices.Concat(one, []domain.Event{dns.ServerDeleted{ID: 1, Privilege: privilegeOf(1), Server: serverData("s1", "1.1.1.1")}})
	moved := slices.Concat(one, []domain.Event{dns.ServerUpdated{ID: 1, Before: serverData("s1", "1.1.1.1"), After: serverData("s3", "1.1.1.1")}})

	runDecisions(t, []decision{
		{name: "create", when: create("s1", "1.1.1.1"), then: []domain.Event{server(100, "s1", "1.1.1.1")}},
		{name: "create slave", when: must(dns.NewCreateServer(salve)), then: []domain.Event{dns.ServerCreated{ID: 100, Privilege: privilegeOf(100), Server: salveData}}},
		{name: "create same host", given: one, when: create("S1", "9.9.9.9"), code: domain.CodeRefused, text: "创建失败! 重复的Server，相同Host或IP地址已存在！"},
		{name: "create same ip", given: one, when: create("s9", "::ffff:1.1.1.1"), code: domain.CodeRefused, text: "创建失败! 重复的Server"},
		{name: "create after delete", given: gone, when: create("s1", "1.1.1.1"), then: []domain.Event{server(100, "s1", "1.1.1.1")}},
		{name: "create freed host", given: moved, when: create("s1", "9.9.9.9"), then: []domain.Event{server(100, "s1", "9.9.9.9")}},
		{name: "create taken new host", given: moved, when: create("s3", "9.9.9.9"), code: domain.CodeRefused, text: "重复的Server"},
		{name: "guest may not create", given: users(), as: guest, when: create("s1", "1.1.1.1"), code: domain.CodeForbidden, text: "无权限！缺少权限：SERVER_ADD"},
		{name: "nobody may not create", as: 9, when: create("s1", "1.1.1.1"), code: domain.CodeUnauthenticated},
		{name: "admin may create", given: users(), as: admin, when: create("s1", "1.1.1.1"), then: []domain.Event{server(100, "s1", "1.1.1.1")}},

		{name: "update", given: one, when: change(1, "s3", "1.1.1.1", nil), then: moved[1:]},
		{name: "update nothing", given: one, when: change(1, "s1", "1.1.1.1", nil)},
		{name: "update keeps type", given: []domain.Event{dns.ServerCreated{ID: 1, Privilege: privilegeOf(1), Server: salveData}}, when: change(1, "s1", "1.1.1.1", nil)},
		{name: "update case of own host", given: one, when: change(1, "S1", "1.1.1.1", nil), then: []domain.Event{
			dns.ServerUpdated{ID: 1, Before: serverData("s1", "1.1.1.1"), After: serverData("S1", "1.1.1.1")},
		}},
		{name: "update to taken host", given: two, when: change(2, "s1", "2.2.2.2", nil), code: domain.CodeRefused, text: "修改失败! 重复的Server，相同Host或IP地址已存在！"},
		{name: "update to taken ip", given: two, when: change(2, "s2", "1.1.1.1", nil), code: domain.CodeRefused, text: "修改失败! 重复的Server"},
		{name: "update unknown", when: change(7, "s1", "1.1.1.1", nil), code: domain.CodeNotFound, text: "Server 7 不存在！"},
		{name: "update deleted", given: gone, when: change(1, "s1", "1.1.1.1", nil), code: domain.CodeNotFound, text: "不存在！"},
		{name: "update other version", given: one, when: change(1, "s3", "1.1.1.1", new(domain.Position(9))), code: domain.CodePrecondition},
		{name: "update this version", given: one, when: change(1, "s3", "1.1.1.1", new(domain.Position(1))), then: moved[1:]},
		{name: "guest may not update", given: users(one...), as: guest, when: change(1, "s3", "1.1.1.1", nil), code: domain.CodeForbidden, text: "SERVER#1#UPDATE"},

		{name: "delete", given: one, when: must(dns.NewDeleteServer(1, nil)), then: gone[1:]},
		{name: "delete twice", given: gone, when: must(dns.NewDeleteServer(1, nil)), code: domain.CodeNotFound, text: "不存在！"},
		{name: "delete other version", given: one, when: must(dns.NewDeleteServer(1, new(domain.Position(2)))), code: domain.CodePrecondition},
		{name: "guest may not delete", given: users(one...), as: guest, when: must(dns.NewDeleteServer(1, nil)), code: domain.CodeForbidden, text: "SERVER#1#DELETE"},

		{name: "enroll", given: one, when: must(dns.NewEnrollServer(1)), then: []domain.Event{dns.ServerEnrolled{ID: 1, Unproved: true}}},
		{name: "enroll again", given: slices.Concat(one, []domain.Event{dns.ServerEnrolled{ID: 1}}), when: must(dns.NewEnrollServer(1))},
		{name: "enroll unknown", when: must(dns.NewEnrollServer(1)), code: domain.CodeNotFound},
		{name: "withdraw", given: slices.Concat(one, []domain.Event{dns.ServerEnrolled{ID: 1}}), when: must(dns.NewWithdrawServer(1)), then: []domain.Event{dns.ServerWithdrawn{ID: 1}}},
		{name: "withdraw what is not enrolled", given: one, when: must(dns.NewWithdrawServer(1))},
		{name: "guest may not enroll", given: users(one...), as: guest, when: must(dns.NewEnrollServer(1)), code: domain.CodeForbidden},
	})
}

// Slaves are not left without a master that has an agent, and new servers serve once they are proved to.
func TestServersOfAFleet(t *testing.T) {
	t.Parallel()
	typed := func(id int64, kind string) (domain.Event, dns.ServerData, dns.ServerInput) {
		host, ip := fmt.Sprint("s", id), fmt.Sprint("192.0.2.", id)
		data, in := serverData(host, ip), serverInput(host, ip)
		data.Type, in.Type = kind, &kind
		return dns.ServerCreated{ID: id, Privilege: privilegeOf(id), Server: data}, data, in
	}
	first, firstData, _ := typed(1, "master")
	second, secondData, _ := typed(2, "master")
	third, thirdData, _ := typed(3, "slave")
	_, demoted, demotedIn := typed(1, "slave")
	_, demotedSecond, _ := typed(2, "slave")
	_, promoted, promotedIn := typed(3, "master")
	agent := func(id int64) domain.Event { return dns.ServerEnrolled{ID: id, Unproved: true} }
	demote, promote := must(dns.NewUpdateServer(1, demotedIn, nil)), must(dns.NewUpdateServer(3, promotedIn, nil))
	remove := must(dns.NewDeleteServer(1, nil))
	becameSlave := []domain.Event{dns.ServerUpdated{ID: 1, Before: firstData, After: demoted}}
	gone := []domain.Event{dns.ServerDeleted{ID: 1, Privilege: privilegeOf(1), Server: firstData}}
	alone := []domain.Event{first, second, third, agent(1)}
	withSlave, withMaster := append(slices.Clip(alone), agent(3)), append(slices.Clip(alone), agent(2))
	back := append(slices.Clip(alone), dns.ServerUpdated{ID: 1, Before: demoted, After: firstData})
	prove := func(at domain.Position) domain.Command { return must(dns.NewProveServer(1, at)) }
	runDecisions(t, []decision{
		{name: "the last master", given: alone, when: demote, code: domain.CodeInvalid, text: "最后一个master"},
		{name: "the last master, beside a slave", given: withSlave, when: demote, code: domain.CodeInvalid, text: "最后一个master"},
		{name: "the last master, undone", given: back, code: domain.CodeInvalid, text: "最后一个master",
			when: dns.NewUndoServerUpdated(dns.ServerUpdated{ID: 1, Before: demoted, After: firstData})},
		{name: "one of two masters", given: withMaster, when: demote, then: becameSlave},
		{name: "a master without an agent", given: alone[:3], when: demote, then: becameSlave},
		{name: "a slave", given: withSlave, when: promote, then: []domain.Event{dns.ServerUpdated{ID: 3, Before: thirdData, After: promoted}}},
		{name: "the last master goes", given: alone, when: remove, then: gone},
		{name: "the last master goes, beside a slave", given: withSlave, when: remove, code: domain.CodeRefused, text: "还有slave"},
		{name: "one of two masters goes", given: append(slices.Clip(withMaster), agent(3)), when: remove, then: gone},

		{name: "proved", given: alone, when: prove(4), then: []domain.Event{dns.ServerProved{ID: 1}}},
		{name: "proved to before its enrolment", given: alone, when: prove(3)},
		{name: "proved again", given: append(slices.Clip(alone), dns.ServerProved{ID: 1}), when: prove(9)},
		{name: "proved, of an older log", given: []domain.Event{first, dns.ServerEnrolled{ID: 1}}, when: prove(9)},
		{name: "proved, withdrawn", given: append(slices.Clip(alone), dns.ServerWithdrawn{ID: 1}), when: prove(9)},
		{name: "proved, enrolled anew", given: append(slices.Clip(alone), dns.ServerProved{ID: 1}, dns.ServerWithdrawn{ID: 1}, agent(1)), when: prove(7),
			then: []domain.Event{dns.ServerProved{ID: 1}}},
	})
	runRaces(t, []race{
		{"the other master is demoted", withMaster, demote, dns.ServerUpdated{ID: 2, Before: secondData, After: demotedSecond}, true},
		{"the other master goes", withMaster, demote, dns.ServerDeleted{ID: 2, Privilege: privilegeOf(2), Server: secondData}, true},
		{"the other master loses its agent", withMaster, demote, dns.ServerWithdrawn{ID: 2}, true},
		{"a slave comes", alone, remove, agent(3), true},
	})
}

func TestServerRaces(t *testing.T) {
	t.Parallel()
	one := []domain.Event{server(1, "s1", "1.1.1.1")}
	create := must(dns.NewCreateServer(serverInput("s2", "2.2.2.2")))
	change := must(dns.NewUpdateServer(1, serverInput("s2", "2.2.2.2"), nil))
	remove := must(dns.NewDeleteServer(1, nil))
	moveTo := func(host, ip string) domain.Event {
		return dns.ServerUpdated{ID: 3, Before: serverData("s3", "3.3.3.3"), After: serverData(host, ip)}
	}
	runRaces(t, []race{
		{"create, host taken", nil, create, server(3, "S2", "3.3.3.3"), true},
		{"create, ip taken", nil, create, server(3, "s3", "2.2.2.2"), true},
		{"create, host moved here", nil, create, moveTo("s2", "3.3.3.3"), true},
		{"create, another server", nil, create, server(3, "s3", "3.3.3.3"), false},
		{"create, name freed", nil, create, dns.ServerDeleted{ID: 3, Privilege: privilegeOf(3), Server: serverData("s2", "2.2.2.2")}, false},
		{"create, rights lost", nil, create, access.UserRolesChanged{ID: admin}, true},
		{"create, another's rights", nil, create, access.UserRolesChanged{ID: guest}, false},
		{"update, host taken", one, change, server(3, "s2", "3.3.3.3"), true},
		{"update, ip taken", one, change, moveTo("s3", "2.2.2.2"), true},
		{"update, deleted", one, change, dns.ServerDeleted{ID: 1, Privilege: privilegeOf(1), Server: serverData("s1", "1.1.1.1")}, true},
		{"update, updated", one, change, dns.ServerUpdated{ID: 1, Before: serverData("s1", "1.1.1.1"), After: serverData("s4", "1.1.1.1")}, true},
		{"delete, updated", one, remove, dns.ServerUpdated{ID: 1, Before: serverData("s1", "1.1.1.1"), After: serverData("s4", "1.1.1.1")}, true},
		{"delete, another", one, remove, server(3, "s3", "3.3.3.3"), false},
		{"enroll, deleted", one, must(dns.NewEnrollServer(1)), dns.ServerDeleted{ID: 1, Privilege: privilegeOf(1), Server: serverData("s1", "1.1.1.1")}, true},
		{"enroll, enrolled", one, must(dns.NewEnrollServer(1)), dns.ServerEnrolled{ID: 1}, true},
	})
}

func TestServerInputNamesTheField(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*dns.ServerInput, *string){
		"host":                   func(in *dns.ServerInput, v *string) { in.Host = v },
		"ip":                     func(in *dns.ServerInput, v *string) { in.IP = v },
		"env":                    func(in *dns.ServerInput, v *string) { in.Env = v },
		"zb_process_itemid":      func(in *dns.ServerInput, v *string) { in.ZbProcessItem = v },
		"zb_port_itemid":         func(in *dns.ServerInput, v *string) { in.ZbPortItem = v },
		"zb_resolve_itemid":      func(in *dns.ServerInput, v *string) { in.ZbResolveItem = v },
		"zb_resolve_rate_itemid": func(in *dns.ServerInput, v *string) { in.ZbResolveRateItem = v },
	} {
		for _, value := range []*string{nil, new(""), new("a\nb"), new("a\x1bb"), new("\xff"), new("a\u2028b"), new("a\u202eb"), new(strings.Repeat("中", 256))} {
			in := serverInput("s1", "1.1.1.1")
			spoil(&in, value)
			for verb, build := range map[string]func() error{
				"create": func() error { _, err := dns.NewCreateServer(in); return err },
				"update": func() error { _, err := dns.NewUpdateServer(1, in, nil); return err },
			} {
				wantField(t, verb, build(), field)
			}
		}
	}
	in := serverInput("s1", "1.1.1.1")
	in.Type = new("primary")
	_, err := dns.NewCreateServer(in)
	wantField(t, "type", err, "dns_server_type")
	_, err = dns.NewDeleteServer(0, nil)
	domaintest.Outcome{Err: err}.ThenError(t, domain.CodeNotFound, "不存在！")
}

func wantField(t *testing.T, what string, err error, field string) {
	t.Helper()
	var refusal *domain.Error
	if !errors.As(err, &refusal) || refusal.Code != domain.CodeInvalid || refusal.Field != field || !strings.HasPrefix(refusal.Message, field+": ") {
		t.Errorf("%s: got %v, want a refusal that names %s", what, err, field)
	}
}
