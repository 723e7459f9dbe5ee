package access

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"example.com", "example.com", true},
		{"example.com", "Example.COM.", true},
		{"example.com", "www.example.com", false},
		{"example.com", "xexample.com", false},
		{"example.com", "example.com.org", false},
		{"*.example.com", "www.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", "a.b.example.com", false},
		{"*.example.com", "*.example.com", true},
		{"**.example.com", "example.com", true},
		{"**.example.com", "a.b.example.com", true},
		{"**.example.com", "a.b.example.org", false},
		{"**.example.com", "aexample.com", false},
		{"_acme-challenge.**", "_acme-challenge", true},
		{"_acme-challenge.**", "_acme-challenge.www.example.com", true},
		{"_acme-challenge.**", "www._acme-challenge.example.com", false},
		{"a.**.b.**.c", "a.x.b.y.b.z.c", true},
		{"a.**.b.**.c", "a.x.y.z.c", false},
		{"a.**.*.c", "a.c", false},
		{"a.**.*.c", "a.b.c", true},
		{"**", "anything.at.all", true},
		{`a\.b.example.com`, `a\.b.example.com`, true},
		{`a\.b.example.com`, `a.b.example.com`, false},
		{"*.example.com", `a\.b.example.com`, true},
		{"*.*.example.com", `a\.b.example.com`, false},
		{`\*.example.com`, "*.example.com", true}, // a wildcard record
		{`\*.example.com`, "www.example.com", false},
	} {
		if got := matchesAny([]string{c.pattern}, c.name); got != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.name, got)
		}
		if got := regexp.MustCompile(PatternRegexp(c.pattern)).MatchString(inSQL(c.name)); got != c.want {
			t.Errorf("%s matches %s: %v in SQL", c.pattern, c.name, got)
		}
	}
}

// inSQL is the name as the condition of a list has it.
func inSQL(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) + "." }

// The matcher and its regular expression are of one mind.
func TestPatternsAgree(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from []string, most int) string {
		labels := make([]string, 1+random.IntN(most))
		for i := range labels {
			labels[i] = from[random.IntN(len(from))]
		}
		return strings.Join(labels, ".")
	}
	for range 20_000 {
		pattern, name := pick([]string{"a", "b", `a\.b`, `\*`, "*", "**", "*"}, 5), pick([]string{"a", "b", `a\.b`, "*", `\032a`}, 5)
		direct := matchesAny([]string{pattern}, name)
		if inSQL := regexp.MustCompile(PatternRegexp(pattern)).MatchString(inSQL(name)); inSQL != direct {
			t.Fatalf("%s matches %s: %v, in SQL %v", pattern, name, direct, inSQL)
		}
	}
}

func TestPatternForms(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", ".", "a..b", ".a", "A.com", "a*.com", "*a.com", "***.com", "a b.com", "中国.example", `a\`, `a\.`, "a\x00b", "a\nb", `"a"`, strings.Repeat("a.", 127) + "aa",
	} {
		if _, err := ParsePatterns("zones", []string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	got, err := ParsePatterns("zones", []string{"example.com.", "**.x", `a\ b.*`})
	if err != nil || got[0] != "example.com" || got[1] != "**.x" || got[2] != `a\ b.*` {
		t.Errorf("%q %v", got, err)
	}
	if _, err := ParsePatterns("zones", make([]string, maxPatterns+1)); err == nil {
		t.Error("any number of patterns is taken")
	}
}
