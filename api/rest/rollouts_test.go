package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// rolloutAt is a rollout as it is shown.
func (s *stack) rolloutAt(id int64) (r struct {
	Position  int64
	State     string
	Stage     int
	Reason    *string
	Overtaken bool
	Stages    []struct {
		Names   []string
		Reached *int64 `json:"reached_position"`
		Servers []struct{ Host string }
	}
},
) {
	s.t.Helper()
	got := s.do("GET", fmt.Sprintf("/v1/rollouts/%d", id), nil)
	if got.status != http.StatusOK || json.Unmarshal([]byte(got.body), &r) != nil {
		s.t.Fatalf("rollout %d: %d %s", id, got.status, got.body)
	}
	return r
}

// Whatever door a configuration comes by, it goes out in stages, one rollout at a time, which can be led on,
// stopped and passed by.
func TestRollouts(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	conf := func(text string) m { return m{"bind_conf": "options { recursion " + text + "; };"} }
	acl := func(text string) m { return m{"name": "office", "acl": text} }
	shown := func() string { return s.do("GET", "/dns/bind_conf", nil).body + s.do("GET", "/dns/views", nil).body }
	s.ok("POST", "/dns/views", acl("any"))
	s.ok("POST", "/dns/servers", changed(aServer("1"), "env", "canary"))
	enroll(s, 1)
	s.expect(s.do("GET", "/v1/rollout", nil), 200, `{"order":[],"soak_s":30}`)
	s.do("POST", "/dns/bind_conf", conf("no"))
	s.expect(s.do("GET", "/v1/rollouts", nil), 200, `{"next":null,"rollouts":[]}`)
	for _, c := range []struct {
		body any
		text string
	}{
		{m{"order": "canary"}, "order: "}, {m{"order": []string{"canary"}}, "order: "}, {m{"order": [][]int{{1}}}, "order: "}, {m{"order": [][]string{{}}}, "order: "},
		{m{"order": [][]string{{"a"}, {"a"}}}, "order: "}, {m{"soak_s": -1}, "soak_s: "}, {m{"soak_s": "x"}, "soak_s: "}, {m{"stages": 1}, "stages: "},
	} {
		s.failsWith(400, "PUT", "/v1/rollout", c.body, c.text)
	}
	planned := s.ok("PUT", "/v1/rollout", m{"order": [][]string{{"canary", "ns1"}, {"fra"}}, "soak_s": 9})
	if got := planned.header.Values("Opsledger-Warning"); len(got) != 2 || got[1] != "order: no server has the environment or host name fra" {
		t.Errorf("warned of %q", got)
	}
	s.ok("PUT", "/v1/rollout", m{"order": [][]string{{"canary"}, {"fra"}}})
	s.expect(s.do("GET", "/v1/rollout", nil), 200, `{"order":[["canary"],["fra"]],"soak_s":9}`)

	before := shown()
	said, _ := s.dry("POST", "/dns/bind_conf", conf("yes"))
	if last := said.Events[len(said.Events)-1].Type; last != "RolloutStarted" {
		t.Errorf("a dry run ends with %s", last)
	}
	s.do("POST", "/dns/bind_conf", conf("yes"))
	first := s.end()
	if r := s.rolloutAt(first - 1); r.Position != first || r.State != "running" || r.Stage != 1 || len(r.Stages) != 3 ||
		len(r.Stages[0].Servers) != 1 || *r.Stages[0].Reached != first || r.Stages[1].Reached != nil || r.Stages[2].Names != nil {
		t.Errorf("%+v", r)
	}
	for name, got := range map[string]reply{
		"the configuration": s.do("POST", "/dns/bind_conf", conf("no")),
		"an ACL":            s.do("PUT", "/dns/views/1", acl("192.0.2.1")),
		"a new view":        s.do("POST", "/dns/views", m{"name": "new", "acl": "any"}),
		"a batch":           s.do("POST", pathBatch, operations(operation("PUT", "/dns/views/1", acl("192.0.2.1")))),
		"a revert":          s.do("POST", "/v1/reverts", m{"positions": []int64{first}}),
		"a dry run":         s.do("PUT", "/dns/views/1", acl("192.0.2.1"), asDryRun),
	} {
		if got.status != http.StatusConflict || !strings.Contains(got.body, fmt.Sprintf("/v1/rollouts/%d", first)) {
			t.Errorf("%s meanwhile: %d %s", name, got.status, got.body)
		}
	}
	if s.end() != first {
		t.Errorf("the log went on to %d", s.end())
	}
	empty := s.made("/dns/views", m{"name": "empty", "acl": "none"})
	s.ok("POST", fmt.Sprintf("/v1/rollouts/%d/continue", first), nil)
	second := s.end()
	if r := s.rolloutAt(first); r.Stage != 2 || *r.Stages[1].Reached != second {
		t.Errorf("%+v", r)
	}
	s.ok("DELETE", empty, nil)
	s.ok("POST", fmt.Sprintf("/v1/rollouts/%d/stop", first), nil)
	if r := s.rolloutAt(first); r.State != "stopped" || *r.Reason != "stopped by a user" {
		t.Errorf("%+v", r)
	}
	if after := shown(); after != before {
		t.Errorf("after the stop:\n%s\nbefore:\n%s", after, before)
	}
	for _, step := range []string{"continue", "stop"} {
		s.failsWith(400, "POST", fmt.Sprintf("/v1/rollouts/%d/%s", first, step), nil, "发布已结束")
	}
	if got := s.asOf(fmt.Sprintf("/v1/rollouts/%d", first), second, second).body; !strings.Contains(got, `"state":"running","stage":2`) {
		t.Errorf("then: %s", got)
	}

	s.ok("PUT", "/dns/views/1", acl("192.0.2.1"))
	overtaken := s.end()
	s.ok("POST", "/dns/views", m{"name": "now", "acl": "any"}, with("Opsledger-Rollout", "now"))
	if r := s.rolloutAt(overtaken); r.State != "done" || !r.Overtaken {
		t.Errorf("%+v", r)
	}
	if got := s.do("POST", "/dns/views", acl("any"), with("Opsledger-Rollout", "later")); got.status != http.StatusBadRequest {
		t.Errorf("another word: %d %s", got.status, got.body)
	}
	s.ok("PUT", "/dns/views/1", acl("any"))
	last := s.end()
	for range 3 {
		s.ok("POST", fmt.Sprintf("/v1/rollouts/%d/continue", last), nil)
	}
	if r := s.rolloutAt(last); r.State != "done" || r.Overtaken || r.Stage != 3 {
		t.Errorf("%+v", r)
	}
	s.undo(at(last)) // which is another rollout
	if r := s.rolloutAt(s.end()); r.State != "running" {
		t.Errorf("%+v", r)
	}
	var list struct {
		Rollouts []struct{ Position int64 }
		Next     *string
	}
	must(t, json.Unmarshal([]byte(s.do("GET", "/v1/rollouts?limit=2", nil).body), &list))
	if len(list.Rollouts) != 2 || list.Rollouts[1].Position != last || list.Next == nil {
		t.Errorf("%+v", list)
	}
}
