package dns

import "strconv"

// token is one field of presentation text. Its octets are plain: quotes and
// escapes are resolved.
type token struct {
	octets string
	quoted bool
}

// tokens splits presentation text at blanks. A quoted field may hold anything,
// with \" \\ and \DDD as in zone files; outside quotes nothing is special: the
// characters that zone files give a meaning to are refused there.
func tokens(text string) (list []token, problem string) {
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case ' ', '\t':
			i++
		case '"':
			octets, next, problem := quotedToken(text, i+1)
			if problem != "" {
				return nil, problem
			}
			list = append(list, token{octets: octets, quoted: true})
			i = next
		default:
			next, problem := plainToken(text, i)
			if problem != "" {
				return nil, problem
			}
			list = append(list, token{octets: text[i:next]})
			i = next
		}
	}
	return list, ""
}

func plainToken(text string, start int) (next int, problem string) {
	for i := start; i < len(text); i++ {
		switch text[i] {
		case ' ', '\t':
			return i, ""
		case '"', '\\', ';', '(', ')':
			return 0, "引号外不能有 \" \\ ; ( )，请用双引号括起来"
		}
	}
	return len(text), ""
}

// quotedToken reads up to the closing quote and returns the index behind it.
func quotedToken(text string, start int) (octets string, next int, problem string) {
	var out []byte
	for i := start; i < len(text); {
		switch text[i] {
		case '"':
			if end := i + 1; end < len(text) && text[end] != ' ' && text[end] != '\t' {
				return "", 0, "双引号后面必须是空格"
			}
			return string(out), i + 1, ""
		case '\\':
			c, n := unescape(text[i+1:])
			if n == 0 {
				return "", 0, "反斜杠转义不正确"
			}
			out = append(out, c)
			i += 1 + n
		default:
			out = append(out, text[i])
			i++
		}
	}
	return "", 0, "双引号没有配对"
}

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
