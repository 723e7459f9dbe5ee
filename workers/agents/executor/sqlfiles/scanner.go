package sqlfiles

import (
	"strings"
	"unicode/utf8"
)

// scanner divides SQL into words and single characters, and passes over
// comments, strings and quoted names, as PostgreSQL's lexer does with
// standard_conforming_strings on.
type scanner struct {
	text string
	at   int
	line int
	// open is set when the text ends inside a comment.
	open bool
}

// next returns a word in capitals, a quoted thing as its opening quote, or a character.
func (s *scanner) next() (token string, ok bool) {
	s.blanks()
	if s.at == len(s.text) {
		return "", false
	}
	rest := s.text[s.at:]
	switch c := rest[0]; {
	case c == '\'' || c == '"':
		s.skip(quotedLength(rest, false))
		return string(c), true
	case (c == 'e' || c == 'E') && strings.HasPrefix(rest[1:], "'"):
		s.skip(1 + quotedLength(rest[1:], true))
		return "'", true
	case c == '$' && dollarLength(rest) > 0:
		s.skip(dollarLength(rest))
		return "$", true
	case wordByte(c):
		n := wordLength(rest)
		s.skip(n)
		return strings.ToUpper(rest[:n]), true
	}
	s.skip(1)
	return rest[:1], true
}

// blanks passes over white space and comments.
func (s *scanner) blanks() {
	for s.at < len(s.text) {
		switch rest := s.text[s.at:]; {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			s.skip(1)
		case strings.HasPrefix(rest, "--"):
			s.skip(lengthOfLine(rest))
		case strings.HasPrefix(rest, "/*"):
			n, closed := commentLength(rest)
			s.open = !closed
			s.skip(n)
		default:
			return
		}
	}
}

func (s *scanner) skip(n int) {
	s.line += strings.Count(s.text[s.at:s.at+n], "\n")
	s.at += n
}

// lengthUntil is how far the text goes to the end of the first mark, or of all.
func lengthUntil(text, mark string) int {
	if i := strings.Index(text, mark); i >= 0 {
		return i + len(mark)
	}
	return len(text)
}

// lengthOfLine is how far the text goes to the end of its line, which for PostgreSQL a
// carriage return is, too.
func lengthOfLine(text string) int {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return i
	}
	return len(text)
}

// commentLength measures a comment, in which others may be nested.
func commentLength(text string) (n int, closed bool) {
	depth := 0
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], "/*"):
			depth, i = depth+1, i+2
		case strings.HasPrefix(text[i:], "*/"):
			depth, i = depth-1, i+2
			if depth == 0 {
				return i, true
			}
		default:
			i++
		}
	}
	return len(text), false
}

// quotedLength measures what is quoted by text's first byte; a doubled quote is
// part of it, and so is what follows a backslash where that escapes.
func quotedLength(text string, backslash bool) int {
	for i := 1; i < len(text); i++ {
		switch {
		case backslash && text[i] == '\\':
			i++
		case text[i] != text[0]:
		case i+1 < len(text) && text[i+1] == text[0]:
			i++
		default:
			return i + 1
		}
	}
	return len(text)
}

// dollarLength measures a dollar-quoted string, 0 if text does not begin with one.
func dollarLength(text string) int {
	end := strings.IndexByte(text[1:], '$')
	if end < 0 {
		return 0
	}
	tag := text[:end+2]
	inner := tag[1 : len(tag)-1]
	if inner != "" && (wordLength(inner) != len(inner) || strings.IndexByte("0123456789", inner[0]) >= 0 || strings.ContainsRune(inner, '$')) {
		return 0
	}
	return len(tag) + lengthUntil(text[len(tag):], tag)
}

func wordByte(c byte) bool {
	return c == '_' || c >= utf8.RuneSelf || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// wordLength measures a word; a dollar sign may be in it but not begin it.
func wordLength(text string) int {
	n := 0
	for n < len(text) && (wordByte(text[n]) || n > 0 && text[n] == '$') {
		n++
	}
	return n
}
