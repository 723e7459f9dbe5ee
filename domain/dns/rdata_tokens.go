package dns

import "strconv"

// token is one field of presentation text.
type token struct {
	// octets are what the field means: quotes and escapes are resolved.
	octets string
	quoted bool
	// raw is the field as it is written, for what has escapes of its own: names.
	raw string
}

// scanner splits presentation text at blanks, as a zone file's reader would (RFC 1035,
// section 5.1): parentheses are blanks if they match, a semicolon behind a blank begins a
// comment, a quoted field may hold anything, and \X and \DDD stand for an octet. There
// are no lines in it.
type scanner struct {
	text string
	at   int
	// pairs allows a quoted value behind "=" within a field: key="value" (RFC 9460).
	pairs     bool
	open      int
	list      []token
	commented bool
}

// tokens splits the text, or says what is wrong with it.
func tokens(text string) (list []token, problem string) {
	s := scanner{text: text}
	problem = s.scan()
	return s.list, problem
}

func (s *scanner) scan() (problem string) {
	for s.at < len(s.text) && problem == "" {
		switch c := s.text[s.at]; c {
		case ' ', '\t':
			s.at++
		case '(':
			s.open++
			s.at++
		case ')':
			if s.open--; s.open < 0 {
				return "括号没有配对"
			}
			s.at++
		case ';':
			s.commented, s.at = true, len(s.text)
		case '"':
			problem = s.quotedToken()
		default:
			problem = s.plainToken()
		}
	}
	if problem == "" && s.open > 0 {
		problem = "括号没有配对"
	}
	return problem
}

func (s *scanner) plainToken() (problem string) {
	start := s.at
	var octets []byte
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == ' ' || c == '\t' || c == '(' || c == ')':
			s.list = append(s.list, token{octets: string(octets), raw: s.text[start:s.at]})
			return ""
		case c == '"' && s.pairs && s.at > start && s.text[s.at-1] == '=':
			value, problem := s.quoted()
			if problem != "" {
				return problem
			}
			octets = append(octets, value...)
		case c == '"' || c == ';':
			return "引号外不能有 \" ，“;”前面必须有空格，请用双引号括起来"
		case c == '\\':
			octet, used := unescape(s.text[s.at+1:])
			if used == 0 {
				return "反斜杠转义不正确"
			}
			octets = append(octets, octet)
			s.at += 1 + used
		default:
			octets = append(octets, c)
			s.at++
		}
	}
	s.list = append(s.list, token{octets: string(octets), raw: s.text[start:]})
	return ""
}

func (s *scanner) quotedToken() (problem string) {
	start := s.at
	octets, problem := s.quoted()
	s.list = append(s.list, token{octets: octets, quoted: true, raw: s.text[start:s.at]})
	return problem
}

// quoted reads a quoted text, which begins here, up to its closing quote.
func (s *scanner) quoted() (octets, problem string) {
	var out []byte
	for s.at++; s.at < len(s.text); {
		switch s.text[s.at] {
		case '"':
			if s.at++; s.at < len(s.text) && !endsField(s.text[s.at]) {
				return "", "双引号后面必须是空格"
			}
			return string(out), ""
		case '\\':
			c, n := unescape(s.text[s.at+1:])
			if n == 0 {
				return "", "反斜杠转义不正确"
			}
			out = append(out, c)
			s.at += 1 + n
		default:
			out = append(out, s.text[s.at])
			s.at++
		}
	}
	return "", "双引号没有配对"
}

func endsField(c byte) bool { return c == ' ' || c == '\t' || c == '(' || c == ')' || c == ';' }

// unescape reads what follows a backslash: three digits up to 255, or one
// other ASCII character. It returns how many octets it used, 0 for none.
func unescape(text string) (c byte, used int) {
	if text == "" || text[0] >= 0x80 {
		return 0, 0
	}
	if text[0] < '0' || text[0] > '9' {
		return text[0], 1
	}
	if len(text) < 3 {
		return 0, 0
	}
	n, err := strconv.ParseUint(text[:3], 10, 8)
	if err != nil {
		return 0, 0
	}
	return byte(n), 3
}

// escaped writes octets in the form that the fields of package
// github.com/miekg/dns hold: printable ASCII as it is, the rest as \DDD.
func escaped(octets string) string {
	out := make([]byte, 0, len(octets)+8)
	for i := 0; i < len(octets); i++ {
		switch c := octets[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ' || c > '~':
			out = append(out, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
