package zonefile_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

// local reads a file beside which there are others.
func local(t *testing.T, text string, others map[string]string) (*zonefile.File, error) {
	t.Helper()
	return zonefile.ReadLocal(t.Context(), strings.NewReader(text), "a.test", math.MaxInt, func(name string) (io.ReadCloser, error) {
		other, has := others[name]
		if !has {
			return nil, errors.New("there is no such file")
		}
		return io.NopCloser(strings.NewReader(other)), nil
	})
}

// Origin and owner are after a $INCLUDE what they were before, and what it says of TTLs stays.
func TestInclude(t *testing.T) {
	t.Parallel()
	f, err := local(t, "$TTL 5\nwww A 192.0.2.1\n$INCLUDE one sub\n A 192.0.2.2\nend A 192.0.2.9\n$INCLUDE \"two words\"\n", map[string]string{
		"one": "\tTXT inherited\nx A 192.0.2.3\n$ORIGIN deeper\ny A 192.0.2.4\n$TTL 7\n", "two words": "z A 192.0.2.5",
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range f.All() {
		got = append(got, fmt.Sprintf("%s %d %s", r.Owner, f.TTL(r.Key()), dns.TypeName(r.Type)))
	}
	want := []string{"www 7 A", "www 5 TXT", "x.sub 5 A", "y.deeper.sub 5 A", "www 7 A", "end 7 A", "z 7 A"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Errors are told by file and line, and files that include themselves have an end.
func TestIncludeRefused(t *testing.T) {
	t.Parallel()
	deep := map[string]string{}
	for i := range 20 {
		deep[fmt.Sprint(i)] = fmt.Sprintf("$INCLUDE %d\n", i+1)
	}
	wide := map[string]string{"1": strings.Repeat("$INCLUDE 2\n", 200), "2": strings.Repeat("$INCLUDE 3\n", 200), "3": ""}
	for name, c := range map[string]struct {
		text   string
		others map[string]string
		want   string
	}{
		"lines":    {"$TTL 5\n$INCLUDE x\nbad\n", map[string]string{"x": "a A 192.0.2.1\n\nb A 1\n"}, "x:3: |\n:3: "},
		"missing":  {"$INCLUDE x\n", nil, ":1: \"x\": there is no such file"},
		"itself":   {"$INCLUDE x\n", map[string]string{"x": "\n$INCLUDE x"}, `x:2: "x" includes itself`},
		"round":    {"$INCLUDE x\n", map[string]string{"x": "$INCLUDE y", "y": "$INCLUDE x"}, `y:1: "x" includes itself`},
		"deep":     {"$INCLUDE 0\n", deep, "more files are included"},
		"wide":     {"$INCLUDE 1\n", wide, "more files are included"},
		"no file":  {"$INCLUDE\n", nil, ":1: $INCLUDE has a file"},
		"too many": {"$INCLUDE a b c\n", nil, ":1: $INCLUDE has a file"},
		"origin":   {"$INCLUDE a ..\n", nil, ":1: "},
	} {
		_, err := local(t, c.text, c.others)
		var refused *zonefile.Error
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var said strings.Builder
		for _, l := range refused.Lines {
			fmt.Fprintf(&said, "%s:%d: %s\n", l.File, l.Line, l.Err)
		}
		for part := range strings.SplitSeq(c.want, "|") {
			if !strings.Contains(said.String(), part) {
				t.Errorf("%s: %s", name, &said)
			}
		}
	}
	if _, err := zonefile.Read(t.Context(), strings.NewReader("$INCLUDE x\n"), "a.test", 9); err == nil {
		t.Error("a file that a client sends includes another one")
	}
}

// What a signer has made is left out, and its keys with it; without signatures keys stay.
func TestSigned(t *testing.T) {
	t.Parallel()
	const keys = "@ 5 DNSKEY 256 3 13 AAAA\n@ 5 CDS 0 0 0 00\n"
	const signatures = "@ 5 RRSIG SOA 13 2 60 20300101000000 20200101000000 1 a.test. AAAA\n@ NSEC b SOA RRSIG\n@ TYPE65534 \\# 1 00\n"
	for text, want := range map[string][2]int{keys: {2, 0}, keys + signatures + "www 5 A 192.0.2.1\n": {1, 5}} {
		f, err := local(t, text, nil)
		if err != nil || f.Len() != want[0] || f.Signed != want[1] {
			t.Errorf("%+v, %v", f, err)
			continue
		}
		first := f.At(0)
		if place, has := f.Has(first.Key(), first.Data); !has || place != 0 {
			t.Errorf("the first record is at %d, %v", place, has)
		}
	}
	f, err := local(t, "@ 5 A 192.0.2.1\n@ 7 RRSIG A 13 2 60 20300101000000 20200101000000 1 a.test. AAAA\nwww A 192.0.2.2\n", nil)
	if err != nil || f.At(1).TTL != 7 {
		t.Errorf("%+v, %v: the last TTL said is that of the signature", f, err)
	}
	if _, err := zonefile.Read(t.Context(), strings.NewReader(signatures), "a.test", 9); err == nil {
		t.Error("a client's file has signatures")
	}
}
