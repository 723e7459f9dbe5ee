package api

import (
	"errors"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
)

// badBodies are bodies that nothing may come of.
func badBodies() []string {
	return []string{
		``, `null`, `[]`, `{}`, `1`, `"x"`, `{`, `{"action":1}`, `{"action":null,"data":{}}`, `{"action":"add"}`,
		`{"action":"add","data":null}`, `{"action":"add","data":[]}`, `{"action":"add","data":[null]}`, `{"action":"add","data":[[]]}`,
		`{"action":"add","data":"{}"}`, `{"action":"add","data":{"username":{},"machine_name":[],"ip":1,"task_id":true}}`,
		`{"action":"add","data":{"ip":"10.0.0.1","ip":"10.0.0.2"}}`, `{"action":"add","action":"update","data":{}}`,
		`{"action":"update","data":{"task_id":null,"executor":{}}}`, `{"action":"update","data":{"task_id":"\u0000","executor":"admin"}}`,
		`{"action":"update","data":{"username":"a\u0000b"}}`, `{"action":"update","data":{"username":"nobody","permissions":[1e3]}}`,
		`{"action":"update","data":{"username":"nobody","permissions":{"1":2}}}`, `{"action":"update","data":{"username":"nobody","ssh_keys":"x"}}`,
		`{"action":"update","data":{"username":"nobody","ssh_keys":[1,null,{}]}}`, `{"action":"update","data":{"machine_name":"` + "\xff" + `"}}`,
		`{"action":"revert","data":{"task_id":"` + "0358c3c78f5211e685855cf9389306a2" + `","executor":"\ud800"}}`,
		`{"action":"delete","data":{"username":"admin","ip":"::1%eth0","system_user":"root"}}`,
		`{"action":"add","data":{"username":"admin","ip":"10.0.0.1","system_user":"../root"}}`,
		`{"action":"add","data":{"mail":"a@b","username":"fuzz","passwd":"123456","department":"\u202e","permissions":"1"}}`,
		`{"action":"add","data":{"mail":"a@b","username":"fuzz","passwd":"123456","department":"d","permissions":"1,"}}`,
		`{"action":"add","data":{"machine_name":"a b","inside_ip":"10.0.0.1","outside_ip":"10.0.0.1","usage":"u","is_initialized":0,"location":"l"}}`,
		`{"action":"add","data":{"machine_name":"a","inside_ip":"10.0.0.1","outside_ip":"10.0.0.1","usage":"u","is_initialized":9223372036854775807,"location":"l"}}`,
		`{"action":"add","data":{"ip":"10.8.0.1","creator":"admin","action":"../x","target":"t","content":"c","description":"d"}}`,
	}
}

// FuzzOps: whatever the body, a command comes of it or a refusal in words.
func FuzzOps(f *testing.F) {
	for _, seed := range badBodies() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		object, err := parseObject(text)
		if err != nil {
			return
		}
		whole := &params{object: object}
		_ = given(whole.text("action"))
		list := whole.objects("data")
		for _, data := range append(list, whole.inner("data")) {
			checkBuilt(t, text, data, func(p *params) (any, error) { return ops.NewAddMachine(machineInput(p)) })
			checkBuilt(t, text, data, func(p *params) (any, error) { return ops.NewUpdateMachine(machineInput(p), nil) })
			checkBuilt(t, text, data, func(p *params) (any, error) { return p.newUser() })
			checkBuilt(t, text, data, func(p *params) (any, error) {
				return (&server{Config: Config{AttemptWithin: 1}}).executionCommand(&write{params: p, action: "update"})
			})
			checkBuilt(t, text, data, func(p *params) (any, error) {
				username, ip, account := p.text("username"), p.text("ip"), p.text("system_user")
				return ops.NewGrantAccount(given(username), given(ip), given(account))
			})
		}
	})
}

func checkBuilt(t *testing.T, text []byte, data *params, build func(*params) (any, error)) {
	t.Helper()
	p := *data
	_, err := build(&p)
	var refused *domain.Error
	for _, err := range []error{err, p.err} {
		if err != nil && (!errors.As(err, &refused) || refused.Message == "") {
			t.Fatalf("%v of %s", err, text)
		}
	}
}

// contractBadBodies: on the real stack, too, bad bodies are refused in the
// dialect's form, and nothing is appended.
func (s *stack) contractBadBodies() {
	s.t.Helper()
	for _, path := range []string{pathTask, pathMachine, pathUpdate, pathUser, pathSSHKey} {
		for _, body := range badBodies() {
			s.opsRefused("POST", path, body, 200, "")
		}
	}
	for _, query := range []string{"task_id=%00", "task_id=%ff", "start=99999999999999999999", "start=1.5", "count=x", "%zz", "task_id=a&task_id=b"} {
		s.opsRefused("GET", pathTask+"?"+query, nil, 200, "")
	}
	for _, query := range []string{"username=%00", "username=%ff", "mode=user&username=%00", "machine_name=%00"} {
		for _, path := range []string{pathUser, pathSSHKey, pathMachine, pathPermission} {
			if got := s.do("GET", path+"?"+query, nil); got.status != 200 {
				s.t.Errorf("GET %s?%s: %d %s", path, query, got.status, got.body)
			}
			if got := s.do("DELETE", path+"?"+query, nil); got.status != 200 && got.status != 405 {
				s.t.Errorf("DELETE %s?%s: %d %s", path, query, got.status, got.body)
			}
		}
	}
}
