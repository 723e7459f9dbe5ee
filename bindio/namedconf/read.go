package namedconf

import (
	"fmt"
	"path"
	"slices"
)

const (
	// maxText bounds the octets of all files together, maxFiles their number.
	maxText, maxFiles = 16 << 20, 1000
	// maxDepth is how deep blocks may nest, maxIncludeDepth how deep files may include each other.
	maxDepth, maxIncludeDepth = 16, 16
)

// Error is about one place.
type Error struct {
	Place
	Text string
}

func (e *Error) Error() string { return e.Place.String() + ": " + e.Text }

// Read reads a configuration, which has the name to named. Afterwards the directory of the files is
// that which the options say, and if they say none the folder of the configuration.
func (f *Files) Read(name string) ([]Statement, error) {
	f.Directory, f.Missed = path.Dir(name), nil
	r := &reader{files: f, left: maxText}
	return r.file(Place{name, 0}, name)
}

// reader reads files that include each other.
//
// Invariants: no file is within itself, and octets, files and depths are bounded.
type reader struct {
	files *Files
	open  []string
	count int
	left  int64
}

// file reads a file that stands at a place.
func (r *reader) file(at Place, name string) ([]Statement, error) {
	switch {
	case slices.Contains(r.open, name):
		return nil, &Error{at, name + " includes itself"}
	case len(r.open) == maxIncludeDepth || r.count == maxFiles:
		return nil, &Error{at, "more files are included than can be taken"}
	}
	text, err := r.files.read(name, r.left)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	r.left -= int64(len(text))
	r.count++
	r.open = append(r.open, name)
	l, err := newLexer(name, text)
	if err != nil {
		return nil, err
	}
	p := parser{reader: r, lexer: l}
	if err := p.advance(); err != nil {
		return nil, err
	}
	list, err := p.statements(0, "")
	r.open = r.open[:len(r.open)-1]
	return list, err
}

// include reads the files that an include names.
func (r *reader) include(s Statement) (list []Statement, err error) {
	if len(s.Elements) != 2 || s.Elements[1].IsBlock {
		return nil, &Error{s.Place, "an include names one file"}
	}
	names, missed, err := r.files.matching(s.Word(1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Place, err)
	}
	if missed != nil {
		r.files.Missed = append(r.files.Missed, Missed{s, missed.Error()})
	}
	for _, name := range names {
		some, err := r.file(s.Place, name)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	return list, nil
}

// parser reads the statements of one file.
type parser struct {
	*reader
	lexer *lexer
	token token
}

func (p *parser) advance() (err error) {
	p.token, err = p.lexer.next()
	return err
}

func (p *parser) fail(text string) error { return &Error{Place{p.lexer.file, p.token.line}, text} }

// statements reads up to the end of the file, or the brace that closes the block of the named
// statement.
func (p *parser) statements(depth int, within string) (list []Statement, err error) {
	list = []Statement{} // a block that has none is one, too
	for {
		switch {
		case p.token.isEnd() && depth == 0, p.token.is("}") && depth > 0:
			return list, nil
		case p.token.isEnd():
			return nil, p.fail("a brace is left open")
		case p.token.is("}"):
			return nil, p.fail("there is no brace to close")
		case p.token.is(";"): // named takes empty statements
			if err := p.advance(); err != nil {
				return nil, err
			}
			continue
		case depth > maxDepth:
			return nil, p.fail("braces nest too deep")
		}
		s, err := p.statement(depth)
		if err != nil {
			return nil, err
		}
		if s.Name() == "include" {
			some, err := p.include(s)
			if err != nil {
				return nil, err
			}
			list = append(list, some...)
			continue
		}
		if s.Name() == "directory" && within == "options" {
			p.files.Directory = p.files.Absolute(s.Word(1)) // from here on, as named changes to it
		}
		list = append(list, s)
	}
}

func (p *parser) statement(depth int) (s Statement, err error) {
	s.Place = Place{p.lexer.file, p.token.line}
	for !p.token.is(";") {
		if p.token.isEnd() || p.token.is("}") {
			return s, p.fail("a semicolon is missing")
		}
		e, err := p.element(depth, s.Name())
		if err != nil {
			return s, err
		}
		s.Elements = append(s.Elements, e)
	}
	return s, p.advance()
}

func (p *parser) element(depth int, within string) (e Element, err error) {
	t := p.token
	if err := p.advance(); err != nil {
		return e, err
	}
	if !t.is("{") {
		return Element{Text: t.text, Quoted: t.quoted}, nil
	}
	e.IsBlock = true
	if e.Block, err = p.statements(depth+1, within); err != nil {
		return e, err
	}
	return e, p.advance()
}
