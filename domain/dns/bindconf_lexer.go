package dns

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
)

const (
	// maxBindConf is how many octets a client's configuration may have.
	maxBindConf = 256 << 10
	// maxRenderedConf is how many octets it may have when it is written anew, with blanks
	// and line ends of ours. So it travels in one message.
	maxRenderedConf = maxBindConf + 128<<10
)

// confToken is a word, a quoted text without its quotes, or one of "{", "}", ";".
type confToken struct {
	text   string
	quoted bool
	// at and end delimit the token in the source, quotes included.
	at, end int
	line    int
}

func (t confToken) is(punctuation string) bool { return !t.quoted && t.text == punctuation }

// confForm says how strict the lexer is.
type confForm int

const (
	// strictForm is for what a client sends.
	strictForm confForm = iota
	// storedForm is for texts that were accepted before [strictForm] was as strict as it
	// is: they keep the meaning that they had. Only what is written anew from the
	// statements reaches a program, so that nothing depends on how named reads them.
	storedForm
)

func (f confForm) limit() int {
	if f == strictForm {
		return maxBindConf
	}
	return maxRenderedConf
}

// maxConfToken is how many octets a word or a quoted text may have: more than any key.
const maxConfToken = 4096

// confLexer cuts named.conf text into tokens. It accepts less than named does, so that
// both see the same statements.
//
// Invariants:
//  1. A comment stands apart: there is a blank, a line end, "{", "}" or ";" on either
//     side of it. At the end of a comment inside of a word, named reads the comment's
//     last "/" a second time, which may begin another comment.
//  2. A quoted text has no backslash and no line end: only in some places does named
//     take a backslash for an escape.
//  3. A "/" in a word stands between an address and a number. It is a token of its own
//     to named.
//  4. Outside of quoted texts and comments there is nothing but ASCII, and no character
//     that named would take into a word and we would not, or the other way round.
//  5. A carriage return is part of a line end: elsewhere it looks like one and is none.
//  6. No token is longer than maxConfToken.
//
// 1, 3, 5 and 6 hold for the strict form alone.
type confLexer struct {
	text string
	pos  int
	line int
	form confForm
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
	if err := l.checkWord(l.text[start:l.pos]); err != nil {
		return confToken{}, err
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

// checkWord keeps invariants 3 and 6.
func (l *confLexer) checkWord(word string) error {
	switch {
	case l.form == storedForm:
		return nil
	case len(word) > maxConfToken:
		return l.fail("一个词不能超过%d字节", maxConfToken)
	case strings.Contains(word, "/") && !confPrefix.MatchString(word):
		return l.fail("“/”只能写在网段里，%q不是网段", shorten(word))
	default:
		return nil
	}
}

// confPrefix is what may have a "/": named takes 10/8 for a prefix, too.
var confPrefix = regexp.MustCompile(`^[0-9A-Fa-f.:]+/[0-9]{1,3}$`)

func (l *confLexer) skipBlanks() error {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case rest[0] == '\n':
			l.line++
			l.pos++
		case rest[0] == '\r' && l.form == strictForm && !strings.HasPrefix(rest, "\r\n"):
			return l.fail("回车符后面缺少换行符")
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			l.pos++
		case rest[0] == '#' || l.atComment():
			if err := l.skipComment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// skipComment has a comment in front of it, and keeps invariant 1.
func (l *confLexer) skipComment() error {
	before, rest := l.text[:l.pos], l.text[l.pos:]
	end := strings.IndexByte(rest, '\n')
	if strings.HasPrefix(rest, "/*") {
		end = strings.Index(rest[2:], "*/") + 4
		if end < 4 {
			return l.fail("注释没有结束")
		}
	} else if end < 0 {
		end = len(rest)
	}
	if l.form == strictForm && !(before == "" || isConfGap(before[len(before)-1])) {
		return l.fail("注释不能紧跟在词的后面")
	}
	l.line += strings.Count(rest[:end], "\n")
	l.pos += end
	if l.form == strictForm && !(end == len(rest) || isConfGap(rest[end])) {
		return l.fail("词不能紧跟在注释的后面")
	}
	return nil
}

// isConfGap says what may stand beside a comment.
func isConfGap(c byte) bool { return strings.IndexByte(" \t\r\n{};", c) >= 0 }

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
	if l.form == strictForm && len(text) > maxConfToken {
		return confToken{}, l.fail("双引号内不能超过%d字节", maxConfToken)
	}
	l.pos = start + length + 2
	return confToken{text: text, quoted: true, at: start, end: l.pos, line: l.line}, nil
}

func notInQuotes(r rune) bool { return r == '\\' || r < ' ' || r >= 0x7f && r < 0xa0 }

func (l *confLexer) fail(format string, args ...any) error { return confError(l.line, format, args...) }

func confError(line int, format string, args ...any) error {
	return domain.Invalid("bind_conf", "第%d行：%s", line, domain.Text{Format: format, Args: args})
}

func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}
