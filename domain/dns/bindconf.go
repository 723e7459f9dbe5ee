package dns

import (
	"strings"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
)

// BindConf is a parsed BIND main configuration.
type BindConf struct {
	Statements []Statement
	source     string
}

// Statement is one statement of named.conf up to its semicolon: words and blocks.
type Statement struct {
	Elements []Element
	// Line is where the statement starts in the source, from 1.
	Line int
}

// Element is a word, a quoted text, or a block.
type Element struct {
	// Text is the word, or what stands between the quotes.
	Text   string
	Quoted bool
	// Block holds the statements between braces; IsBlock tells an empty block from a word.
	Block   []Statement
	IsBlock bool

	at, end int
}

// maxConfDepth is how deep blocks may nest.
const maxConfDepth = 16

// ParseBindConf reads a client's named.conf text, comments included, into
// statements. It checks the form alone; see [BindConf.Validate]. Errors name the line.
func ParseBindConf(text string) (*BindConf, error) {
	return withoutReferences(parseBindConf(text, strictForm))
}

// ReadBindConf reads a text that was accepted before, or that named wrote: in a form
// which a client may no longer use, too.
func ReadBindConf(text string) (*BindConf, error) {
	return withoutReferences(parseBindConf(text, storedForm))
}

func withoutReferences(conf *BindConf, err error) (*BindConf, error) {
	if err == nil && len(conf.references()) > 0 {
		return nil, domain.Invalid("bind_conf", "密钥不能以%q开头！", secretReference)
	}
	return conf, err
}

// parseBindConf also reads a text whose secrets are references to the vault.
func parseBindConf(text string, form confForm) (*BindConf, error) {
	if limit := form.limit(); len(text) > limit || !utf8.ValidString(text) {
		return nil, domain.Invalid("bind_conf", "不能超过%d字节，且必须是合法的UTF-8文本！", limit)
	}
	if at := strings.IndexFunc(text, notInConf); at >= 0 {
		return nil, confError(1+strings.Count(text[:at], "\n"), "不能包含控制字符")
	}
	p := confParser{lexer: confLexer{text: text, line: 1, form: form}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	statements, err := p.statements(0)
	if err != nil {
		return nil, err
	}
	return &BindConf{Statements: statements, source: text}, nil
}

func notInConf(r rune) bool {
	return (r < ' ' && r != '\n' && r != '\r' && r != '\t') || r >= 0x7f && r < 0xa0
}

type confParser struct {
	lexer confLexer
	token confToken
}

func (p *confParser) advance() (err error) {
	p.token, err = p.lexer.next()
	return err
}

func (p *confParser) atEnd() bool { return p.token.text == "" && !p.token.quoted }

// statements reads up to the end of the text (depth 0) or the closing brace.
func (p *confParser) statements(depth int) ([]Statement, error) {
	list := []Statement{}
	for {
		switch {
		case p.atEnd() && depth == 0, p.token.is("}") && depth > 0:
			return list, nil
		case p.atEnd():
			return nil, confError(p.token.line, "缺少“}”")
		case p.token.is("}"):
			return nil, confError(p.token.line, "多余的“}”")
		case depth > maxConfDepth:
			return nil, confError(p.token.line, "花括号嵌套过深")
		}
		s, err := p.statement(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
}

func (p *confParser) statement(depth int) (Statement, error) {
	s := Statement{Line: p.token.line}
	for !p.token.is(";") {
		if p.atEnd() || p.token.is("}") {
			return s, confError(p.token.line, "语句后面缺少“;”")
		}
		element, err := p.element(depth)
		if err != nil {
			return s, err
		}
		s.Elements = append(s.Elements, element)
	}
	if len(s.Elements) == 0 {
		return s, confError(p.token.line, "空语句")
	}
	return s, p.advance()
}

func (p *confParser) element(depth int) (Element, error) {
	t := p.token
	if err := p.advance(); err != nil {
		return Element{}, err
	}
	if !t.is("{") {
		return Element{Text: t.text, Quoted: t.quoted, at: t.at, end: t.end}, nil
	}
	block, err := p.statements(depth + 1)
	if err != nil {
		return Element{}, err
	}
	return Element{IsBlock: true, Block: block}, p.advance()
}

// Name is the statement's first word in lower case, as named compares it. It is
// empty where the statement starts with a block or with a quoted text, which named
// takes for no name.
func (s Statement) Name() string {
	if len(s.Elements) == 0 || s.Elements[0].Quoted {
		return ""
	}
	return strings.ToLower(s.word(0))
}

// word returns the text of an element, empty where there is none or it is a block.
func (s Statement) word(i int) string {
	if i >= len(s.Elements) {
		return ""
	}
	return s.Elements[i].Text
}

// block returns the statement's first block.
func (s Statement) block() []Statement {
	for _, e := range s.Elements {
		if e.IsBlock {
			return e.Block
		}
	}
	return nil
}

// endsInBlock says whether the statement is some words and then one block.
func (s Statement) endsInBlock() bool {
	for i, e := range s.Elements {
		if e.IsBlock {
			return i == len(s.Elements)-1
		}
	}
	return false
}

// Options returns the statements inside the options block.
func (c *BindConf) Options() []Statement {
	for _, s := range c.Statements {
		if s.Name() == "options" {
			return s.block()
		}
	}
	return nil
}

// Others returns all top-level statements but options.
func (c *BindConf) Others() []Statement {
	var out []Statement
	for _, s := range c.Statements {
		if s.Name() != "options" {
			out = append(out, s)
		}
	}
	return out
}

// String writes the configuration anew: one statement a line, blocks indented,
// without comments. It depends on nothing but the statements.
func (c *BindConf) String() string { return FormatStatements(c.Statements, 0) }

// FormatStatements writes statements one a line, indented by depth tabs.
func FormatStatements(list []Statement, depth int) string {
	var out strings.Builder
	for _, s := range list {
		s.format(&out, depth)
	}
	return out.String()
}

// SourceLine is the line on which the statement begins that [BindConf.String] writes on a line, 0 if there is none.
func (c *BindConf) SourceLine(written int) int {
	source, _ := sourceLine(c.Statements, 1, written)
	return source
}

// sourceLine looks for a line in statements that are written from a line on, and returns the line behind them as well.
func sourceLine(list []Statement, at, written int) (source, next int) {
	for _, s := range list {
		begun := at
		for _, e := range s.Elements {
			if !e.IsBlock {
				continue
			}
			if source, at = sourceLine(e.Block, at+1, written); source != 0 {
				return source, at
			}
		}
		if written >= begun && written <= at {
			return s.Line, at
		}
		at++
	}
	return 0, at
}

func (s Statement) format(out *strings.Builder, depth int) {
	indent := strings.Repeat("\t", depth)
	out.WriteString(indent)
	for i, e := range s.Elements {
		if i > 0 && !(s.Elements[i-1].Text == "!" && !s.Elements[i-1].Quoted) {
			out.WriteByte(' ')
		}
		switch {
		case e.IsBlock:
			out.WriteString("{\n" + FormatStatements(e.Block, depth+1) + indent + "}")
		case e.Quoted:
			out.WriteString(`"` + e.Text + `"`)
		default:
			out.WriteString(e.Text)
		}
	}
	out.WriteString(";\n")
}
