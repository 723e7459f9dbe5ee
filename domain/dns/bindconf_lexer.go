package dns

import (
	"strings"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
)

// maxBindConf is how many octets the configuration may have.
const maxBindConf = 256 << 10

// confToken is a word, a quoted text without its quotes, or one of "{", "}", ";".
type confToken struct {
	text   string
	quoted bool
	// at and end delimit the token in the source, quotes included.
	at, end int
	line    int
}

func (t confToken) is(punctuation string) bool { return !t.quoted && t.text == punctuation }

// confLexer cuts named.conf text into tokens. It accepts less than named does:
// whatever named might read otherwise (escapes and line ends in quoted texts,
// unusual characters outside of them) is refused, so that both always see the
// same statements.
type confLexer struct {
	text string
	pos  int
	line int
}

// next returns the next token; at the end its text is empty and it is not quoted.
func (l *confLexer) next() (confToken, error) {
	if err := l.skipBlanks(); err != nil {
		return confToken{}, err
	}
	start := l.pos
	if start == len(l.text) {
		return confToken{at: start, end: start, line: l.line}, nil
	}
	switch c := l.text[start]; {
	case c == '"':
		return l.quoted()
	case strings.IndexByte("{};!", c) >= 0:
		l.pos++
	default:
		for l.pos < len(l.text) && isConfWordByte(l.text[l.pos]) && !l.atComment() {
			l.pos++
		}
		if l.pos == start {
			return confToken{}, l.fail("不能识别的字符%q", firstRune(l.text[start:]))
		}
	}
	return confToken{text: l.text[start:l.pos], at: start, end: l.pos, line: l.line}, nil
}

// isConfWordByte allows in words what addresses, names, numbers and shares need.
func isConfWordByte(c byte) bool {
	return isLabelByte(c) || strings.IndexByte(".:+*%", c) >= 0
}

func (l *confLexer) atComment() bool {
	rest := l.text[l.pos:]
	return strings.HasPrefix(rest, "//") || strings.HasPrefix(rest, "/*")
}

func (l *confLexer) skipBlanks() error {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case rest[0] == '\n':
			l.line++
			l.pos++
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			l.pos++
		case rest[0] == '#' || strings.HasPrefix(rest, "//"):
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				l.pos += end
			} else {
				l.pos = len(l.text)
			}
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return l.fail("注释没有结束")
			}
			l.line += strings.Count(rest[:end+4], "\n")
			l.pos += end + 4
		default:
			return nil
		}
	}
	return nil
}

func (l *confLexer) quoted() (confToken, error) {
	start := l.pos
	length := strings.IndexByte(l.text[start+1:], '"')
	if length < 0 {
		return confToken{}, l.fail("双引号没有配对")
	}
	text := l.text[start+1 : start+1+length]
	if strings.ContainsFunc(text, notInQuotes) {
		return confToken{}, l.fail("双引号内不能有反斜杠、换行或控制字符")
	}
	l.pos = start + length + 2
	return confToken{text: text, quoted: true, at: start, end: l.pos, line: l.line}, nil
}

func notInQuotes(r rune) bool { return r == '\\' || r < ' ' || r >= 0x7f && r < 0xa0 }

func (l *confLexer) fail(format string, args ...any) error { return confError(l.line, format, args...) }

func confError(line int, format string, args ...any) error {
	return domain.Invalid("bind_conf", "第%d行："+format, append([]any{line}, args...)...)
}

func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}
