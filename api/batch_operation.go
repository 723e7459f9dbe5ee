package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
)

// batchOperation is one operation of a batch as it was read.
type batchOperation struct {
	method, path string
	kind         batchKind
	// target is what a PUT or DELETE is about.
	target batchTarget
	params params
	// references are the places in the body that name what earlier operations create.
	references []bodyReference
	// err is why it is no operation at all.
	err error
}

// batchTarget is an id in a path: a known one, or that of what the operation creates.
type batchTarget struct {
	id        int64
	operation int // -1: none
}

// step is the operation for the domain. A creation takes its ids even when its
// form is bad, so that those that refer to it are refused for what it is.
func (o batchOperation) step() batch.Operation {
	var step batch.Operation
	switch {
	case o.err != nil:
		step = batch.Of(nil, o.err)
	case o.target.operation < 0 && len(o.references) == 0:
		step = batch.Of(o.command(o.target.id, &o.params)) // built, and its form checked, once
	default:
		step = o.referringStep()
	}
	if o.method == http.MethodPost {
		step.Takes = o.kind.takes
	}
	return step
}

// referringStep is a step that can only be built when the ids that it refers to are known.
func (o batchOperation) referringStep() (step batch.Operation) {
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
		return o.command(id, &params{object: resolve(o.params.object, o.references, created)})
	}
	return step
}

func (o batchOperation) command(id int64, p *params) (cmd domain.Command, err error) {
	switch o.method {
	case http.MethodPost:
		cmd, err = o.kind.create(p)
	case http.MethodPut:
		cmd, err = o.kind.update(id, p)
	default:
		return o.kind.remove(id)
	}
	if p.err != nil {
		err = p.err
	}
	return cmd, err
}

// readOperations reads the batch. What is wrong with a single operation becomes
// that operation's error.
func readOperations(p *params) ([]batchOperation, error) {
	raw, ok := p.value("operations")
	if !ok {
		return nil, domain.Invalid("operations", "不能为空！")
	}
	list, isList := elements(raw)
	if !isList {
		return nil, domain.Invalid("operations", "必须是列表！")
	}
	if len(list) == 0 || len(list) > batch.MaxOperations {
		return nil, domain.Invalid("operations", "必须有1到%d个操作！", batch.MaxOperations)
	}
	operations, kinds := make([]batchOperation, len(list)), batchKinds()
	form := params{object: map[string]json.RawMessage{}}
	for i, text := range list {
		operations[i] = batchOperation{target: batchTarget{operation: -1}}
		operations[i].err = operations[i].read(text, &form, kinds, operations[:i])
	}
	return operations, nil
}

// read takes an operation apart; form is room for its members.
func (o *batchOperation) read(text json.RawMessage, form *params, kinds map[string]batchKind, earlier []batchOperation) error {
	clear(form.object)
	form.err = nil
	err := form.add(text)
	if err != nil {
		return err
	}
	method, path := form.text("method"), form.text("path")
	if form.err != nil {
		return form.err
	}
	for name := range form.object {
		if name != "method" && name != "path" && name != "body" {
			return domain.Invalid(printableName(name), "批量操作不支持的参数！")
		}
	}
	o.method, o.path = given(method), given(path)
	if err := o.readTarget(kinds, earlier); err != nil {
		return err
	}
	if body, ok := form.value("body"); ok {
		if o.params, err = readObject(body); err != nil {
			return err
		}
	}
	if o.method != http.MethodDelete {
		o.references, err = readReferences(o.params.object, earlier)
	}
	return err
}

// readObject is what [parseObject] is for a body, for a part of one that was
// parsed already: an object whose members have different names.
func readObject(text json.RawMessage) (params, error) {
	p := params{object: map[string]json.RawMessage{}}
	return p, p.add(text)
}

// add fills object with the members of a text, see [readObject].
func (p *params) add(text json.RawMessage) error {
	isObject, err := eachMember(text, func(name string, value json.RawMessage) error {
		if _, twice := p.object[name]; twice {
			return domain.Invalid(printableName(name), "重复的参数！")
		}
		p.object[name] = value
		return nil
	})
	if err == nil && !isObject {
		err = domain.Invalid("body", "必须是JSON对象！")
	}
	return err
}

// readTarget refuses what is not in the dialect: a method and path that a batch
// does not know.
func (o *batchOperation) readTarget(kinds map[string]batchKind, earlier []batchOperation) error {
	rest, found := strings.CutPrefix(o.path, "/dns/")
	name, id, hasID := strings.Cut(rest, "/")
	kind, known := kinds[name]
	creates := o.method == http.MethodPost && !hasID
	changes := (o.method == http.MethodPut || o.method == http.MethodDelete) && hasID
	if !found || !known || !creates && !changes {
		return domain.Invalid("path", "批量操作不支持%s %s！", printableName(o.method), printableName(o.path))
	}
	o.kind = kind
	if creates {
		return nil
	}
	var err error
	if operation, refers := parseReference(id); refers {
		o.target.operation = operation
		return checkReference("path", operation, kind.name, earlier)
	}
	o.target.id, err = parseID(id, kind.name)
	return err
}
