package opsapi

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
)

// FuzzOps: whatever the body, a command comes of it or a refusal in words.
func FuzzOps(f *testing.F) {
	bodies, err := os.ReadFile("testdata/badbodies")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range bytes.Split(bodies, []byte("\n")) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		object, err := api.ParseObject(text)
		if err != nil {
			return
		}
		whole := &api.Params{Object: object}
		_ = api.Given(whole.Text("action"))
		list := objects(whole, "data")
		for _, data := range append(list, inner(whole, "data")) {
			checkBuilt(t, text, data, func(p *api.Params) (any, error) { return ops.NewAddMachine(machineInput(p)) })
			checkBuilt(t, text, data, func(p *api.Params) (any, error) { return ops.NewUpdateMachine(machineInput(p), nil) })
			checkBuilt(t, text, data, func(p *api.Params) (any, error) { u := readUser(p); return u, u.check() })
			checkBuilt(t, text, data, func(p *api.Params) (any, error) {
				return (&API{}).acceptAttempt(&api.Request{Params: p, Action: "update"})
			})
			checkBuilt(t, text, data, func(p *api.Params) (any, error) {
				username, ip, account := p.Text("username"), p.Text("ip"), p.Text("system_user")
				return ops.NewGrantAccount(api.Given(username), api.Given(ip), api.Given(account))
			})
		}
	})
}

func checkBuilt(t *testing.T, text []byte, data *api.Params, build func(*api.Params) (any, error)) {
	t.Helper()
	p := *data
	_, err := build(&p)
	var refused *domain.Error
	for _, err := range []error{err, p.Err} {
		if err != nil && (!errors.As(err, &refused) || refused.Message == "") {
			t.Fatalf("%v of %s", err, text)
		}
	}
}
