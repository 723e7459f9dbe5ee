package opsapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// needs is the authority of a write that takes a permission.
func needs(code int) api.Authority { return api.Always(access.Permitted(code)) }

// permitted is a write that takes a permission and says the same whatever came of it.
func permitted(code int, said string, command func(*api.Request) (domain.Command, error)) api.Write {
	return api.Write{Right: needs(code), Reply: says(said), Command: command}
}

// byAction is a POST, whose body names what it wants done.
func byAction(actions map[string]api.Write) api.Write {
	return api.Write{Keys: api.Reads(readAct), Choose: func(w *api.Request) (api.Write, error) {
		w.Action = api.Given(w.Text("action"))
		if w.Err != nil {
			return api.Write{}, w.Err
		}
		write, known := actions[w.Action]
		if !known {
			return write, domain.Invalid("action", "must be one of %s", strings.Join(slices.Sorted(maps.Keys(actions)), ", "))
		}
		return write, nil
	}}
}

// readAct reads what every POST of the dialect has.
func readAct(p *api.Params) any {
	data, _ := p.Value("data")
	return []any{p.Text("action"), data}
}

// onData returns the write with its parameters taken from data.
func onData(write api.Write) api.Write {
	return api.Write{Choose: func(w *api.Request) (api.Write, error) {
		w.Params, w.Part = inner(w.Params, "data"), "data"
		return write, nil
	}}
}

// deletion is a DELETE of what one argument names, in the query or in the body.
func deletion(path, name string, code int, said string, command func(w *api.Request, key string) (domain.Command, error)) api.Route {
	write := permitted(code, said, func(w *api.Request) (domain.Command, error) { return command(w, argument(w, name)) })
	write.Keys = api.Reads(func(p *api.Params) *string { return p.Text(name) })
	return api.Delete(path, api.AccessUser, write).WithQuery(write.Keys)
}

// argument reads what a DELETE is about from the query, or else from the body. It is
// empty, with an error in the request, where neither has it.
func argument(w *api.Request, name string) string {
	q := api.ReadQuery(w.HTTP())
	inQuery, inBody := q.Text(name), w.Text(name)
	switch {
	case q.Err != nil:
		w.Err = q.Err
	case inQuery != nil && inBody != nil && *inQuery != *inBody:
		w.Refuse(name, "is one in the query and another in the body")
	case inQuery != nil:
		return *inQuery
	case inBody != nil:
		return *inBody
	default:
		w.Refuse(name, "is required")
	}
	return ""
}
