package dns_test

import (
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

func TestSpellings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"WWW.Example":      {"www.example"},
		"例子.Test":          {"例子.test", "xn--fsqu00a.test"},
		"BÜCHER":           {"bücher", "xn--bcher-kva"},
		"xn--FSQU00A.test": {"xn--fsqu00a.test", "例子.test"},
		"v=spf1 100%":      {"v=spf1 100%"},
	} {
		if got := dns.Spellings(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
