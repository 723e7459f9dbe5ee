package rest

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/opsledger/opsledger/api"
	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/domain"
)

// somewhere is name servers that are always at position 7.
type somewhere struct {
	waited time.Duration
	// failed is the zone that they fail to serve, 0 for none.
	failed int64
}

func (w *somewhere) Change(_ context.Context, position domain.Position, wait time.Duration) (v1.Change, error) {
	w.waited = wait
	if position > 7 {
		return v1.Change{}, v1.ErrNoSuchPosition
	}
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if w.failed != 0 {
		return v1.Change{Position: position, State: v1.StateFailed, Servers: []v1.ServerChange{{
			ServerID: 1, Host: "s1", IP: "10.0.0.1", AppliedPosition: 7, Online: true, Error: "zone hidden.com/IN: bad", FailedZone: w.failed,
		}}}, nil
	}
	return v1.Change{Position: position, State: v1.StateInSync, Percent: 100, Servers: []v1.ServerChange{{
		ServerID: 1, Host: "s1", IP: "10.0.0.1", Applied: true, Percent: 100, Since: &since, AppliedPosition: 7, Online: true,
	}}}, nil
}

func (s *stack) contractChanges(servers *somewhere) {
	s.t.Helper()
	s.expect(s.do("GET", "/v1/changes/5?wait=90s", nil), 200, `{"position":5,"state":"INSYNC","percent":100,"servers":[{"server_id":1,"host":"s1","ip":"10.0.0.1","applied":true,"percent":100,"since":"2026-01-02T03:04:05Z","applied_position":7,"online":true,"error":""}]}`)
	if servers.waited != api.MaxWait {
		s.t.Errorf("waited %s", servers.waited)
	}
	s.expect(s.do("GET", "/v1/changes/8", nil), 404, failedWith("Change 8 不存在！"))
	s.expect(s.do("GET", "/v1/changes/x", nil), 400, failedOn("position: 必须是正整数！"))
	s.expect(s.do("GET", "/v1/changes/5?wait=soon", nil), 400, failedOn("wait: 必须是时间长度，例如5s！"))
	s.expect(s.do("GET", "/v1/changes/5", nil, with("Authorization", "")), 403, bodyTokenMissing)
	s.expect(s.do("GET", "/v1/changes/5", nil, with("Opsledger-Min-Position", "1000000")), 503, failedWith(textBehind))
}

// operation: health, metrics, and routing errors in the dialect's form.
func (s *stack) operation() {
	s.t.Helper()
	s.expect(s.do("GET", "/dns/nothing", nil), 404, failedWith("没有这个路径！"))
	got := s.do("PATCH", "/dns/servers", nil)
	s.expect(got, http.StatusMethodNotAllowed, failedWith("这个路径没有这个方法！"))
	s.header(got, "Allow", "OPTIONS, GET, HEAD, POST")
	s.expect(s.do("GET", "/healthz", nil, with("Authorization", "")), 200, `{"status":"ok"}`)
	s.expect(s.do("GET", "/readyz", nil, with("Authorization", "")), 200, `{"status":"ready"}`)
	if got := s.do("GET", "/metrics", nil, with("Authorization", "")); got.status != 200 ||
		!regexp.MustCompile(`opsledger_http_request_duration_seconds_count\{method="PATCH",route="/dns/servers",status="405"\} 1`).MatchString(got.body) {
		s.t.Errorf("metrics: %d %.2000s", got.status, got.body)
	}
}

// TestOpenAPI: the description and the route table have the same routes, and these take the
// same parameters.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	routes, parameter := map[string]api.Route{}, regexp.MustCompile(`:(\w+)`)
	for _, r := range Routes(&api.Kernel{}, Config{AllowRegister: true}) {
		routes[r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}")] = r
	}
	for name, o := range described().Operations() {
		r, known := routes[name]
		if !known {
			t.Errorf("%s is described and does not exist", name)
		}
		delete(routes, name)
		query, body := described().Takes(o)
		if knows := slices.Sorted(slices.Values(r.Query)); !slices.Equal(query, knows) {
			t.Errorf("the query of %s is described as %q, and the route knows %q", name, query, knows)
		}
		keys := r.Keys
		if r.Write != nil {
			keys = r.Write.Keys
		}
		if r.Method == http.MethodDelete {
			keys = nil // what names the resource may stand in the body, too
		}
		if knows := slices.Sorted(slices.Values(keys)); !slices.Equal(body, knows) {
			t.Errorf("the body of %s is described as %q, and the route knows %q", name, body, knows)
		}
	}
	for name := range routes {
		t.Errorf("%s is not described", name)
	}
}
