package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

const pathBatch = "/v1/batch"

// The bodies of replies to a batch. That of a refusal is, without results, that of
// every other request.
type (
	batchBody struct {
		Results []struct{ Location string }
	}
	batchFailedBody struct {
		Message string         `json:"message"`
		Error   string         `json:"error"`
		Results []batchRefusal `json:"results,omitempty"`
	}
	batchRefusal = api.Refusal
)

// operation is one entry of a batch; a nil body is left out.
func operation(method, path string, body any) m {
	o := m{"method": method, "path": path}
	if body != nil {
		o["body"] = body
	}
	return o
}

func aRecord(zone any, host, value string) m {
	return m{"zone_id": zone, "view_name": "v1", "host": host, "value": value}
}

func addRecord(zone any, host, value string) m {
	return operation("POST", "/dns/records", aRecord(zone, host, value))
}

func operations(list ...m) m { return m{"operations": list} }

// withZone makes the view 1, v1, and the zone 1, a.com.
func (s *stack) withZone() {
	s.t.Helper()
	s.ok("POST", "/dns/views", m{"name": "v1", "acl": "any"})
	s.ok("POST", "/dns/zones", m{"name": "a.com", "zone_type": "master", "view_ids": []int{1}})
}

// position is the last position of the log.
func (s *stack) position() string {
	s.t.Helper()
	head, err := s.store.Head(s.t.Context())
	must(s.t, err)
	return strconv.FormatInt(int64(head.Position), 10)
}

// total is how many of a list there are.
func (s *stack) total(path string) int {
	s.t.Helper()
	var list struct{ Total int }
	must(s.t, json.Unmarshal([]byte(s.do("GET", path, nil).body), &list))
	return list.Total
}

func TestBatch(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	got := s.do("POST", pathBatch, operations(
		operation("POST", "/dns/views", m{"name": "v1", "acl": "any"}),
		operation("POST", "/dns/zones", m{"name": "a.com", "zone_type": "master", "view_ids": []any{"$0"}}),
		addRecord("$1", "www", "10.0.0.1"),
		addRecord("$1", "$1", "10.0.0.1"),
	))
	if got.status != http.StatusBadRequest {
		t.Fatalf("a reference in a host: %d %s", got.status, got.body)
	}
	// The ids of what was refused are gone.
	got = s.do("POST", pathBatch, operations(
		operation("POST", "/dns/views", m{"name": "v1", "acl": "any"}),
		operation("POST", "/dns/zones", m{"name": "a.com", "zone_type": "master", "view_ids": []any{"$0"}}),
		addRecord("$1", "www", "10.0.0.1"),
		operation("PUT", "/dns/records/$2", aRecord("$1", "w2", "10.0.0.1")),
		operation("POST", "/dns/records", m{"zone_id": "$1", "view_name": "v1", "host": "www", "record_type": "CNAME", "value": "w2"}),
		operation("POST", "/dns/servers", aServer("1")),
		operation("PUT", "/dns/servers/$5", aServer("1")), // changes nothing
		operation("POST", "/dns/views", m{"name": "gone", "acl": "any"}),
		operation("DELETE", "/dns/views/$7", nil),
	))
	s.expect(got, 200, `{"message":"OK","results":[{"status":200,"location":"/dns/views/2"},{"status":200,"location":"/dns/zones/2"},`+
		`{"status":200,"location":"/dns/records/3"},{"status":200,"location":"/dns/records/3"},{"status":200,"location":"/dns/records/4"},`+
		`{"status":200,"location":"/dns/servers/1"},{"status":200,"location":"/dns/servers/1"},{"status":200,"location":"/dns/views/3"},{"status":200}]}`)
	s.header(got, "Opsledger-Position", s.position())
	s.header(got, "Location", "")
	s.header(got, "ETag", "")
	if got := s.do("GET", "/dns/records/3", nil); !strings.Contains(got.body, `"host":"w2"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if n := s.total("/dns/oplogs?operator=admin"); n != 8 {
		t.Errorf("%d entries in the operation log", n)
	}
	got = s.do("POST", pathBatch, operations(
		operation("DELETE", "/dns/records/3", nil), operation("DELETE", "/dns/records/4", nil), addRecord(2, "www", "10.0.0.9"),
		operation("PUT", "/dns/zones/2", m{"name": "b.com", "zone_type": "master", "view_ids": []any{"2"}}),
	))
	if form := regexp.MustCompile(`^{"message":"OK","results":\[{"status":200},{"status":200},{"status":200,"location":"/dns/records/\d+"},{"status":200,"location":"/dns/zones/2"}\]}$`); !form.MatchString(got.body) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestBatchIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	before := s.position()
	got := s.do("POST", pathBatch, operations(
		addRecord(1, "good", "10.0.0.1"),
		addRecord(1, "bad", "10.0.0.300"),
		addRecord(1, "good", "10.0.0.1"),
		operation("DELETE", "/dns/records/99", nil),
		addRecord(9, "x", "10.0.0.1"),
		operation("POST", "/dns/zones", m{"name": "a.com", "zone_type": "master", "view_ids": []int{1}}),
		addRecord("$5", "x", "10.0.0.1"),
	))
	s.expect(got, 400, `{"message":"Failed","error":"6个操作被拒绝，没有任何修改！operations[1]: value: A记录的值不正确：必须是IPv4地址","results":[`+
		`{"index":1,"status":400,"error":"value: A记录的值不正确：必须是IPv4地址","field":"value"},`+
		`{"index":2,"status":400,"error":"重复的Record，相同主机、类型、线路和值的Record已存在！"},`+
		`{"index":3,"status":404,"error":"Record 99 不存在！"},`+
		`{"index":4,"status":400,"error":"当前Zone不存在，请检查zone_id是否正确！","field":"zone_id"},`+
		`{"index":5,"status":400,"error":"重复的Zone！相同名字的Zone，每种类型域名下只能存在一个！","field":"name"},`+
		`{"index":6,"status":400,"error":"所引用的操作5被拒绝！"}]}`)
	for _, unreadable := range []m{
		operation("POST", "/dns/zones", m{"zone_type": "master", "view_ids": []int{1}}),
		operation("POST", "/dns/zones", "x"),
	} {
		got = s.do("POST", pathBatch, operations(unreadable, addRecord("$0", "x", "10.0.0.1"), operation("DELETE", "/dns/zones/$0", nil)))
		var reply batchFailedBody
		must(t, json.Unmarshal([]byte(got.body), &reply))
		if got.status != 400 || len(reply.Results) != 3 || reply.Results[2].Error != "所引用的操作0被拒绝！" {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	user := with("Authorization", s.reader("guest"))
	registered := s.position()
	got = s.do("POST", pathBatch, operations(addRecord(1, "good", "10.0.0.1"), operation("DELETE", "/dns/zones/1", nil)), user)
	s.expect(got, 400, `{"message":"Failed","error":"2个操作被拒绝，没有任何修改！operations[0]: 无权限！缺少权限：ZONE#1#UPDATE","results":[`+
		`{"index":0,"status":403,"error":"无权限！缺少权限：ZONE#1#UPDATE"},{"index":1,"status":403,"error":"无权限！缺少权限：ZONE#1#DELETE"}]}`)
	s.expect(s.do("POST", pathBatch, operations(addRecord(1, "good", "10.0.0.1")), with("Authorization", "")), 403, `{"code":40301,"message":"Token is missing!"}`)
	if after := s.position(); after != registered {
		t.Errorf("position %s, before %s, with the registration %s", after, before, registered)
	}
}

func TestBatchRefusesWhatIsNotInTheDialect(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	zone := operation("POST", "/dns/zones", m{"name": "b.com", "zone_type": "master", "view_ids": []int{1}})
	before := s.position()
	for _, c := range []struct {
		operation any
		status    int
		text      string
	}{
		{operation("GET", "/dns/zones/1", nil), 400, "path: 批量操作不支持GET /dns/zones/1！"},
		{operation("post", "/dns/zones", m{}), 400, "path: 批量操作不支持post /dns/zones！"},
		{operation("POST", "/dns/bind_conf", m{"bind_conf": ""}), 400, "path: 批量操作不支持POST /dns/bind_conf！"},
		{operation("POST", "/v1/batch", m{}), 400, "path: 批量操作不支持POST /v1/batch！"},
		{operation("POST", "/dns/zones/1", m{}), 400, "path: 批量操作不支持POST /dns/zones/1！"},
		{operation("PUT", "/dns/zones", m{}), 400, "path: 批量操作不支持PUT /dns/zones！"},
		{operation("DELETE", "/dns/zones/1?x=1", nil), 400, "id: 必须是整数！"},
		{operation("DELETE", "/dns/zones/1/2", nil), 400, "id: 必须是整数！"},
		{operation("DELETE", "/dns/zones/", nil), 400, "id: 必须是整数！"},
		{operation("DELETE", "/dns/zones/99999999999999999999", nil), 404, "Zone 99999999999999999999 不存在！"},
		{operation("DELETE", "/dns/zones/0", nil), 404, "Zone 0 不存在！"},
		{operation("DELETE", "/dns/zones/$1", nil), 400, "path: $1必须是在它之前的、新建Zone的操作！"},
		{operation("DELETE", "/dns/records/$0", nil), 400, "path: $0必须是在它之前的、新建Record的操作！"},
		{operation("DELETE", "/dns/zones/$00", nil), 400, "id: 必须是整数！"},
		{addRecord("$1", "x", "10.0.0.1"), 400, "zone_id: $1必须是在它之前的、新建Zone的操作！"},
		{addRecord("$-1", "x", "10.0.0.1"), 400, "zone_id: 必须是整数！"},
		{operation("PUT", "/dns/zones/1", m{"name": "a.com", "zone_type": "master", "view_ids": []any{1, "$0"}}), 400, "view_ids: $0必须是在它之前的、新建View的操作！"},
		{changed(operation("DELETE", "/dns/zones/1", nil), "if_match", `"1"`), 400, "if_match: 批量操作不支持的参数！"},
		{operation("POST", "/dns/zones", []int{1}), 400, "body: 必须是JSON对象！"},
		{operation("POST", "/dns/zones", nil), 400, "name: 不能为空！"},
		{"x", 400, "body: 必须是JSON对象！"},
		{nil, 400, "body: 必须是JSON对象！"},
	} {
		got := s.do("POST", pathBatch, m{"operations": []any{zone, c.operation}})
		var reply batchFailedBody
		must(t, json.Unmarshal([]byte(got.body), &reply))
		if len(reply.Results) == 1 {
			reply.Results[0].Field = "" // which [TestField] is about
		}
		if want := (batchRefusal{Index: 1, Status: c.status, Error: c.text}); got.status != 400 || len(reply.Results) != 1 || reply.Results[0] != want {
			t.Errorf("%v: %d %s, want %+v", c.operation, got.status, got.body, want)
		}
	}
	if after := s.position(); after != before {
		t.Errorf("position %s, before %s", after, before)
	}
}

func TestBatchLimits(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	count := failedOn("operations: 必须有1到10000个操作！")
	s.expect(s.do("POST", pathBatch, operations()), 400, failedOn("operations: 不能为空！"))
	s.expect(s.do("POST", pathBatch, m{"operations": []m{}}), 400, count)
	s.expect(s.do("POST", pathBatch, m{}), 400, failedOn("operations: 不能为空！"))
	s.expect(s.do("POST", pathBatch, m{"operations": m{}}), 400, failedOn("operations: 必须是列表！"))
	s.expect(s.do("POST", pathBatch, m{"operations": make([]m, batch.MaxOperations+1)}), 400, count)
	s.expect(s.do("POST", pathBatch, strings.Repeat(" ", api.MaxBody+1)), 413, failedWith(textTooLarge))
	s.expect(s.do("POST", pathBatch, "operations=1", with("Content-Type", "application/x-www-form-urlencoded")), 400, failedOn("operations: 不能为空！"))
	s.expect(s.do("POST", pathBatch, operations(operation("DELETE", "/dns/zones/1", nil)), with("If-Match", `"1"`)), 400, failedOn("If-Match: 批量操作不支持！"))
}

func TestBatchIsRepeatable(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	key := func(k string) func(*http.Request) { return with("Idempotency-Key", k) }
	body := operations(
		operation("POST", "/dns/views", m{"name": "v2", "acl": "any"}),
		addRecord(1, "a", "10.0.0.1"), operation("PUT", "/dns/views/$0", m{"name": "v2", "acl": "any"}), addRecord(1, "b", "10.0.0.1"),
		operation("DELETE", "/dns/views/$0", nil),
	)
	first := s.do("POST", pathBatch, body, key("a"))
	s.expect(first, 200, `{"message":"OK","results":[{"status":200,"location":"/dns/views/2"},{"status":200,"location":"/dns/records/1"},`+
		`{"status":200,"location":"/dns/views/2"},{"status":200,"location":"/dns/records/2"},{"status":200}]}`)
	after := s.position()
	again := s.do("POST", pathBatch, body, key("a"))
	s.expect(again, 200, first.body)
	s.header(again, "Opsledger-Position", first.header.Get("Opsledger-Position"))
	s.expect(s.do("POST", pathBatch, m{}, key("a")), 409, failedOn("Idempotency-Key: 已用于另一个请求！"))

	refused := s.do("POST", pathBatch, operations(addRecord(1, "a", "10.0.0.1")), key("b"))
	s.ok("DELETE", "/dns/records/1", nil)
	s.expect(s.do("POST", pathBatch, operations(addRecord(1, "a", "10.0.0.1")), key("b")), 400, refused.body) // the first reply, although it would work now
	nothing := operations(operation("PUT", "/dns/views/1", m{"name": "v1", "acl": "any"}))
	for range 2 {
		s.expect(s.do("POST", pathBatch, nothing, key("c")), 200, `{"message":"OK","results":[{"status":200,"location":"/dns/views/1"}]}`)
	}
	if first.header.Get("Opsledger-Position") != after {
		t.Errorf("position %s, the log ended at %s", first.header.Get("Opsledger-Position"), after)
	}
}

// manyRecords is a batch of n creations in a zone.
func manyRecords(n int, zone any, prefix string) m {
	list := make([]m, n)
	for i := range list {
		list[i] = operation("POST", "/dns/records", m{
			"zone_id": zone, "view_name": "v1", "host": fmt.Sprintf("%s%05d", prefix, i), "record_type": "A", "ttl": "600",
			"value": fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), "comment": "batch",
		})
	}
	return operations(list...)
}

func TestLargestBatch(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	body := manyRecords(batch.MaxOperations, 1, "h")
	started := time.Now()
	got := s.do("POST", pathBatch, body, with("Idempotency-Key", "large"))
	t.Logf("%d records in %s", batch.MaxOperations, time.Since(started))
	var reply batchBody
	must(t, json.Unmarshal([]byte(got.body), &reply))
	if got.status != 200 || len(reply.Results) != batch.MaxOperations || reply.Results[batch.MaxOperations-1].Location != "/dns/records/10000" {
		t.Fatalf("%d %.200s", got.status, got.body)
	}
	s.awaitLog()
	if n := s.total("/dns/records?zone_id=1"); n != batch.MaxOperations {
		t.Errorf("%d records", n)
	}
	if again := s.do("POST", pathBatch, body, with("Idempotency-Key", "large")); again.body != got.body {
		t.Errorf("%d %.200s", again.status, again.body)
	}
	twice := s.do("POST", pathBatch, body)
	var refused batchFailedBody
	must(t, json.Unmarshal([]byte(twice.body), &refused))
	if twice.status != 400 || len(refused.Results) != batch.MaxOperations {
		t.Errorf("%d %.200s", twice.status, twice.body)
	}
}

// TestBatchRaces: of a batch and a single write that stand against each other,
// sent through two processes at once, exactly one wins, and a batch wins or loses as a whole.
func TestBatchRaces(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	other := s.reopened(func(c *config) { c.Store = s.secondStore() })
	batches := 0
	const rounds = 40
	for i := range rounds {
		host := fmt.Sprint("h", i)
		var wg sync.WaitGroup
		var many, single reply
		wg.Go(func() {
			many = s.do("POST", pathBatch, operations(addRecord(1, host+"a", "10.0.0.1"), addRecord(1, host, "10.0.0.1"), addRecord(1, host+"b", "10.0.0.1")))
		})
		wg.Go(func() {
			single = other.do("POST", "/dns/records", changed(changed(aRecord(1, host, "x"), "record_type", "CNAME"), "value", "x"))
		})
		wg.Wait()
		if (many.status == 200) == (single.status == 200) || many.status+single.status != 600 {
			t.Fatalf("batch %d %s, single %d %s", many.status, many.body, single.status, single.body)
		}
		if many.status == 200 {
			batches++
		}
	}
	s.awaitLog()
	if n := s.total("/dns/records?zone_id=1"); n != 3*batches+rounds-batches {
		t.Errorf("%d records; %d batches of %d won", n, batches, rounds)
	}
	t.Logf("%d of %d batches won", batches, rounds)
}

// secondStore is the same log as another process sees it.
func (s *stack) secondStore() *eventstore.Store {
	s.t.Helper()
	store, err := eventstore.Open(s.t.Context(), eventstore.Config{Pool: s.pool, Codec: s.store.Codec()})
	must(s.t, err)
	s.t.Cleanup(store.Close)
	testkit.Background(s.t, store.Run)
	return store
}
