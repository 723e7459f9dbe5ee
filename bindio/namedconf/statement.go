package namedconf

import (
	"fmt"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
)

// Place is where something stands.
type Place struct {
	File string
	Line int
}

// String is the place as compilers write it.
func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Statement is one statement up to its semicolon: words and blocks.
type Statement struct {
	Place
	Elements []Element
}

// Element is a word, a quoted text, or a block.
type Element struct {
	Text    string
	Quoted  bool
	Block   []Statement
	IsBlock bool
}

// Name is the first word in lower case, empty where there is none.
func (s Statement) Name() string {
	if len(s.Elements) == 0 || s.Elements[0].Quoted {
		return ""
	}
	return strings.ToLower(s.Word(0))
}

// Word is the text of an element, empty where there is none, or a block.
func (s Statement) Word(i int) string {
	if i >= len(s.Elements) {
		return ""
	}
	return s.Elements[i].Text
}

// Words are the texts of all elements but the name and blocks.
func (s Statement) Words() (words []string) {
	for _, e := range s.Elements[1:] {
		if !e.IsBlock {
			words = append(words, e.Text)
		}
	}
	return words
}

// Block is the first block, nil for none.
func (s Statement) Block() []Statement {
	for _, e := range s.Elements {
		if e.IsBlock {
			return e.Block
		}
	}
	return nil
}

// Plain is the statement as package dns writes it.
func (s Statement) Plain() dns.Statement {
	p := dns.Statement{Line: s.Line}
	for _, e := range s.Elements {
		out := dns.Element{Text: e.Text, Quoted: e.Quoted, IsBlock: e.IsBlock}
		for _, inner := range e.Block {
			out.Block = append(out.Block, inner.Plain())
		}
		p.Elements = append(p.Elements, out)
	}
	return p
}

// Short begins a line that tells of the statement. Its words are told if they are known to hold no
// secret: where a database is, for one, may be said with a password.
func (s Statement) Short() string {
	if tellsNoSecret(s.Name()) {
		return s.Entry()
	}
	if s.Block() != nil {
		return s.Name() + " { … }"
	}
	return s.Name()
}

// tellsNoSecret says whether the words of a statement are names, addresses, numbers and choices.
func tellsNoSecret(name string) bool {
	for _, prefix := range []string{"allow-", "also-", "auto-", "check-", "dnssec-", "match-", "max-", "min-", "minimal-", "notify", "transfer", "zone"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "acl", "category", "channel", "controls", "dns64", "dnskey-sig-validity", "empty-zones-enable", "disable-empty-zone", "file", "forward", "forwarders",
		"in-view", "include", "inline-signing", "ixfr-from-differences", "journal", "key", "key-directory", "listen-on", "listen-on-v6", "logging",
		"masters", "masterfile-format", "options", "pid-file", "port", "primaries", "recursion", "serial-update-method", "server", "sig-validity-interval",
		"tls", "type", "update-policy", "view", "directory", "blackhole", "version", "querylog":
		return true
	}
	return false
}

// Entry begins a line that tells of a statement of a list of names or addresses: its words up to the first
// block.
func (s Statement) Entry() string {
	const most = 80
	var words []string
	for _, e := range s.Elements {
		if e.IsBlock {
			words = append(words, "{ … }")
			break
		}
		words = append(words, e.Text)
	}
	text := []rune(strings.Join(words, " "))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}
