package namedconf

import (
	"strings"
	"unicode/utf8"
)

// token is a word, a quoted text, or one of "{", "}", ";", "!". The end is an empty word.
type token struct {
	text   string
	quoted bool
	line   int
}

func (t token) is(punctuation string) bool { return !t.quoted && t.text == punctuation }

func (t token) isEnd() bool { return !t.quoted && t.text == "" }

// lexer cuts a file into tokens as named does: in a quoted text a backslash matters before a
// double quote alone, and no quoted text goes over a line's end.
type lexer struct {
	file string
	text string
	line int
}

func newLexer(file, text string) (*lexer, error) {
	l := &lexer{file: file, text: text, line: 1}
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return nil, l.fail("it is no text in UTF-8")
	}
	return l, nil
}

func (l *lexer) fail(text string) error { return &Error{Place{l.file, l.line}, text} }

func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	if l.text == "" {
		return token{line: l.line}, nil
	}
	if l.text[0] == '"' {
		return l.quoted()
	}
	end := 1
	if strings.IndexByte("{};!", l.text[0]) < 0 {
		end = strings.IndexFunc(l.text, func(r rune) bool { return strings.ContainsRune(" \t\r\n\v\f{};!\"#", r) })
		if end < 0 {
			end = len(l.text)
		}
		for _, comment := range []string{"//", "/*"} {
			if at := strings.Index(l.text[:end], comment); at > 0 {
				end = at
			}
		}
	}
	t := token{text: l.text[:end], line: l.line}
	l.text = l.text[end:]
	return t, nil
}

// skip passes blanks and comments.
func (l *lexer) skip() error {
	for l.text != "" {
		switch {
		case strings.HasPrefix(l.text, "/*"):
			length := strings.Index(l.text[2:], "*/")
			if length < 0 {
				return l.fail("a comment has no end")
			}
			l.advance(length + 4)
		case l.text[0] == '#' || strings.HasPrefix(l.text, "//"):
			end := strings.IndexByte(l.text, '\n')
			if end < 0 {
				end = len(l.text)
			}
			l.advance(end)
		case strings.IndexByte(" \t\r\n\v\f", l.text[0]) >= 0:
			l.advance(1)
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) advance(n int) {
	l.line += strings.Count(l.text[:n], "\n")
	l.text = l.text[n:]
}

func (l *lexer) quoted() (token, error) {
	var out strings.Builder
	for i := 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '"':
			t := token{text: out.String(), quoted: true, line: l.line}
			l.text = l.text[i+1:]
			return t, nil
		case c == '\n':
			return token{}, l.fail("a quoted text goes over the end of the line")
		case c == '\\' && strings.HasPrefix(l.text[i+1:], `"`):
			i++
			out.WriteByte('"')
		default:
			out.WriteByte(c)
		}
	}
	return token{}, l.fail("a quoted text has no end")
}
