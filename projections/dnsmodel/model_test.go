package dnsmodel_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

var (
	serverOne = dns.ServerData{Host: "ns1", IP: "192.0.2.1", Env: "prod", Type: "master", ZbProcessItem: "1", ZbPortItem: "2", ZbResolveItem: "3", ZbResolveRateID: "4"}
	serverTwo = dns.ServerData{Host: "ns2", IP: "192.0.2.2", Env: "dev", Type: "salve"}
	zoneOne   = dns.ZoneData{Name: "a.example", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2}}
	zoneOneB  = dns.ZoneData{Name: "b.example", Group: dns.GroupHijack, Type: dns.ZoneForwardOnly, Forwarders: []string{"192.0.2.53", "192.0.2.54"}, ViewIDs: []int64{2}}
	recordOne = dns.RecordData{ViewID: 1, Host: "www", Type: "A", TTL: 600, Value: "192.0.2.7", Comment: "the site"}
)

// TestOperationLog applies one event after the other and looks at the entry of each.
func TestOperationLog(t *testing.T) {
	t.Parallel()
	recordAfter := recordOne
	recordAfter.ViewID, recordAfter.Host, recordAfter.TTL = 2, "@", 60
	steps := []struct {
		actor domain.UserID
		event domain.Event
		entry *oplog.Entry
	}{
		{1, dns.ServerCreated{ID: 6, Server: serverTwo}, &oplog.Entry{OperationType: "添加", Operator: "user1", TargetType: "Server", TargetName: "ns2", TargetID: "6",
			TargetDetail: "id: 6\n主机名: ns2\nIP地址: 192.0.2.2\n环境: dev\nDNS类型: salve\n"}},
		{2, dns.ServerUpdated{ID: 6, Before: serverTwo, After: serverOne}, &oplog.Entry{OperationType: "修改", Operator: "user2", TargetType: "Server", TargetName: "ns1", TargetID: "6",
			TargetDetail: "修改前：\nid: 6\n主机名: ns2\nIP地址: 192.0.2.2\n环境: dev\nDNS类型: salve\n"}},
		{1, dns.ServerEnrolled{ID: 6, Unproved: true}, nil},
		{1, dns.ServerProved{ID: 6}, nil},
		{1, dns.ServerWithdrawn{ID: 6}, nil},
		{0, dns.ServerDeleted{ID: 6, Server: serverOne}, &oplog.Entry{OperationType: "删除", Operator: "system", TargetType: "Server", TargetName: "ns1", TargetID: "6",
			TargetDetail: "id: 6\n主机名: ns1\nIP地址: 192.0.2.1\n环境: prod\nDNS类型: master\n"}},
		{1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "inside", ACL: "10.0.0.0/8\n!any"}}, &oplog.Entry{OperationType: "添加", Operator: "user1", TargetType: "View", TargetName: "inside", TargetID: "1",
			TargetDetail: "id: 1\nView名称: inside\nACL: 10.0.0.0/8\n!any\n"}},
		{1, dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "rest", ACL: "any"}}, &oplog.Entry{OperationType: "添加", Operator: "user1", TargetType: "View", TargetName: "rest", TargetID: "2",
			TargetDetail: "id: 2\nView名称: rest\nACL: any\n"}},
		{1, dns.ZoneCreated{ID: 4, Zone: zoneOne}, &oplog.Entry{OperationType: "添加", Operator: "user1", TargetType: "Zone", TargetName: "a.example", TargetID: "4",
			TargetDetail: "id: 4\nZone名称: a.example\nZone归属: 内部域名\nZone类型: master\n关联View: ['inside', 'rest']\n"}},
		{3, dns.RecordAdded{ID: 9, ZoneID: 4, Record: recordOne}, &oplog.Entry{OperationType: "添加", Operator: "user3", TargetType: "Record", TargetName: "www", TargetID: "9",
			TargetDetail: "id: 9\n记录主机: www\n记录类型: A\n记录值: 192.0.2.7\nTTL: 600\n线路类型: inside\n备注: the site\n创建人: user3\n创建时间: 2026-03-02 00:30:19\n"}},
		{1, dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "inside", ACL: "10.0.0.0/8\n!any"}, After: dns.ViewData{Name: "office", ACL: "any"}}, &oplog.Entry{OperationType: "修改", Operator: "user1", TargetType: "View", TargetName: "office", TargetID: "1",
			TargetDetail: "修改前：\nid: 1\nView名称: inside\nACL: 10.0.0.0/8\n!any\n"}},
		{4, dns.RecordUpdated{ID: 9, ZoneID: 4, Before: recordOne, After: recordAfter}, &oplog.Entry{OperationType: "修改", Operator: "user4", TargetType: "Record", TargetName: "@", TargetID: "9",
			TargetDetail: "修改前：\nid: 9\n记录主机: www\n记录类型: A\n记录值: 192.0.2.7\nTTL: 600\n线路类型: office\n备注: the site\n创建人: user3\n创建时间: 2026-03-02 00:30:19\n"}},
		{5, dns.RecordDeleted{ID: 9, ZoneID: 4, Record: recordAfter}, &oplog.Entry{OperationType: "删除", Operator: "user5", TargetType: "Record", TargetName: "@", TargetID: "9",
			TargetDetail: "id: 9\n记录主机: @\n记录类型: A\n记录值: 192.0.2.7\nTTL: 60\n线路类型: rest\n备注: the site\n创建人: user3\n创建时间: 2026-03-02 00:30:19\n"}},
		{1, dns.RecordAdded{ID: 10, ZoneID: 4, Record: recordOne}, nil},
		{1, dns.ZoneUpdated{ID: 4, Before: zoneOne, After: zoneOneB}, &oplog.Entry{OperationType: "修改", Operator: "user1", TargetType: "Zone", TargetName: "b.example", TargetID: "4",
			TargetDetail: "修改前：\nid: 4\nZone名称: a.example\nZone归属: 内部域名\nZone类型: master\n关联View: ['office', 'rest']\n删除记录数: 1\n"}},
		{1, dns.ZoneUpdated{ID: 4, Before: zoneOneB, After: zoneOne}, nil},
		{1, dns.ZoneUpdated{ID: 4, Before: zoneOne, After: zoneOneB}, &oplog.Entry{OperationType: "修改", Operator: "user1", TargetType: "Zone", TargetName: "b.example", TargetID: "4",
			TargetDetail: "修改前：\nid: 4\nZone名称: a.example\nZone归属: 内部域名\nZone类型: master\n关联View: ['office', 'rest']\n"}},
		{1, dns.ZoneDeleted{ID: 4, Zone: zoneOneB}, &oplog.Entry{OperationType: "删除", Operator: "user1", TargetType: "Zone", TargetName: "b.example", TargetID: "4",
			TargetDetail: "id: 4\nZone名称: b.example\nZone归属: 劫持域名\nZone类型: forward only\n关联View: ['rest']\n删除记录数: 0\n"}},
		{1, dns.ViewDeleted{ID: 1, View: dns.ViewData{Name: "office", ACL: "any"}}, &oplog.Entry{OperationType: "删除", Operator: "user1", TargetType: "View", TargetName: "office", TargetID: "1",
			TargetDetail: "id: 1\nView名称: office\nACL: any\n"}},
		{1, dns.ZoneCreated{ID: 5, Zone: dns.ZoneData{Name: "c.example", Type: dns.ZoneMaster}}, &oplog.Entry{OperationType: "添加", Operator: "user1", TargetType: "Zone", TargetName: "c.example", TargetID: "5",
			TargetDetail: "id: 5\nZone名称: c.example\nZone归属: 外部域名\nZone类型: master\n关联View: []\n"}},
		{1, dns.RecordAdded{ID: 11, ZoneID: 5, Record: dns.RecordData{Line: "default", Host: "x", Type: "TXT", Value: "v"}}, &oplog.Entry{OperationType: "添加", Operator: "user1", TargetType: "Record", TargetName: "x", TargetID: "11",
			TargetDetail: "id: 11\n记录主机: x\n记录类型: TXT\n记录值: v\nTTL: 0\n线路类型: default\n备注: \n创建人: user1\n创建时间: 2026-03-02 00:30:41\n"}},
		{1, dns.BindConfChanged{Text: "options { };"}, &oplog.Entry{OperationType: "修改", Operator: "user1", TargetType: "BindConf", TargetName: "named.conf", TargetID: "0",
			TargetDetail: "修改前：\nBIND主配置: " + dns.DefaultBindConf + "\n"}},
		{1, dns.BindConfChanged{Text: "logging { };", Secrets: []string{"k"}}, &oplog.Entry{OperationType: "修改", Operator: "user1", TargetType: "BindConf", TargetName: "named.conf", TargetID: "0",
			TargetDetail: "修改前：\nBIND主配置: options { };\n"}},
	}
	after := []string{
		"id: 6\n主机名: ns1\nIP地址: 192.0.2.1\n环境: prod\nDNS类型: master\n",
		"id: 1\nView名称: office\nACL: any\n",
		"id: 9\n记录主机: @\n记录类型: A\n记录值: 192.0.2.7\nTTL: 60\n线路类型: rest\n备注: the site\n创建人: user3\n创建时间: 2026-03-02 00:30:19\n",
		"id: 4\nZone名称: b.example\nZone归属: 劫持域名\nZone类型: forward only\n关联View: ['rest']\n",
		"id: 4\nZone名称: b.example\nZone归属: 劫持域名\nZone类型: forward only\n关联View: ['rest']\n",
		"BIND主配置: options { };\n",
		"BIND主配置: logging { };\n",
	}
	pool := modeltest.Serving(t)
	log := &modeltest.Chain{}
	for _, step := range steps {
		at := log.Add(step.actor, step.event)
		last := log.Events[len(log.Events)-1]
		modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", log.Events[len(log.Events)-1:], 1)
		if step.entry == nil {
			continue
		}
		step.entry.ID, step.entry.Time = int64(at), last.At
		entries, _ := modeltest.MustPage(oplog.NewReader(pool).Entries(t.Context(), rights.System(), oplog.Filter{}, modeltest.PageOf(1, 1)))
		if len(entries) != 1 {
			t.Fatalf("%T: no entry", step.event)
		}
		entries[0].Time = entries[0].Time.UTC()
		switch e := step.entry; e.OperationType {
		case oplog.OperationAdd:
			e.TargetAfter = e.TargetDetail
		case oplog.OperationChange:
			e.TargetAfter, after = after[0], after[1:]
		}
		switch e := step.entry; e.TargetType {
		case oplog.TargetZone, oplog.TargetRecord:
			e.ZoneID, e.Zone = zoneOf(step.event)
		}
		if entries[0] != *step.entry {
			t.Errorf("%T: entry\n%+v, want\n%+v", step.event, entries[0], *step.entry)
		}
	}
	_, total := modeltest.MustPage(oplog.NewReader(pool).Entries(t.Context(), rights.System(), oplog.Filter{}, modeltest.PageOf(1, 1)))
	if want := len(steps) - 3; total != want { // three of agents
		t.Errorf("%d entries, want %d", total, want)
	}
}

// zoneOf is the zone that an event on a zone or a record is on, by its name since.
func zoneOf(e domain.Event) (id int64, name string) {
	switch e := e.(type) {
	case dns.ZoneCreated:
		return e.ID, e.Zone.Name
	case dns.ZoneUpdated:
		return e.ID, e.After.Name
	case dns.ZoneDeleted:
		return e.ID, e.Zone.Name
	case dns.RecordAdded:
		return e.ZoneID, map[int64]string{4: "a.example", 5: "c.example"}[e.ZoneID]
	case dns.RecordUpdated:
		return e.ZoneID, "a.example"
	case dns.RecordDeleted:
		return e.ZoneID, "a.example"
	default:
		return 0, ""
	}
}

// TestRows looks at what the lists show after each kind of event.
func TestRows(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	r, log, ctx := dnsmodel.NewReader(pool), &modeltest.Chain{}, t.Context()
	log.Add(1, dns.ServerCreated{ID: 1, Server: serverTwo, Privilege: 5})
	log.Add(1, dns.ServerUpdated{ID: 1, Before: serverTwo, After: serverOne})
	enrolled := log.Add(1, dns.ServerEnrolled{ID: 1})
	another := log.Add(2, dns.ServerCreated{ID: 2, Server: serverTwo, Privilege: 8})
	log.Add(1, dns.ServerEnrolled{ID: 2})
	withdrawn := log.Add(1, dns.ServerWithdrawn{ID: 2})
	view := log.Add(1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v1", ACL: "any"}})
	old := log.Add(1, dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "old", ACL: "none"}})
	renamed := log.Add(1, dns.ViewUpdated{ID: 2, After: dns.ViewData{Name: "v2", ACL: "none"}})
	zone := log.Add(1, dns.ZoneCreated{ID: 1, Zone: zoneOne})
	log.Add(2, dns.RecordAdded{ID: 1, ZoneID: 1, Record: recordOne})
	added := log.Events[len(log.Events)-1]
	moved := recordOne
	moved.ViewID = 2
	changed := log.Add(3, dns.RecordUpdated{ID: 1, ZoneID: 1, Before: recordOne, After: moved})
	conf := log.Add(1, dns.BindConfChanged{Text: "options { };", Secrets: []string{"one", "two"}})

	if _, err := r.BindConf(ctx); !errors.Is(err, query.ErrNotFound) {
		t.Errorf("configuration before the first: %v", err)
	}
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", log.Events, 3)
	modeltest.Same(t, "server", modeltest.Must(r.Server(ctx, 1)), dnsmodel.Server{ID: 1, ServerData: serverOne, Enrolled: true, Serves: true, Changed: enrolled,
		Target: access.Target{ID: 1, Name: serverOne.Host, Privilege: 5, Created: 1, Creator: 1}})
	modeltest.Same(t, "withdrawn server", modeltest.Must(r.Server(ctx, 2)), dnsmodel.Server{ID: 2, ServerData: serverTwo, Changed: withdrawn,
		Target: access.Target{ID: 2, Name: serverTwo.Host, Privilege: 8, Created: another, Creator: 2}})
	modeltest.Same(t, "enrolled", modeltest.Must(r.EnrolledServers(ctx)), []dnsmodel.Server{{ID: 1, ServerData: serverOne, Enrolled: true, Serves: true, Changed: enrolled}})
	modeltest.Same(t, "view 1", modeltest.Must(r.View(ctx, 1)), dnsmodel.View{ID: 1, ViewData: dns.ViewData{Name: "v1", ACL: "any"}, Changed: view,
		Target: access.Target{Kind: access.KindView, ID: 1, Name: "v1", Created: view, Creator: 1}})
	modeltest.Same(t, "view 2", modeltest.Must(r.View(ctx, 2)), dnsmodel.View{ID: 2, ViewData: dns.ViewData{Name: "v2", ACL: "none"}, Changed: renamed, Renamed: renamed,
		Target: access.Target{Kind: access.KindView, ID: 2, Name: "v2", Created: old, Creator: 1}})
	want := zoneOne
	want.Forwarders = []string{}
	ofZone := access.Target{Kind: access.KindZone, ID: 1, Name: want.Name, Created: zone, Creator: 1}
	modeltest.Same(t, "zone", modeltest.Must(r.Zone(ctx, 1)), dnsmodel.Zone{ID: 1, ZoneData: want, ViewNames: []string{"v1", "v2"}, Target: ofZone, Changed: zone})
	record := modeltest.Must(r.Record(ctx, 1))
	record.Created = record.Created.UTC()
	modeltest.Same(t, "record", record, dnsmodel.Record{ID: 1, ZoneID: 1, RecordData: moved, ViewName: "v2", Creator: "user2", Created: added.At, Changed: changed,
		Zone: ofZone, Target: access.Target{Kind: access.KindRecord, ID: 1, Name: moved.Host}})
	modeltest.Same(t, "configuration", modeltest.Must(r.BindConf(ctx)), dnsmodel.BindConf{Text: "options { };", Secrets: []string{"one", "two"}, Changed: conf})
	for what, err := range map[string]error{
		"server": second(r.Server(ctx, 9)), "view": second(r.View(ctx, 9)), "zone": second(r.Zone(ctx, 9)), "record": second(r.Record(ctx, 9)),
	} {
		if !errors.Is(err, query.ErrNotFound) {
			t.Errorf("unknown %s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestImpossibleEvents shows invariants 1 and 3: nothing is written, and the
// error says why.
func TestImpossibleEvents(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	base := &modeltest.Chain{}
	base.Add(1, dns.ServerCreated{ID: 1, Server: serverOne})
	base.Add(1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v1"}})
	base.Add(1, dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "v2"}})
	base.Add(1, dns.ZoneCreated{ID: 1, Zone: zoneOne})
	base.Add(1, dns.RecordAdded{ID: 1, ZoneID: 1, Record: recordOne})
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", base.Events, 100)
	oneView := zoneOne
	oneView.ViewIDs = []int64{2}
	tests := []struct {
		name   string
		events []domain.Event
		says   string
	}{
		{"server twice", []domain.Event{dns.ServerCreated{ID: 1}}, "server 1 exists"},
		{"no server", []domain.Event{dns.ServerUpdated{ID: 2}}, "server 2 does not exist"},
		{"agent of no server", []domain.Event{dns.ServerEnrolled{ID: 2}}, "server 2 does not exist"},
		{"view twice", []domain.Event{dns.ViewCreated{ID: 2}}, "view 2 exists"},
		{"no view", []domain.Event{dns.ViewDeleted{ID: 3}}, "view 3 does not exist"},
		{"zone twice", []domain.Event{dns.ZoneCreated{ID: 1, Zone: zoneOne}}, "zone 1 exists"},
		{"zone of no view", []domain.Event{dns.ZoneCreated{ID: 2, Zone: dns.ZoneData{Group: 1, ViewIDs: []int64{3}}}}, "view 3 does not exist"},
		{"link to no view", []domain.Event{dns.ZoneUpdated{ID: 1, Before: zoneOne, After: dns.ZoneData{Group: 1, ViewIDs: []int64{3}}}}, "view 3 does not exist"},
		{"no zone", []domain.Event{dns.ZoneDeleted{ID: 2}}, "zone 2 does not exist"},
		{"record of no zone", []domain.Event{dns.RecordAdded{ID: 2, ZoneID: 2, Record: recordOne}}, "zone 2 is not linked to view 1"},
		{"record deleted twice", []domain.Event{dns.RecordDeleted{ID: 1, ZoneID: 1, Record: recordOne}, dns.RecordDeleted{ID: 1, ZoneID: 1, Record: recordOne}}, "record 1 does not exist in zone 1"},
		{"record of another zone", []domain.Event{dns.RecordDeleted{ID: 1, ZoneID: 2, Record: recordOne}}, "record 1 does not exist in zone 2"},
		{"record was otherwise", []domain.Event{dns.RecordUpdated{ID: 1, ZoneID: 1, Before: numbered(2, 1), After: recordOne}}, "record 1 was not as"},
		{"zone was otherwise", []domain.Event{dns.ZoneDeleted{ID: 1, Zone: oneView}}, "zone 1 was not as"},
		{"record went with its view", []domain.Event{dns.ZoneUpdated{ID: 1, Before: zoneOne, After: oneView}, dns.ZoneUpdated{ID: 1, Before: oneView, After: zoneOne}, dns.RecordDeleted{ID: 1, ZoneID: 1, Record: recordOne}}, "record 1 went when view 1 was unlinked"},
	}
	for _, test := range tests {
		c := &modeltest.Chain{Position: base.Position}
		for _, event := range test.events {
			c.Add(1, event)
		}
		if err := modeltest.Refused(t, pool, modeltest.NewDNS(), "dns", c.Events); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", test.name, err, test.says)
		}
	}
	unknown := &modeltest.Chain{Position: base.Position}
	unknown.Add(77, dns.ServerDeleted{ID: 1})
	if err := modeltest.Refused(t, pool, modeltest.NewDNS(), "dns", unknown.Events); err == nil || !strings.Contains(err.Error(), "user 77") {
		t.Errorf("unknown actor: %v", err)
	}
	gap := &modeltest.Chain{Position: base.Position + 1}
	gap.Add(1, dns.ServerDeleted{ID: 1})
	if err := modeltest.Refused(t, pool, modeltest.NewDNS(), "dns", gap.Events); err == nil || !strings.Contains(err.Error(), "predecessor") {
		t.Errorf("gap: %v", err)
	}
	if err := modeltest.Refused(t, pool, modeltest.NewDNS(), "dns", base.Events[4:]); err == nil || !strings.Contains(err.Error(), "predecessor") {
		t.Errorf("event applied twice: %v", err)
	}
}
