package api

import (
	"encoding/json"
	"math"

	"github.com/opsledger/opsledger/domain"
)

// Paging of the operations dialect's lists.
const (
	defaultCount = 10
	maxCount     = 1000
)

// opsPage reads start, an offset, and count.
func (p *params) opsPage() (start, count int) {
	from, most := p.integer("start"), p.integer("count")
	count = defaultCount
	if from != nil {
		if *from < 0 {
			p.refuse("start", "must not be negative")
		}
		start = int(min(*from, math.MaxInt32))
	}
	if most != nil {
		if *most < 0 {
			p.refuse("count", "must not be negative")
		}
		count = int(min(*most, maxCount))
	}
	return start, count
}

// inner returns the parameters within a parameter that is a JSON object; they
// have the error where it is none.
func (p *params) inner(name string) *params {
	raw, ok := p.value(name)
	if !ok {
		return &params{err: domain.Invalid(name, "is required")}
	}
	return objectOf(name, raw)
}

// objects is inner for a parameter that is a list of objects, or one object.
func (p *params) objects(name string) []*params {
	raw, ok := p.value(name)
	if !ok {
		p.refuse(name, "is required")
		return nil
	}
	list, isList := elements(raw)
	if !isList {
		list = []json.RawMessage{raw}
	}
	objects := make([]*params, len(list))
	for i, element := range list {
		objects[i] = objectOf(name, element)
	}
	return objects
}

func objectOf(name string, raw json.RawMessage) *params {
	p, err := readObject(raw)
	if err != nil {
		return &params{err: domain.Invalid(name, "must be a JSON object whose keys differ")}
	}
	return &p
}

// texts returns a parameter that is a JSON list of strings, nil if it is absent
// or the empty text. The empty list is a list.
func (p *params) texts(name string) *[]string {
	raw, ok := p.value(name)
	if !ok || string(raw) == `""` {
		return nil
	}
	list, isList := elements(raw)
	if !isList {
		p.refuse(name, "must be a list of strings")
		return nil
	}
	texts := make([]string, 0, len(list))
	for _, element := range list {
		if element[0] != '"' {
			p.refuse(name, "must be a list of strings")
			return nil
		}
		if text := p.jsonText(name, element); text != nil {
			texts = append(texts, *text)
		}
	}
	return &texts
}
