package dns

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// fieldList is the fields of a value. The first thing that is wrong stays in
// problem; what is read after that has no meaning.
type fieldList struct {
	list    []token
	problem string
}

// fields splits a value into exactly n fields.
func fields(value string, n int) (*fieldList, string) {
	list, problem := tokens(value)
	if problem == "" && len(list) != n {
		problem = "应有" + strconv.Itoa(n) + "个以空格分隔的字段"
	}
	return &fieldList{list: list}, problem
}

// joinedFields is fields but for the last field, which takes all that is left.
func joinedFields(value string, n int) (*fieldList, string) {
	list, problem := tokens(value)
	if problem != "" {
		return nil, problem
	}
	if len(list) > n {
		var last strings.Builder
		for _, t := range list[n-1:] {
			last.WriteString(t.octets)
		}
		list = append(list[:n-1:n-1], token{octets: last.String(), raw: last.String()})
	}
	if len(list) != n {
		return nil, "应有" + strconv.Itoa(n) + "个以空格分隔的字段"
	}
	return &fieldList{list: list}, ""
}

func (f *fieldList) fail(problem string) {
	if f.problem == "" {
		f.problem = problem
	}
}

// number reads a decimal number of the given bits.
func (f *fieldList) number(i, bits int) uint64 {
	n, err := strconv.ParseUint(f.list[i].raw, 10, bits)
	if err != nil {
		f.fail("第" + strconv.Itoa(i+1) + "个字段必须是0到" + strconv.Itoa(1<<bits-1) + "之间的整数")
	}
	return n
}

// target reads a domain name; "." is the root.
func (f *fieldList) target(i int, origin string) string {
	t := f.list[i]
	if t.raw == "." {
		return "."
	}
	if t.quoted {
		f.fail("域名不能用双引号括起来")
		return ""
	}
	name, problem := parseTarget(origin, t.raw)
	if problem != "" {
		f.fail(problem)
	}
	return name
}

// hex reads an even number of hexadecimal digits and returns them in lower case.
func (f *fieldList) hex(i int) string {
	raw, err := hex.DecodeString(f.list[i].octets)
	if err != nil || len(raw) == 0 {
		f.fail("第" + strconv.Itoa(i+1) + "个字段必须是十六进制数据")
	}
	return hex.EncodeToString(raw)
}

// plainText reads a text of printable ASCII without quotes and backslashes. The
// types that use it define no others, and package github.com/miekg/dns does not
// read back from a message what it wrote for them.
func (f *fieldList) plainText(i int) string {
	text := f.list[i].octets
	for j := 0; j < len(text); j++ {
		if c := text[j]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			f.fail("第" + strconv.Itoa(i+1) + "个字段只能是可见的ASCII字符，不能有双引号和反斜杠")
		}
	}
	return text
}

// consistsOf says whether a text has only ASCII letters, digits and the given others.
func consistsOf(text, others string) bool {
	for i := 0; i < len(text); i++ {
		c := text[i]
		alphanumeric := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !alphanumeric && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}
