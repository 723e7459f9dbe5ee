package sqlfiles

import (
	"fmt"
	"strings"
)

// File is a file of SQL statements.
type File struct {
	Name string
	SQL  string
}

// control are the words that a statement of transaction control begins with.
// PREPARE is one only before TRANSACTION.
var control = map[string]bool{
	"BEGIN": true, "START": true, "COMMIT": true, "END": true, "ROLLBACK": true, "ABORT": true, "SAVEPOINT": true, "RELEASE": true,
}

// Check refuses a file that has statements of transaction control: the whole task is
// one transaction, which a file must not end or divide. It also refuses a COPY from or
// to the client, for whose data the server would wait.
func Check(f File) error {
	if strings.ContainsRune(f.SQL, 0) {
		return fmt.Errorf("%s: it has a NUL byte", f.Name)
	}
	s := statement{}
	scan := scanner{text: f.SQL, line: 1}
	for {
		t, ok := scan.next()
		if !ok {
			return nil
		}
		if t.text == ";" && s.body == 0 {
			s = statement{}
			continue
		}
		s.add(t.text)
		if s.controls() {
			return fmt.Errorf("%s:%d: %s: statements of transaction control are not allowed, since all files are one transaction", f.Name, t.line, s.first)
		}
		if s.first == "COPY" && (t.text == "STDIN" || t.text == "STDOUT") {
			return fmt.Errorf("%s:%d: COPY %s: there is nobody at the other end", f.Name, t.line, t.text)
		}
	}
}

// statement is what has been read of a statement.
type statement struct {
	count         int
	first, second string
	last          string
	// body counts the open BEGIN ATOMIC and CASE of an SQL function's body, in
	// which a semicolon does not end the statement.
	body int
}

func (s *statement) add(token string) {
	s.count++
	switch s.count {
	case 1:
		s.first = token
	case 2:
		s.second = token
	}
	switch {
	case s.body == 0 && s.first == "CREATE" && s.last == "BEGIN" && token == "ATOMIC":
		s.body = 1
	case s.body > 0 && token == "CASE":
		s.body++
	case s.body > 0 && token == "END":
		s.body--
	}
	s.last = token
}

func (s *statement) controls() bool {
	return s.count == 1 && control[s.first] || s.count == 2 && s.first == "PREPARE" && s.second == "TRANSACTION"
}
