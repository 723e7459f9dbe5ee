package dns

import (
	"slices"
	"strings"
)

// substitution says what is wrong with the regexp field of a NAPTR record (RFC 3402,
// section 3.2): a POSIX extended regular expression and a replacement, with any
// delimiter before, between and behind them, and an optional "i".
func substitution(text string) (problem string) {
	if text == "" {
		return ""
	}
	if len(text) > maxCharacterString || strings.IndexByte(text, 0) >= 0 {
		return "regexp：不能超过255字节，也不能有0字节"
	}
	if delimiter := text[0]; isDigit(delimiter) || delimiter == '\\' || delimiter == 'i' {
		return "regexp：分隔符不能是数字、反斜杠或字母i"
	}
	parts := cutAtDelimiter(text[1:], text[0])
	if len(parts) != 3 || strings.Trim(parts[2], "i") != "" {
		return "regexp：应为“分隔符 正则表达式 分隔符 替换文本 分隔符”，后面可以有i"
	}
	ere := ereParser{text: parts[0]}
	if !ere.parse() {
		return "regexp：不是POSIX扩展正则表达式"
	}
	replacement := parts[1]
	for i := 0; i < len(replacement); i++ {
		if replacement[i] != '\\' {
			continue
		}
		if i++; i == len(replacement) {
			return "regexp：替换文本不能以反斜杠结尾"
		}
		if c := replacement[i]; isDigit(c) && (c == '0' || int(c-'0') > ere.groups) {
			return "regexp：替换文本引用了不存在的分组"
		}
	}
	return ""
}

// cutAtDelimiter splits a text at a delimiter that no backslash stands before.
func cutAtDelimiter(text string, delimiter byte) []string {
	var parts []string
	start := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case delimiter:
			parts, start = append(parts, text[start:i]), i+1
		}
	}
	return append(parts, text[start:])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// ereParser reads a POSIX extended regular expression. What POSIX leaves undefined, such
// as an empty alternative or a repetition of nothing, it refuses, as named does.
type ereParser struct {
	text   string
	at     int
	groups int
}

func (p *ereParser) parse() bool {
	return p.alternatives() && p.at == len(p.text)
}

// peek returns the next character, 0 at the end.
func (p *ereParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *ereParser) alternatives() bool {
	for p.branch() {
		if p.peek() != '|' {
			return true
		}
		p.at++
	}
	return false
}

// branch reads one or more pieces.
func (p *ereParser) branch() bool {
	pieces := 0
	for ; p.at < len(p.text) && p.peek() != '|' && p.peek() != ')'; pieces++ {
		if !p.piece() {
			return false
		}
	}
	return pieces > 0
}

// piece reads an atom and how often it stands there.
func (p *ereParser) piece() bool {
	if !p.atom() {
		return false
	}
	switch p.peek() {
	case '*', '+', '?':
		p.at++
	case '{':
		return p.interval()
	}
	return true
}

func (p *ereParser) atom() bool {
	c := p.peek()
	p.at++
	switch c {
	case '*', '+', '?', '{', 0:
		return false
	case '(':
		p.groups++
		if !p.alternatives() || p.peek() != ')' {
			return false
		}
		p.at++
		return true
	case '[':
		return p.bracket()
	case '\\':
		next := p.peek()
		p.at++
		return next != 0 && (!isDigit(next) || next != '0' && int(next-'0') <= p.groups)
	default:
		return true
	}
}

// interval reads {n}, {n,} and {n,m}.
func (p *ereParser) interval() bool {
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 0 {
		return false
	}
	from, to, two := strings.Cut(p.text[p.at+1:p.at+end], ",")
	p.at += end + 1
	least, ok := repetitions(from)
	if !ok || !two || to == "" {
		return ok
	}
	most, ok := repetitions(to)
	return ok && least <= most
}

// repetitions reads a number up to 255, POSIX' RE_DUP_MAX.
func repetitions(digits string) (n int, ok bool) {
	if digits == "" || len(digits) > 3 {
		return 0, false
	}
	for i := 0; i < len(digits); i++ {
		if !isDigit(digits[i]) {
			return 0, false
		}
		n = 10*n + int(digits[i]-'0')
	}
	return n, n <= 255
}

// bracket reads a bracket expression behind its "[".
func (p *ereParser) bracket() bool {
	if p.peek() == '^' {
		p.at++
	}
	for first := true; ; first = false {
		c := p.peek()
		switch {
		case c == 0:
			return false
		case c == ']' && !first:
			p.at++
			return true
		case c == '[' && p.at+1 < len(p.text) && strings.IndexByte(":.=", p.text[p.at+1]) >= 0:
			if !p.class() {
				return false
			}
		default:
			p.at++
			if !p.rangeEnd(c) {
				return false
			}
		}
	}
}

// rangeEnd reads the rest of a range that begins with c, if it is one.
func (p *ereParser) rangeEnd(c byte) bool {
	if p.peek() != '-' || p.at+1 >= len(p.text) || p.text[p.at+1] == ']' {
		return true
	}
	end := p.text[p.at+1]
	p.at += 2
	return end >= c && end != '['
}

// class reads [:name:]. Other collating elements are no help in a telephone number.
func (p *ereParser) class() bool {
	names := []string{"alpha", "digit", "alnum", "upper", "lower", "space", "blank", "punct", "print", "graph", "cntrl", "xdigit"}
	rest, ok := strings.CutPrefix(p.text[p.at:], "[:")
	name, _, closed := strings.Cut(rest, ":]")
	p.at += len("[:") + len(name) + len(":]")
	return ok && closed && slices.Contains(names, name)
}
