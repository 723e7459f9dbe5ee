package api

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
)

// Params are the parameters of one request by name, whatever they came in: a
// query, a form or a JSON object. The getters return nil for a parameter that
// is absent or empty. The first bad parameter is kept in Err, a [domain.Error]
// naming it; after it the getters' results mean nothing.
type Params struct {
	// form holds query and form parameters, Object those of a JSON body; one is nil.
	form   url.Values
	Object map[string]json.RawMessage
	Err    error
	// asked are the parameters that were asked for, where somebody wants to know.
	asked *Names
}

// Refuse keeps what is wrong with a parameter, unless another was wrong before.
func (p *Params) Refuse(name, format string, args ...any) {
	if p.Err == nil {
		p.Err = domain.Invalid(name, format, args...)
	}
}

// Text returns a string parameter.
func (p *Params) Text(name string) *string {
	s := p.GivenText(name)
	if s == nil || *s == "" {
		return nil
	}
	return s
}

// GivenText is Text for the few parameters whose emptiness means something: it
// tells an empty one from an absent one.
func (p *Params) GivenText(name string) *string {
	if raw, ok := p.Value(name); ok {
		if raw[0] != '"' {
			p.Refuse(name, "必须是字符串！")
			return nil
		}
		return p.JSONText(name, raw)
	}
	return p.formText(name)
}

// Required is Text for a parameter that must be there.
func (p *Params) Required(name string) string {
	s := p.Text(name)
	if s == nil {
		p.Refuse(name, "不能为空！")
		return ""
	}
	return *s
}

// Scalar returns a parameter that may be written as a string or as a JSON
// number: its text, not yet checked to be a number.
func (p *Params) Scalar(name string) *string {
	raw, ok := p.Value(name)
	if !ok {
		if s := p.formText(name); s != nil && *s != "" {
			return s
		}
		return nil
	}
	switch c := raw[0]; {
	case c == '"':
		return p.Text(name)
	case c == '-' || c >= '0' && c <= '9':
		s := string(raw)
		return &s
	default:
		p.Refuse(name, "必须是整数！")
		return nil
	}
}

// Integer returns an integer given as a number or a numeric string.
func (p *Params) Integer(name string) *int64 {
	s := p.Scalar(name)
	if s == nil {
		return nil
	}
	n, ok := ParseInteger(*s)
	if !ok {
		p.Refuse(name, "必须是整数！")
		return nil
	}
	return &n
}

// Small is Integer for values that the domain keeps in an int.
func (p *Params) Small(name string) *int {
	n := p.Integer(name)
	if n == nil {
		return nil
	}
	if *n != int64(int32(*n)) {
		p.Refuse(name, "超出范围！")
		return nil
	}
	v := int(*n)
	return &v
}

// Flag returns a parameter that is true or false, false where it is absent.
func (p *Params) Flag(name string) bool {
	raw, given := p.Value(name)
	text := string(raw)
	if !given {
		text = Given(p.formText(name))
	}
	switch text {
	case "", "false":
		return false
	case "true":
		return true
	default:
		p.Refuse(name, "must be true or false")
		return false
	}
}

// Integers returns a list of ids: a JSON list of numbers or numeric strings, or
// in a form repeated keys or one JSON text. The empty list is a list, the empty
// Text is none.
func (p *Params) Integers(name string) *[]int64 {
	raw, ok := p.Value(name)
	switch {
	case !ok:
		return p.formIntegers(name)
	case string(raw) == `""`:
		return nil
	default:
		return p.jsonIntegers(name, raw)
	}
}

func (p *Params) formIntegers(name string) *[]int64 {
	values := p.form[name]
	if len(values) == 1 && strings.HasPrefix(strings.TrimSpace(values[0]), "[") {
		return p.jsonIntegers(name, []byte(strings.TrimSpace(values[0])))
	}
	var list []int64
	for _, v := range values {
		if v == "" {
			continue
		}
		n, ok := ParseInteger(v)
		if !ok {
			p.Refuse(name, "必须是整数列表！")
			return nil
		}
		list = append(list, n)
	}
	if list == nil {
		return nil
	}
	return &list
}

func (p *Params) jsonIntegers(name string, raw []byte) *[]int64 {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		p.Refuse(name, "必须是整数列表！")
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
		n, ok := ParseInteger(s)
		if !ok {
			p.Refuse(name, "必须是整数列表！")
			return nil
		}
		list = append(list, n)
	}
	return &list
}

// Value returns the raw JSON value of a parameter; null counts as absent.
func (p *Params) Value(name string) (json.RawMessage, bool) {
	p.ask(name)
	raw, ok := p.Object[name]
	return raw, ok && string(raw) != "null"
}

func (p *Params) formText(name string) *string {
	values := p.form[name]
	if len(values) == 0 {
		return nil
	}
	if len(values) > 1 {
		p.Refuse(name, "重复的参数！")
		return nil
	}
	return p.clean(name, values[0])
}

// JSONText returns the text of a JSON string within a parameter.
func (p *Params) JSONText(name string, raw json.RawMessage) *string {
	if s, ok := plainText(raw); ok {
		return &s
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		p.Refuse(name, "必须是字符串！")
		return nil
	}
	// encoding/json turns what is no Unicode into U+FFFD without a word.
	if !utf8.Valid(raw) || strings.ContainsRune(s, utf8.RuneError) && !writesReplacement(raw) {
		p.Refuse(name, "不是合法的UTF-8文本！")
		return nil
	}
	return p.clean(name, s)
}

// clean refuses what neither Postgres nor a zone file could hold.
func (p *Params) clean(name, s string) *string {
	if !utf8.ValidString(s) {
		p.Refuse(name, "不是合法的UTF-8文本！")
		return nil
	}
	if strings.ContainsRune(s, 0) {
		p.Refuse(name, "不能包含空字符！")
		return nil
	}
	return &s
}

// writesReplacement says whether the JSON text itself names U+FFFD.
func writesReplacement(raw json.RawMessage) bool {
	text := string(raw)
	return strings.ContainsRune(text, utf8.RuneError) || strings.Contains(strings.ToLower(text), `\ufffd`)
}

// ReadObject is what [ParseObject] is for a body, for a part of one that was
// parsed already: an object whose members have different names.
func ReadObject(text json.RawMessage) (Params, error) {
	p := Params{Object: map[string]json.RawMessage{}}
	return p, p.Add(text)
}

// Add fills Object with the members of a text, see [ReadObject].
func (p *Params) Add(text json.RawMessage) error {
	isObject, err := eachMember(text, func(name string, value json.RawMessage) error {
		if _, twice := p.Object[name]; twice {
			return domain.Invalid(PrintableName(name), "重复的参数！")
		}
		p.Object[name] = value
		return nil
	})
	if err == nil && !isObject {
		err = domain.Invalid("body", "必须是JSON对象！")
	}
	return err
}

// Given returns the text of an optional parameter, empty where there is none.
func Given(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// ParseInteger reads decimal digits with an optional minus sign, nothing else.
func ParseInteger(s string) (int64, bool) {
	if strings.HasPrefix(s, "+") || strings.Contains(s, "_") {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
