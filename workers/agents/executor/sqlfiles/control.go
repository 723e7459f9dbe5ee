package sqlfiles

import (
	"errors"
	"fmt"
	"strings"
)

// control are the words that a statement of transaction control begins with.
// PREPARE is one only before TRANSACTION.
var control = map[string]bool{
	"BEGIN": true, "START": true, "COMMIT": true, "END": true, "ROLLBACK": true, "ABORT": true, "SAVEPOINT": true, "RELEASE": true,
}

// passedOver are psql's commands that pg_dump writes around what it dumps. They only
// forbid psql's other commands in between, which nothing here carries out anyway.
var passedOver = map[string]bool{"RESTRICT": true, "UNRESTRICT": true}

// outline is what has been read of a statement.
type outline struct {
	count         int
	first, second string
	last          string
	// body counts the open BEGIN ATOMIC and CASE of an SQL function's body, depth the open
	// parentheses: a semicolon in either does not end the statement.
	body, depth int
}

func (o *outline) add(token string) {
	o.count++
	switch o.count {
	case 1:
		o.first = token
	case 2:
		o.second = token
	}
	switch {
	case token == "(":
		o.depth++
	case token == ")":
		o.depth = max(0, o.depth-1)
	case o.body == 0 && o.first == "CREATE" && o.last == "BEGIN" && token == "ATOMIC":
		o.body = 1
	case o.body > 0 && token == "CASE":
		o.body++
	case o.body > 0 && token == "END":
		o.body--
	}
	o.last = token
}

// ends says whether the token ends the statement.
func (o *outline) ends(token string) bool { return token == ";" && o.body == 0 && o.depth == 0 }

// refuse returns an error if the statement, read up to the token, cannot run here.
func (o *outline) refuse(token string) error {
	switch {
	case o.count == 1 && control[o.first], o.count == 2 && o.first == "PREPARE" && o.second == "TRANSACTION":
		return fmt.Errorf("%s: statements of transaction control are not allowed, since all files are one transaction", o.first)
	case o.count == 2 && o.first == "SET" && o.second == "TRANSACTION":
		return errors.New("SET TRANSACTION is not allowed: it would hold for the files after this one, too")
	case o.first == "COPY" && (token == "STDIN" || token == "STDOUT"):
		return fmt.Errorf("COPY %s: there is nobody at the other end", token)
	}
	return nil
}

// command passes over the command of psql that the scanner has come to, or refuses it.
func (s *scanner) command(o outline) error {
	rest := s.text[s.at:]
	line := rest[:lengthOfLine(rest)]
	name, _, _ := strings.Cut(line, " ")
	if o.count > 0 || !passedOver[strings.ToUpper(name)] {
		return fmt.Errorf(`\%s: it is a command of psql, and only SQL runs here`, name)
	}
	s.skip(len(line))
	return nil
}
