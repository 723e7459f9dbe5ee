package zonefile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// token is one field of an entry.
type token struct {
	// raw is as it is written, without the quotes around it: escapes are not resolved.
	raw    string
	quoted bool
	// glued says that nothing stands between this field and the one before.
	glued bool
}

// entry is a directive or a record: a line, or several joined by parentheses.
type entry struct {
	line   int
	tokens []token
	// inherits says that the line begins with a blank: its owner is that of the entry before.
	inherits bool
}

// maxEntry bounds the octets of an entry. The longest value has 8 KiB, each octet of which
// may be written as four.
const maxEntry = 64 << 10

// lexer cuts a master file into entries, as named does.
type lexer struct {
	in   *bufio.Reader
	line int
	// size counts the octets of the entry at hand, depth its parentheses that are open.
	size, depth int
	// inQuotes says that a double quote is open.
	inQuotes bool
}

func newLexer(r io.Reader) *lexer { return &lexer{in: bufio.NewReaderSize(r, 64<<10), line: 1} }

// restart has the lexer read a text.
func (l *lexer) restart(text string) {
	l.in.Reset(strings.NewReader(text))
	l.line = 1
}

// errTooLong ends the reading of a file: where its next entry begins is not known.
var errTooLong = domain.Refused("the entry is longer than %d KiB; is a parenthesis left open?", maxEntry>>10)

// next returns the next entry that is not empty, or io.EOF. A *[domain.Error] is about the
// entry, whose line is known, and reading goes on behind the entry; any other error is the
// input's.
func (l *lexer) next() (entry, error) {
	for {
		e, err := l.scan()
		var refusal *domain.Error
		switch {
		case errors.As(err, &refusal) && refusal != errTooLong:
			if skipped := l.skipEntry(); skipped != nil && !errors.Is(skipped, io.EOF) {
				return e, skipped
			}
			return e, err
		case errors.Is(err, io.EOF) && len(e.tokens) > 0:
			return e, nil
		case err != nil || len(e.tokens) > 0:
			return e, err
		}
	}
}

// scan reads to the end of an entry, which may have no fields.
func (l *lexer) scan() (e entry, err error) {
	e.line, l.size, l.depth, l.inQuotes = l.line, 0, 0, false
	glued, atStart := false, true
	for {
		c, err := l.read()
		switch {
		case errors.Is(err, io.EOF) && l.depth > 0:
			return e, domain.Refused("a parenthesis is left open")
		case err != nil:
			return e, err
		}
		switch c {
		case '\n':
			l.line++
			if l.depth == 0 {
				return e, nil
			}
			glued = false
		case ' ', '\t':
			e.inherits, glued = e.inherits || atStart, false
		case ';':
			if err := l.skipComment(); err != nil {
				return e, err
			}
		case '(', ')':
			if err := l.parenthesis(c, len(e.tokens) == 0 && !e.inherits); err != nil {
				return e, err
			}
			glued = false
		default:
			t, err := l.token(c)
			if err != nil {
				return e, err
			}
			t.glued = glued
			e.tokens, glued = append(e.tokens, t), true
		}
		atStart = false
	}
}

func (l *lexer) parenthesis(c byte, first bool) error {
	closes := c == ')' && l.depth == 0
	if c == '(' {
		l.depth++
	} else if !closes {
		l.depth--
	}
	switch {
	case first:
		return domain.Refused("an entry must not begin with a parenthesis")
	case closes:
		return domain.Refused("a parenthesis closes that was not opened")
	default:
		return nil
	}
}

// read returns the next octet. A carriage return is a part of the line's end, or refused.
func (l *lexer) read() (byte, error) {
	c, err := l.in.ReadByte()
	if err != nil {
		return 0, err
	}
	if l.size++; l.size > maxEntry {
		return 0, errTooLong
	}
	if c == '\r' {
		if next, err := l.in.Peek(1); err != nil || next[0] != '\n' {
			return 0, domain.Refused("a carriage return stands within a line")
		}
		return l.in.ReadByte()
	}
	return c, nil
}

// skipComment reads up to the end of the line, which stays.
func (l *lexer) skipComment() error {
	for {
		if _, err := l.in.Peek(1); err != nil {
			return nil // the end of the file, which the next read finds
		}
		here, _ := l.in.Peek(l.in.Buffered())
		end := bytes.IndexAny(here, "\r\n")
		if end >= 0 {
			here = here[:end]
		}
		if _, err := l.in.Discard(len(here)); err != nil || end >= 0 {
			return err
		}
	}
}

// skipEntry reads to the end of the entry that was refused: that of the line in which its last
// parenthesis closes. Errors in what is skipped are not told.
func (l *lexer) skipEntry() error {
	for {
		c, err := l.in.ReadByte()
		if err != nil {
			return err
		}
		if l.size++; l.size > maxEntry && l.depth > 0 {
			return errTooLong
		}
		switch {
		case c == '\n':
			l.line++
			if l.depth == 0 {
				return nil
			}
			l.inQuotes = false
		case c == '\\':
			if next, err := l.in.Peek(1); err == nil && next[0] != '\n' {
				_, _ = l.in.Discard(1) // which is there
			}
		case c == '"':
			l.inQuotes = !l.inQuotes
		case l.inQuotes:
		case c == ';':
			if err := l.skipComment(); err != nil {
				return err
			}
		case c == '(':
			l.depth++
		case c == ')' && l.depth > 0:
			l.depth--
		}
	}
}

// token reads the field that begins with c.
func (l *lexer) token(c byte) (token, error) {
	if c == '"' {
		raw, err := l.quoted()
		return token{raw: raw, quoted: true}, err
	}
	raw := make([]byte, 0, 32)
	for {
		if err := checkOctet(c); err != nil {
			return token{}, err
		}
		raw = append(raw, c)
		if c == '\\' {
			escaped, err := l.escaped()
			if err != nil {
				return token{}, err
			}
			raw = append(raw, escaped)
		}
		next, err := l.in.Peek(1)
		if err != nil || endsToken(next[0]) {
			return token{raw: string(raw)}, nil
		}
		if c, err = l.read(); err != nil {
			return token{}, err
		}
	}
}

func endsToken(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', ';', '(', ')', '"':
		return true
	default:
		return false
	}
}

// escaped reads what stands behind a backslash.
func (l *lexer) escaped() (byte, error) {
	next, err := l.in.Peek(1)
	if err != nil || next[0] == '\n' || next[0] == '\r' {
		return 0, domain.Refused("the line ends in a backslash")
	}
	c, err := l.read()
	if err == nil {
		err = checkOctet(c)
	}
	return c, err
}

// quoted reads a field up to its closing quote.
func (l *lexer) quoted() (string, error) {
	raw := make([]byte, 0, 64)
	l.inQuotes = true
	for {
		next, err := l.in.Peek(1)
		if err != nil || next[0] == '\n' || next[0] == '\r' {
			return "", domain.Refused("a double quote is left open")
		}
		c, err := l.read()
		if err != nil {
			return "", err
		}
		if c == '"' {
			l.inQuotes = false
			return string(raw), nil
		}
		if err := checkOctet(c); err != nil {
			return "", err
		}
		raw = append(raw, c)
		if c == '\\' {
			escaped, err := l.escaped()
			if err != nil {
				return "", err
			}
			raw = append(raw, escaped)
		}
	}
}

// checkOctet refuses what no editor shows. Octets that are no ASCII stand for themselves.
func checkOctet(c byte) error {
	if c < ' ' && c != '\t' || c == 0x7f {
		return domain.Refused("a control character stands in the line; write it as \\%03d", c)
	}
	return nil
}
