package dns_test

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

// A name has one spelling, whatever is escaped in it, and is the name that it was.
func TestEscapedHosts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`Floor\ 2`: `Floor\ 2`, `Floor\0322`: `Floor\ 2`, `a\.b.c`: `a\.b.c`, `a\046b`: `a\.b`, `\097bc`: "abc", `\a`: "a", `x\.`: `x\.`, `\\`: `\\`,
		`\195\182`: `\195\182`, `*.Floor\ 2`: `*.Floor\ 2`, `a\*b`: `a\*b`, `\@`: `\@`, "中国": "xn--fiqs8s", `中国.a\+`: `xn--fiqs8s.a\+`,
		`a\`: "", `\25`: "", `\256`: "", `\*`: "", `x.\*`: "", `\*.x`: "", `\042`: "", `a b`: "", `a\ b.`: "", `中\ 国`: "", `a\ b..c`: "",
		strings.Repeat(`\ `, 63): strings.Repeat(`\ `, 63), strings.Repeat(`\ `, 64): "",
	} {
		got, err := dns.ParseHost(text)
		if (err == nil) != (want != "") || got != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
}

// Lengths count octets, not characters.
func TestEscapedHostsFit(t *testing.T) {
	t.Parallel()
	label := strings.Repeat(`\032`, 63)
	for host, fits := range map[string]bool{
		strings.Join([]string{label, label, label}, "."):            true,
		strings.Join([]string{label, label, label, label[4:]}, "."): false,
	} {
		rr, err := dns.RecordRR("a.com", dns.RecordData{Host: host, Type: "A", Value: "192.0.2.1"})
		if (err == nil) != fits {
			t.Errorf("%s: %v, %v", host, rr, err)
		}
	}
	rr, err := dns.RecordRR("a.com", dns.RecordData{Host: `Floor\ 2`, Type: "PTR", Value: `Floor\ 2\ Printer._ipp._tcp`})
	if err != nil || rr.String() != `Floor\ 2.a.com.	0	IN	PTR	Floor\ 2\ Printer._ipp._tcp.a.com.` {
		t.Errorf("got %v, %v", rr, err)
	}
}
