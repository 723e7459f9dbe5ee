package executor

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestLine is the length at which a longer line is divided.
const longestLine = 16 << 10

// splitter divides a stream of bytes into lines. A carriage return ends a line
// like a line feed does (progress bars), and both together end one.
type splitter struct {
	line    func(text string)
	pending []byte
	// returned is set after a carriage return, whose line feed may follow.
	returned bool
	// divided is set after a piece of a long line, whose end is no line of its own.
	divided bool
}

// Write never fails.
func (s *splitter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if s.returned && p[0] == '\n' {
			s.returned, p = false, p[1:]
			continue
		}
		s.returned = false
		i := bytes.IndexAny(p, "\r\n")
		room := longestLine - len(s.pending)
		switch {
		case i < 0 && len(p) < room:
			s.pending = append(s.pending, p...)
			return n, nil
		case i < 0 || i > room:
			s.pending = append(s.pending, p[:room]...)
			p = p[room:]
			s.divide()
		default:
			s.pending = append(s.pending, p[:i]...)
			s.returned = p[i] == '\r'
			p = p[i+1:]
			if !s.divided || len(s.pending) > 0 {
				s.emit()
			}
			s.divided = false
		}
	}
	return n, nil
}

// flush emits a last line that has no end of line.
func (s *splitter) flush() {
	if len(s.pending) > 0 {
		s.emit()
	}
}

// divide emits the beginning of a long line, up to the end of a character.
func (s *splitter) divide() {
	rest := begunCharacter(s.pending)
	text := s.pending[:len(s.pending)-len(rest)]
	s.line(safe(text))
	s.pending = append(s.pending[:0], rest...)
	s.divided = true
}

// begunCharacter returns the bytes at the end that begin a character whose other bytes are
// still to come.
func begunCharacter(text []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		end := text[len(text)-n:]
		if utf8.RuneStart(end[0]) {
			if utf8.FullRune(end) {
				break
			}
			return end
		}
	}
	return nil
}

func (s *splitter) emit() {
	s.line(safe(s.pending))
	s.pending = s.pending[:0]
}

// safe turns a program's output into text that a terminal, browser or database can take:
// bytes that are not UTF-8, and characters that would make a line read differently from how
// it is written, are shown as \x.. . All others stay as they are.
func safe(raw []byte) string {
	if clean(raw) {
		return string(raw)
	}
	var out strings.Builder
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		if r == utf8.RuneError && size == 1 || !harmless(r) {
			for _, b := range raw[:size] {
				fmt.Fprintf(&out, `\x%02x`, b)
			}
		} else {
			out.Write(raw[:size])
		}
		raw = raw[size:]
	}
	return out.String()
}

func clean(raw []byte) bool {
	return utf8.Valid(raw) && bytes.IndexFunc(raw, func(r rune) bool { return !harmless(r) }) < 0
}

// harmless says whether a character is no control character but the tab, ends no line, and
// does not turn the reading direction. Joiners and blanks of any script are harmless.
func harmless(r rune) bool {
	return r == '\t' || !unicode.IsControl(r) && !unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

// brief makes a text safe, but for its line ends, and cuts it to a message's length between
// two characters.
func brief(text string) string {
	const longest = 2000
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = safe([]byte(line))
	}
	text = strings.Join(lines, "\n")
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// someNames joins names, as many as a message has room for.
func someNames(names []string) string {
	const room = 1200
	var text strings.Builder
	for i, name := range names {
		if i > 0 {
			text.WriteString(", ")
		}
		if text.Len()+len(name) > room && i > 0 {
			fmt.Fprintf(&text, "and %d more", len(names)-i)
			break
		}
		text.WriteString(name)
	}
	return text.String()
}
