package bind

import (
	"net/netip"
	"os"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
)

// mayAsk says whether the configuration that named took last lets clients at an address
// ask. What cannot be told counts as no.
func (e *Engine) mayAsk(from netip.Addr) bool {
	text, err := os.ReadFile(e.layout.goodText())
	if err != nil {
		return false
	}
	conf, err := dns.ReadBindConf(string(text))
	if err != nil {
		return false
	}
	for _, s := range conf.Options() {
		if s.Name() == "allow-query" {
			return allows(s, from)
		}
	}
	return true
}

// allows says whether an address match list of the user's admits the address for sure.
func allows(s dns.Statement, from netip.Addr) bool {
	var words []string
	for _, element := range s.Elements {
		for _, item := range element.Block {
			var word strings.Builder
			for _, part := range item.Elements {
				word.WriteString(part.Text)
			}
			words = append(words, word.String())
		}
	}
	entries, err := dns.ParseACL(strings.Join(words, "\n"))
	return err == nil && admits(entries, from)
}
