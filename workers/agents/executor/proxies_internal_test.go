package executor

import (
	"slices"
	"strings"
	"testing"
)

// Only what names a proxy is taken, and the owner of somebody else's repository gets no
// password.
func TestProxies(t *testing.T) {
	t.Parallel()
	all := ProxiesOf([]string{"https_proxy=http://li:p@ss/word@proxy:3128", "ALL_PROXY=socks5h://li:x@proxy", "http_proxy=li:pass@proxy:1", "no_proxy=.example.org",
		"HTTP_PROXY=http://evil", "AWS_SECRET=x", "https_proxy_x=y", "HTTPS_PROXY="})
	if len(all) != 4 || !slices.Equal(all.forUser(true), all) {
		t.Errorf("got %q", all)
	}
	want := []string{"https_proxy=http://proxy:3128", "ALL_PROXY=socks5h://proxy", "http_proxy=proxy:1", "no_proxy=.example.org"}
	if got := all.forUser(false); !slices.Equal(got, want) {
		t.Errorf("the owner gets %q", got)
	}
	for _, text := range []string{
		"cannot resolve 'http://li:p@ss/word@proxy:3128'", "password p@ss/word is wrong", "li:pass@proxy:1 is no address", "https://u:secret@git/x?a=b",
		`"https://u:sec@ret@git/x"`,
	} {
		hidden := all.hide(text)
		for _, secret := range []string{"ss/word", "pass@", "secret", "ret@"} {
			if strings.Contains(hidden, secret) {
				t.Errorf("%q shows %s", hidden, secret)
			}
		}
	}
	if text := "remote: https://git.example.org/x not found, mail li@example.org"; all.hide(text) != text {
		t.Errorf("got %q", all.hide(text))
	}
}
