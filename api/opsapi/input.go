package opsapi

import (
	"encoding/json"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
)

// inner returns the parameters within a parameter that is a JSON object; they
// have the error where it is none.
func inner(p *api.Params, name string) *api.Params {
	raw, ok := p.Value(name)
	if !ok {
		return &api.Params{Err: domain.Invalid(name, "is required")}
	}
	return objectOf(name, raw)
}

// objects is inner for a parameter that is a list of objects, or one object.
func objects(p *api.Params, name string) []*api.Params {
	raw, ok := p.Value(name)
	if !ok {
		p.Refuse(name, "is required")
		return nil
	}
	list, isList := api.Elements(raw)
	if !isList {
		list = []json.RawMessage{raw}
	}
	objects := make([]*api.Params, len(list))
	for i, element := range list {
		objects[i] = objectOf(name, element)
	}
	return objects
}

func objectOf(name string, raw json.RawMessage) *api.Params {
	p, err := api.ReadObject(raw)
	if err != nil {
		return &api.Params{Err: domain.Invalid(name, "must be a JSON object whose keys differ")}
	}
	return &p
}

// texts returns a parameter that is a JSON list of strings, nil if it is absent
// or the empty text. The empty list is a list.
func texts(p *api.Params, name string) *[]string {
	raw, ok := p.Value(name)
	if !ok || string(raw) == `""` {
		return nil
	}
	list, isList := api.Elements(raw)
	if !isList {
		p.Refuse(name, "must be a list of strings")
		return nil
	}
	texts := make([]string, 0, len(list))
	for _, element := range list {
		if element[0] != '"' {
			p.Refuse(name, "must be a list of strings")
			return nil
		}
		if text := p.JSONText(name, element); text != nil {
			texts = append(texts, *text)
		}
	}
	return &texts
}

// must is text for a parameter that must be there.
func must(p *api.Params, name string) string { return mustAs(p, name, name) }

// mustAs is must for a parameter that goes by either name.
func mustAs(p *api.Params, name, other string) string {
	text := p.Text(name)
	if text == nil {
		text = p.Text(other)
	}
	if text == nil {
		p.Refuse(name, "is required")
		return ""
	}
	return *text
}
