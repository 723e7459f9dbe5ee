package zonefile

import (
	"errors"
	"strings"
	"testing"
)

// Records that are there already count, too.
func TestRepeatedRecordsAreBounded(t *testing.T) {
	t.Parallel()
	var many *TooManyError
	r := newReader(strings.NewReader("$TTL 5\n$GENERATE 1-3 x A 10.0.0.1\n"), "a.test", 1000)
	r.seen = maxRead - 2
	if _, err := r.all(t.Context()); !errors.As(err, &many) || many.Most != maxRead {
		t.Error(err)
	}
}

// A short file becomes no more than a large one has: here its last mebibyte is left.
func TestGeneratedOctetsAreBounded(t *testing.T) {
	t.Parallel()
	text := "$GENERATE 1-65536 x 5 A \"192.0.2.1;" + strings.Repeat("${0,127}", 400) + "\"\n"
	r := newReader(strings.NewReader(text), "a.test", 1000)
	r.octets = maxOctets - 1<<20
	var large *TooLargeError
	if _, err := r.all(t.Context()); !errors.As(err, &large) || large.Most != 64<<20 {
		t.Error(err)
	}
}

// All that is kept counts, and all that is made by $GENERATE.
func TestOctetsAreBounded(t *testing.T) {
	t.Parallel()
	const left = 1000
	long := strings.Repeat(strings.Repeat("o", 60)+".", 3) + "a.test.\n"
	for name, text := range map[string]string{
		"templates":         `$GENERATE 1-100 x A "192.0.2.1;` + strings.Repeat("${0,0,d}", 10) + "\"\n",
		"texts":             `$GENERATE 1-11 x A "192.0.2.1;${0,99}"` + "\n",
		"data":              strings.Repeat("x TXT "+strings.Repeat("a", 250)+"\nx TXT b"+strings.Repeat("a", 249)+"\n", 2) + "x TXT " + strings.Repeat("c", 250) + "\n",
		"names in data":     "x CNAME v." + long + "x CNAME w." + long + "x CNAME V." + long + "x NS X." + long + "x NS Y." + long,
		"owners":            "$ORIGIN " + long + strings.Repeat("x A 192.0.2.1\n", 6),
		"owners, written":   "$ORIGIN O" + long + strings.Repeat("x A 192.0.2.1\n", 3),
		"owners, generated": "$ORIGIN " + long + "$GENERATE 1-6 x A 192.0.2.1\n",
	} {
		r := newReader(strings.NewReader("$TTL 5\n"+text), "a.test", 1000)
		r.octets = maxOctets - left
		var large *TooLargeError
		if _, err := r.all(t.Context()); !errors.As(err, &large) {
			t.Errorf("%s: %v, %d octets", name, err, r.octets-maxOctets+left)
		}
	}
	r := newReader(strings.NewReader("$TTL 5\n"+strings.Repeat("x A 192.0.2.1\n A 192.0.2.2\n", 50)), "a.test", 1000)
	r.octets = maxOctets - left
	if _, err := r.all(t.Context()); err != nil {
		t.Error(err)
	}
}
