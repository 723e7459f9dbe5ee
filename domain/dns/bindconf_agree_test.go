package dns_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

// The tests of this file compare our reading of named.conf texts with named's own, many
// texts to a run of named-checkconf. OPSLEDGER_CONF_INPUTS is how many texts that we
// accept are compared in each of the two ways.

const agreeBatch = 400

func agreeInputs(t *testing.T) int {
	text := os.Getenv("OPSLEDGER_CONF_INPUTS")
	if text == "" {
		return 6 * agreeBatch
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// named goes on after an option that it does not know, and names it. So it tells how it
// cuts any text at all into statements: here each statement is an unknown option. It
// reads both the client's text and what we write anew.
func TestNamedSeesTheSameStatements(t *testing.T) {
	t.Parallel()
	for place, around := range map[string][2]string{
		"top": {"", ""}, "options": {"options {\n", "};\n"}, "channel": {"logging { channel c {\n", "}; };\n"},
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			g := &confGenerator{Rand: rand.New(rand.NewPCG(1, uint64(place[0])))}
			g.batches(t, agreeInputs(t)/3, g.statements, isNamed, func(batch []confInput) error {
				return compareNames(t, around, batch)
			})
		})
	}
}

// named prints the address lists of a text that it takes. Each token of theirs must be
// the one that we read, be it quoted or not.
func TestNamedSeesTheSameTokens(t *testing.T) {
	t.Parallel()
	g := &confGenerator{Rand: rand.New(rand.NewPCG(2, 2))}
	g.batches(t, agreeInputs(t), g.list, isList, func(batch []confInput) error { return comparePrinted(t, batch) })
}

// FuzzBindConfToNamed: whatever text is accepted, named says the same to it and to what we write
// anew from its statements.
func FuzzBindConfToNamed(f *testing.F) {
	for _, seed := range append(slices.Clone(touchingComments), acceptedConf, dns.DefaultBindConf,
		"options { version \"a;b\"; };", "acl a { 10/8; ! { ::1; }; };\r\n# x\r\n", "options { rate-limit { window 5; }; };") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		conf, err := dns.ParseBindConf(text)
		if err != nil || conf.Validate() != nil {
			return
		}
		if theirs, ours := namedSays(t, text), namedSays(t, conf.String()); theirs != ours {
			t.Errorf("named says to the text\n%s\nand to what we make of it\n%s\nthe text is %q", theirs, ours, text)
		}
	})
}

type confInput struct {
	text string
	conf *dns.BindConf
}

// confGenerator makes texts from parts that lexers could disagree about.
type confGenerator struct {
	*rand.Rand
	made, refused int
}

// batches compares wanted inputs that we accept, and names the first that differs. Those
// are left out that a comment has made something of that named would refuse as well.
func (g *confGenerator) batches(
	t *testing.T, wanted int, one func() string, whole func(dns.Statement) bool, compare func([]confInput) error,
) {
	for left := wanted; left > 0; left -= agreeBatch {
		batch := g.batch(one, whole)
		err := compare(batch)
		for err != nil && len(batch) > 1 { // which half is it?
			half := batch[:len(batch)/2]
			if halfErr := compare(half); halfErr != nil {
				batch, err = half, halfErr
			} else {
				batch = batch[len(batch)/2:]
				err = compare(batch)
			}
		}
		if err != nil {
			t.Fatalf("%v\nthe text is %q", err, batch[0].text)
		}
	}
	t.Logf("%d texts compared, %d more were refused", g.made-g.refused, g.refused)
}

func (g *confGenerator) batch(one func() string, whole func(dns.Statement) bool) []confInput {
	var out []confInput
	for len(out) < agreeBatch {
		text := one()
		g.made++
		conf, err := dns.ParseBindConf(text)
		if err != nil || slices.ContainsFunc(conf.Statements, func(s dns.Statement) bool { return !whole(s) }) {
			g.refused++
			continue
		}
		out = append(out, confInput{text, conf})
	}
	return out
}

// isNamed says whether the statement has kept the name that the generator gave it. Others
// begin with what is no name to named, such as "!" or a prefix, and are never allowed.
func isNamed(s dns.Statement) bool { return strings.HasPrefix(s.Name(), "x") }

func isList(s dns.Statement) bool {
	return s.Name() == "acl" && len(s.Elements) == 3 && !s.Elements[1].IsBlock && areElements(s.Elements[2].Block)
}

// areElements says whether each statement is an address, a name or a block, maybe negated.
func areElements(list []dns.Statement) bool {
	for _, s := range list {
		e := s.Elements
		if e[0].Text == "!" && !e[0].Quoted {
			e = e[1:]
		}
		if len(e) != 1 || e[0].Text == "!" || e[0].IsBlock && !areElements(e[0].Block) {
			return false
		}
	}
	return len(list) > 0
}

func (g *confGenerator) pick(from ...string) string { return from[g.IntN(len(from))] }

// gap is what stands between two tokens: mostly something harmless.
func (g *confGenerator) gap() string {
	switch g.IntN(40) {
	case 0:
		return ""
	case 1:
		return g.pick("/**/", "/***/", "/*/*/", "/* */", "/*\n*/", "//\n", "#\n", "/* \" */", "/*;*/", "/*}*/", "/*/**/", "/**//**/",
			"\r", "/*", "*/", "//")
	case 2:
		return " " + g.comment()
	case 3:
		return g.comment() + " "
	default:
		return g.pick(" ", " ", " ", "\t", "\n", "\r\n", "  ", " \n\t", " "+g.comment()+" ", "\n"+g.comment()+"\n")
	}
}

// comment is a whole comment with anything in it.
func (g *confGenerator) comment() string {
	inside := ""
	for range g.IntN(5) {
		inside += g.pick(`"`, ";", "{", "}", "*", "/", "#", "//", "/*", "a", " ", "!", "é", "include \"x\";", "\\", "'", "*/"[:g.IntN(3)])
	}
	if g.IntN(2) == 0 {
		return g.pick("//", "#") + inside + g.pick("\n", "\r\n")
	}
	return "/*" + inside + "*/"
}

func (g *confGenerator) word() string {
	const letters = "abcXYZ019-_.:+*%"
	text := make([]byte, 1+g.IntN(6))
	for i := range text {
		text[i] = letters[g.IntN(len(letters))]
	}
	if g.IntN(30) == 0 {
		return g.pick("10.0.0.0/8", "::/0", "a/b", "/", "1/", "\\", "é", "=", "'", "a\\ b", "!", "include", "*/", "10/8")
	}
	return string(text)
}

// quoted is a quoted text, in special cases with anything in it.
func (g *confGenerator) quoted(alphabet ...string) string {
	inside := ""
	for range g.IntN(8) {
		inside += g.pick(alphabet...)
	}
	return `"` + inside + `"`
}

// statements are some statements that named does not know, with blocks in them.
func (g *confGenerator) statements() string {
	text := ""
	for range 1 + g.IntN(3) {
		text += g.gap() + "x" + strconv.Itoa(g.made) + g.pick("", ".", "-", "_a", "+", ":") + g.rest(0)
	}
	return text + g.pick("", g.gap(), "// end")
}

func (g *confGenerator) rest(depth int) string {
	text := ""
	for range g.IntN(4) {
		switch g.IntN(8) {
		case 0:
			// Where named does not know an option, it does not mind quotes: see validateQuoted.
			text += g.gap() + g.quoted("a", "0", " ", "/", "=", "é", "'", "!", "*")
		case 1, 2:
			if depth < 3 {
				text += g.gap() + "{"
				for range g.IntN(3) {
					text += g.gap() + g.word() + g.rest(depth+1)
				}
				text += g.gap() + "}"
			}
		default:
			text += g.gap() + g.word()
		}
	}
	return text + g.pick("", g.gap()) + ";"
}

// list is an address list, whose name is quoted or not.
func (g *confGenerator) list() string {
	name := "n" + strconv.Itoa(g.made)
	if g.IntN(2) == 0 {
		name = `"` + name + g.quoted("a", ";", "{", "}", "#", "//", "/*", "*/", " ", "!", "é", "'", "\\", "\t", "\r", "=", "include")[1:]
	} else {
		name += g.pick("", "a", ".", "-", "_", "+", ":", "%", "*")
	}
	text := g.gap() + g.pick("acl", "ACL", "Acl") + g.pick(" ", "\t", "\n") + g.gap() + name + g.gap() + "{"
	for range 1 + g.IntN(4) {
		text += g.element(0)
	}
	return text + g.gap() + "}" + g.pick("", g.gap()) + ";" + g.pick("", g.gap())
}

func (g *confGenerator) element(depth int) string {
	text := g.gap() + g.pick("", "", "!", "! ", "!"+g.gap())
	if depth < 4 && g.IntN(5) == 0 {
		text += "{"
		for range 1 + g.IntN(2) {
			text += g.element(depth + 1)
		}
		return text + g.gap() + "}" + g.pick("", g.gap()) + ";"
	}
	return text + g.pick("10.0.0.1/32", "10.0.0.0/8", "::1/128", "2001:db8::/32", "any", "none", "localhost", `"localnets"`,
		"fe80::1/128", `"any"`, "192.0.2.0/24") + g.pick("", g.gap()) + ";"
}

var unknownOption = regexp.MustCompile(`(?m)^.*:\d+: unknown option '(.*)'$`)

// compareNames compares the unknown options that named finds with our statements.
func compareNames(t *testing.T, around [2]string, batch []confInput) error {
	var want []string
	var theirs, ours strings.Builder
	for _, in := range batch {
		for _, s := range in.conf.Statements {
			want = append(want, s.Elements[0].Text)
		}
		theirs.WriteString(in.text + "\n")
		ours.WriteString(in.conf.String())
	}
	for whose, text := range map[string]string{"the text": theirs.String(), "what we make of it": ours.String()} {
		said := namedSays(t, around[0]+text+around[1])
		var got []string
		for _, m := range unknownOption.FindAllStringSubmatch(said, -1) {
			got = append(got, m[1])
		}
		if !slices.Equal(got, want) || strings.Count(said, "\n") != len(got) {
			return fmt.Errorf("in %s named sees %q\nwe see %q\nnamed says %.1000s", whose, got[:min(9, len(got))], want[:min(9, len(want))], said)
		}
	}
	return nil
}

// comparePrinted compares what named prints with our statements, token by token.
func comparePrinted(t *testing.T, batch []confInput) error {
	var want []string
	var theirs, ours strings.Builder
	for _, in := range batch {
		want = append(want, tokensOf(in.conf.Statements)...)
		theirs.WriteString(in.text + "\n")
		ours.WriteString(in.conf.String())
	}
	for whose, text := range map[string]string{"the text": theirs.String(), "what we make of it": ours.String()} {
		said := namedSays(t, text)
		printed, err := dns.ReadBindConf(said)
		if err != nil {
			return fmt.Errorf("named says to %s: %.1000s", whose, said)
		}
		if got := tokensOf(printed.Statements); !slices.Equal(got, want) {
			return fmt.Errorf("in %s named sees %.1000q\nwe see %.1000q", whose, got, want)
		}
	}
	return nil
}

// tokensOf are the tokens of statements, in lower case and without quotes: named prints
// names quoted and words as it knows them.
func tokensOf(list []dns.Statement) (tokens []string) {
	for _, s := range list {
		for _, e := range s.Elements {
			if e.IsBlock {
				tokens = append(append(append(tokens, "{"), tokensOf(e.Block)...), "}")
			} else {
				tokens = append(tokens, strings.ToLower(e.Text))
			}
		}
		tokens = append(tokens, ";")
	}
	return tokens
}

// namedSays is what named-checkconf prints of a text, or says against it, without places.
func namedSays(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "named.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(bindTool(t, "named-checkconf"), "-c", "-p", file).CombinedOutput()
	if err == nil && len(said) == 0 {
		return "options {\n};\n"
	}
	return placeInConf.ReplaceAllString(string(said), "named.conf:0:")
}

var placeInConf = regexp.MustCompile(`(?m)^/.*named\.conf:\d+:`)
