package v1

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
)

// operation is one operation of a batch as it was read.
type operation struct {
	method, path string
	// route is the one that the operation asks for, nil if there is none.
	route *api.Route
	// target is what a PUT or DELETE is about.
	target target
	params api.Params
	// references are the places in the body that name what earlier operations create.
	references []bodyReference
	// err is why it is no operation at all.
	err error
}

// target is an id in a path: a known one, or that of what the operation creates.
type target struct {
	id        int64
	operation int // -1: none
}

// step is the operation for the domain. A creation takes its ids even when its
// form is bad, so that those that refer to it are refused for what it is.
func (o operation) step() batch.Operation {
	var step batch.Operation
	switch {
	case o.err != nil:
		step = batch.Of(nil, o.err)
	case o.target.operation < 0 && len(o.references) == 0:
		step = batch.Of(o.command(o.target.id, &o.params)) // built, and its form checked, once
	default:
		step = o.referringStep()
	}
	if o.route != nil {
		step.Takes = o.route.Write.Takes
	}
	return step
}

// referringStep is a step that can only be built when the ids that it refers to are known.
func (o operation) referringStep() (step batch.Operation) {
	if o.target.operation >= 0 {
		step.Uses = append(step.Uses, o.target.operation)
	}
	for _, r := range o.references {
		step.Uses = append(step.Uses, r.operation)
	}
	step.Build = func(created []int64) (domain.Command, error) {
		id := o.target.id
		if o.target.operation >= 0 {
			id, created = created[0], created[1:]
		}
		return o.command(id, &api.Params{Object: resolve(o.params.Object, o.references, created)})
	}
	return step
}

func (o operation) command(id int64, p *api.Params) (cmd domain.Command, err error) {
	cmd, err = o.route.Write.Command(&api.Request{Params: p, ID: id})
	if p.Err != nil {
		err = p.Err
	}
	return cmd, err
}

// readOperations reads the batch. What is wrong with a single operation becomes
// that operation's error.
func readOperations(p *api.Params, routes []api.Route) ([]operation, error) {
	raw := operationList(p)
	if raw == nil {
		return nil, domain.Invalid("operations", "不能为空！")
	}
	list, isList := api.Elements(raw)
	if !isList {
		return nil, domain.Invalid("operations", "必须是列表！")
	}
	if len(list) == 0 || len(list) > batch.MaxOperations {
		return nil, domain.Invalid("operations", "必须有1到%d个操作！", batch.MaxOperations)
	}
	operations := make([]operation, len(list))
	form := api.Params{Object: map[string]json.RawMessage{}}
	for i, text := range list {
		operations[i] = operation{target: target{operation: -1}}
		operations[i].err = operations[i].read(text, &form, routes, operations[:i])
	}
	return operations, nil
}

// inspect takes out of each operation what the write that it asks for does not know.
func inspect(w *api.Request, operations []operation) {
	for i := range operations {
		if o := &operations[i]; o.err == nil {
			o.err = w.InspectAs(o.route.Dialect, &o.params, o.route.Write.Keys, fmt.Sprintf("operations[%d]", i))
		}
	}
}

// confine refuses the operations that the caller's credential is not for, before they say
// what they find.
func confine(w *api.Request, operations []operation) {
	for i := range operations {
		if o := &operations[i]; o.err == nil {
			o.err = w.Confine(o.route)
		}
		if o := &operations[i]; o.err == nil && w.Dry() && o.route.Write.NoDryRun != nil {
			o.err = o.route.Write.NoDryRun(w)
		}
	}
}

// operationList is the raw list, nil where there is none.
func operationList(p *api.Params) json.RawMessage {
	raw, given := p.Value("operations")
	if !given {
		return nil
	}
	return raw
}

// read takes an operation apart; form is room for its members.
func (o *operation) read(text json.RawMessage, form *api.Params, routes []api.Route, earlier []operation) error {
	clear(form.Object)
	form.Err = nil
	err := form.Add(text)
	if err != nil {
		return err
	}
	method, path := form.Text("method"), form.Text("path")
	if form.Err != nil {
		return form.Err
	}
	for name := range form.Object {
		if name != "method" && name != "path" && name != "body" {
			return domain.Invalid(api.PrintableName(name), "批量操作不支持的参数！")
		}
	}
	o.method, o.path = api.Given(method), api.Given(path)
	if err := o.readTarget(routes, earlier); err != nil {
		return err
	}
	if body, ok := form.Value("body"); ok {
		if o.params, err = api.ReadObject(body); err != nil {
			return err
		}
	}
	if o.method != http.MethodDelete {
		o.references, err = readReferences(o.params.Object, earlier)
	}
	return err
}

// readTarget finds the route of the operation, and refuses what is no write of a kind
// of resource.
func (o *operation) readTarget(routes []api.Route, earlier []operation) error {
	for i := range routes {
		route := &routes[i]
		base, hasID := strings.CutSuffix(route.Path, ":id")
		id, found := strings.CutPrefix(o.path, base)
		if route.Method != o.method || !found || !hasID && id != "" || route.Write == nil || route.Write.Kind == "" {
			continue
		}
		o.route = route
		if !hasID {
			return nil
		}
		var err error
		if operation, refers := parseReference(id); refers {
			o.target.operation = operation
			return checkReference("path", operation, route.Write.Kind, earlier)
		}
		o.target.id, err = api.ParseID(id, route.Write.Kind)
		return err
	}
	return domain.Invalid("path", "批量操作不支持%s %s！", api.PrintableName(o.method), api.PrintableName(o.path))
}
