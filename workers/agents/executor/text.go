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
			s.emit()
			s.divided = true
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

func (s *splitter) emit() {
	s.line(safe(s.pending))
	s.pending = s.pending[:0]
}

// safe turns a program's output into text that a terminal, browser or database can
// take: bytes that are not printable UTF-8 are written as \x.. .
func safe(raw []byte) string {
	if clean(raw) {
		return string(raw)
	}
	var out strings.Builder
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		if r == utf8.RuneError && size == 1 || !printable(r) {
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
	return utf8.Valid(raw) && bytes.IndexFunc(raw, func(r rune) bool { return !printable(r) }) < 0
}

func printable(r rune) bool { return r == '\t' || unicode.IsPrint(r) }

// brief cuts a text to a message's length.
func brief(text string) string {
	const longest = 2000
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}
