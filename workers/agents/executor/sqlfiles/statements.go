package sqlfiles

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// File is a file of SQL that has been read: its statements in order.
type File struct {
	Name       string
	statements []statement
	// ascii says that it has the same bytes in every encoding.
	ascii bool
}

// statement is one statement of a file, without the semicolon that ends it.
type statement struct {
	sql string
	// line is that of the statement's first word, counted from 1.
	line int
}

// byteOrderMark is what editors put before UTF-8.
const byteOrderMark = "\ufeff"

// Read divides a file into statements. It passes over a byte order mark and the commands
// \restrict and \unrestrict of pg_dump. It refuses, naming the line, what cannot run here:
// statements of transaction control, since the whole task is one transaction, a COPY from or
// to the client, for whose data the server would wait, and all other commands of psql.
//
// Where the server reads quotes otherwise than Read does (standard_conforming_strings off),
// a file may be divided in the wrong places. It fails then, and nothing is worse: see [Run].
func Read(name, text string) (File, error) {
	text = strings.TrimPrefix(text, byteOrderMark)
	f := File{Name: name, ascii: utf8.RuneCountInString(text) == len(text)}
	if err := checkEncoding(text); err != nil {
		return f, fmt.Errorf("%s: %w", name, err)
	}
	s := scanner{text: text, line: 1}
	for {
		st, more, err := s.statement()
		if err != nil {
			return f, fmt.Errorf("%s:%d: %w", name, s.line, err)
		}
		if st.sql != "" {
			f.statements = append(f.statements, st)
		}
		if !more {
			return f, nil
		}
	}
}

// checkEncoding refuses what is not UTF-8: a connection has one encoding, and this is it.
func checkEncoding(text string) error {
	switch {
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		return errors.New("it is UTF-16, and must be UTF-8")
	case strings.ContainsRune(text, 0):
		return errors.New("it has a NUL byte")
	case !utf8.ValidString(text):
		return fmt.Errorf("line %d is not UTF-8", 1+strings.Count(text[:invalidAt(text)], "\n"))
	}
	return nil
}

func invalidAt(text string) int {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return len(text)
}

// statement reads up to the end of a statement. After an error the scanner stands in the
// line of what is refused. more says whether the text goes on.
func (s *scanner) statement() (st statement, more bool, err error) {
	var o outline
	var from, end int
	for {
		s.blanks()
		at, line := s.at, s.line
		token, ok := s.next()
		switch {
		case !ok && s.open:
			return st, false, errors.New("a comment has no end")
		case !ok:
			st.sql = s.text[from:end]
			return st, false, nil
		case token == `\`:
			if err := s.command(o); err != nil {
				return st, false, err
			}
			continue
		case o.ends(token):
			st.sql = s.text[from:end]
			return st, true, nil
		case o.count == 0:
			from, st.line = at, line
		}
		o.add(token)
		end = s.at
		if err := o.refuse(token); err != nil {
			s.line = line
			return st, false, err
		}
	}
}
