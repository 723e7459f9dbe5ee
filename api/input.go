package api

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
)

// params are the parameters of one request by name, whatever they came in: a
// query, a form or a JSON object. The getters return nil for a parameter that
// is absent or empty. The first bad parameter is kept in err, a [domain.Error]
// naming it; after it the getters' results mean nothing.
type params struct {
	// form holds query and form parameters, object those of a JSON body; one is nil.
	form   url.Values
	object map[string]json.RawMessage
	err    error
}

func (p *params) refuse(name, format string, args ...any) {
	if p.err == nil {
		p.err = domain.Invalid(name, format, args...)
	}
}

// text returns a string parameter.
func (p *params) text(name string) *string {
	s := p.givenText(name)
	if s == nil || *s == "" {
		return nil
	}
	return s
}

// givenText is text for the few parameters whose emptiness means something: it
// tells an empty one from an absent one.
func (p *params) givenText(name string) *string {
	if raw, ok := p.value(name); ok {
		if raw[0] != '"' {
			p.refuse(name, "必须是字符串！")
			return nil
		}
		return p.jsonText(name, raw)
	}
	return p.formText(name)
}

// scalar returns a parameter that may be written as a string or as a JSON
// number: its text, not yet checked to be a number.
func (p *params) scalar(name string) *string {
	raw, ok := p.value(name)
	if !ok {
		if s := p.formText(name); s != nil && *s != "" {
			return s
		}
		return nil
	}
	switch c := raw[0]; {
	case c == '"':
		return p.text(name)
	case c == '-' || c >= '0' && c <= '9':
		s := string(raw)
		return &s
	default:
		p.refuse(name, "必须是整数！")
		return nil
	}
}

// integer returns an integer given as a number or a numeric string.
func (p *params) integer(name string) *int64 {
	s := p.scalar(name)
	if s == nil {
		return nil
	}
	n, ok := parseInteger(*s)
	if !ok {
		p.refuse(name, "必须是整数！")
		return nil
	}
	return &n
}

// small is integer for values that the domain keeps in an int.
func (p *params) small(name string) *int {
	n := p.integer(name)
	if n == nil {
		return nil
	}
	if *n != int64(int32(*n)) {
		p.refuse(name, "超出范围！")
		return nil
	}
	v := int(*n)
	return &v
}

// integers returns a list of ids: a JSON list of numbers or numeric strings, or
// in a form repeated keys or one JSON text. The empty list is a list, the empty
// text is none.
func (p *params) integers(name string) *[]int64 {
	raw, ok := p.value(name)
	switch {
	case !ok:
		return p.formIntegers(name)
	case string(raw) == `""`:
		return nil
	default:
		return p.jsonIntegers(name, raw)
	}
}

func (p *params) formIntegers(name string) *[]int64 {
	values := p.form[name]
	if len(values) == 1 && strings.HasPrefix(strings.TrimSpace(values[0]), "[") {
		return p.jsonIntegers(name, []byte(strings.TrimSpace(values[0])))
	}
	var list []int64
	for _, v := range values {
		if v == "" {
			continue
		}
		n, ok := parseInteger(v)
		if !ok {
			p.refuse(name, "必须是整数列表！")
			return nil
		}
		list = append(list, n)
	}
	if list == nil {
		return nil
	}
	return &list
}

func (p *params) jsonIntegers(name string, raw []byte) *[]int64 {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		p.refuse(name, "必须是整数列表！")
		return nil
	}
	list := make([]int64, 0, len(items))
	for _, item := range items {
		s := string(item)
		if item[0] == '"' {
			if err := json.Unmarshal(item, &s); err != nil {
				s = ""
			}
		}
		n, ok := parseInteger(s)
		if !ok {
			p.refuse(name, "必须是整数列表！")
			return nil
		}
		list = append(list, n)
	}
	return &list
}

// value returns the raw JSON value of a parameter; null counts as absent.
func (p *params) value(name string) (json.RawMessage, bool) {
	raw, ok := p.object[name]
	return raw, ok && string(raw) != "null"
}

func (p *params) formText(name string) *string {
	values := p.form[name]
	if len(values) == 0 {
		return nil
	}
	if len(values) > 1 {
		p.refuse(name, "重复的参数！")
		return nil
	}
	return p.clean(name, values[0])
}

func (p *params) jsonText(name string, raw json.RawMessage) *string {
	if s, ok := plainText(raw); ok {
		return &s
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		p.refuse(name, "必须是字符串！")
		return nil
	}
	// encoding/json turns what is no Unicode into U+FFFD without a word.
	if !utf8.Valid(raw) || strings.ContainsRune(s, utf8.RuneError) && !writesReplacement(raw) {
		p.refuse(name, "不是合法的UTF-8文本！")
		return nil
	}
	return p.clean(name, s)
}

// clean refuses what neither Postgres nor a zone file could hold.
func (p *params) clean(name, s string) *string {
	if !utf8.ValidString(s) {
		p.refuse(name, "不是合法的UTF-8文本！")
		return nil
	}
	if strings.ContainsRune(s, 0) {
		p.refuse(name, "不能包含空字符！")
		return nil
	}
	return &s
}

// writesReplacement says whether the JSON text itself names U+FFFD.
func writesReplacement(raw json.RawMessage) bool {
	text := string(raw)
	return strings.ContainsRune(text, utf8.RuneError) || strings.Contains(strings.ToLower(text), `\ufffd`)
}

// parseInteger reads decimal digits with an optional minus sign, nothing else.
func parseInteger(s string) (int64, bool) {
	if strings.HasPrefix(s, "+") || strings.Contains(s, "_") {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
