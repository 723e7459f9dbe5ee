package main

import (
	"net/http"
	"strings"
	"testing"
)

// What a file or the API says cannot drive a terminal.
func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\tb\nc":            "a\tb\nc",
		"\x1b]0;x\a\r\x7f":   `\x1b]0;x\x07\x0d\x7f`,
		"é\u009b31m \xff":    `é\xc2\x9b31m \xff`,
		"a\u202eb\ufffd\x00": `a\xe2\x80\xaeb` + "\ufffd" + `\x00`,
	} {
		if got := printable(text); got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
	if got := printableLine("a\nb\tc"); got != `a\x0ab`+"\tc" {
		t.Errorf("%q", got)
	}
}

// Everything that an import of a BIND prints passes there.
func TestImportIsPrintable(t *testing.T) {
	t.Parallel()
	const esc = "\x1b]2J"
	for name, c := range map[string]struct {
		conf    string
		replies map[string]func(http.ResponseWriter)
	}{
		"a file":     {conf: "zone \"a" + esc + "\" { type primary; file \"x\"; };"},
		"a pattern":  {conf: "include \"/" + esc + "*\";"},
		"an include": {conf: "include \"/" + esc + "\";"},
		"a refusal":  {conf: oneZone, replies: map[string]func(http.ResponseWriter){"POST /dns/zones": refusing("no" + esc)}},
		"an end":     {conf: "options { recursion no; };", replies: map[string]func(http.ResponseWriter){"POST /dns/bind_conf": refusing("no" + esc)}},
		"a warning": {conf: oneZone, replies: map[string]func(http.ResponseWriter){"POST /v1/zones/7/import": func(out http.ResponseWriter) {
			out.Header().Set("Opsledger-Warning", "beware\u009b2J")
			_, _ = out.Write([]byte("{}"))
		}}},
	} {
		said, err := importOf(t, &bindAPI{replies: c.replies}, c.conf, map[string]string{"a.db": "@ 60 SOA . . 1 1 1 1 1\n"})
		if err != nil {
			said += err.Error()
		}
		if strings.ContainsAny(said, "\x1b\u009b") || !strings.Contains(said, `\x1b]2J`) && !strings.Contains(said, `\xc2\x9b2J`) {
			t.Errorf("%s: %q", name, said)
		}
	}
}
