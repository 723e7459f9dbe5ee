package wording

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/opsledger/opsledger/domain"
)

// Language is a language that replies are in.
type Language string

// The languages.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// Languages lists them.
func Languages() []Language { return []Language{Chinese, English} }

// Parse returns the language of a name.
func Parse(name string) (Language, bool) {
	l := Language(name)
	return l, slices.Contains(Languages(), l)
}

// Say returns the text in the language.
func (l Language) Say(t domain.Text) string {
	args := make([]any, len(t.Args))
	for i, arg := range t.Args {
		switch a := arg.(type) {
		case domain.Text:
			arg = l.Say(a)
		case domain.Phrase:
			arg = l.phrase(string(a))
		case *domain.Error:
			arg = l.SayError(a)
		}
		args[i] = arg
	}
	format, _ := l.format(t.Format)
	return fmt.Sprintf(format, args...)
}

// SayError returns the error's message in the language.
func (l Language) SayError(e *domain.Error) string {
	if e.Where == "" {
		return l.Say(e.Text)
	}
	return e.Where + ": " + l.Say(e.Text)
}

// format returns the format of a text in the language; known is false where the text
// is only there as it was written.
func (l Language) format(written string) (format string, known bool) {
	if printed[written] || !hasWords(written) {
		return written, true
	}
	if languageOf(written) == l {
		return written, true
	}
	format, known = other(written)
	if !known {
		return written, false
	}
	return format, true
}

var numbers = regexp.MustCompile(`\d+`)

// phrase returns a phrase in the language. One that has no entry may have one with %d
// in place of its numbers.
func (l Language) phrase(written string) string {
	if text, known := l.format(written); known {
		return text
	}
	format, known := l.format(numbers.ReplaceAllString(strings.ReplaceAll(written, "%", "%%"), "%d"))
	if !known {
		return written
	}
	var args []any
	for _, digits := range numbers.FindAllString(written, -1) {
		args = append(args, domain.Phrase(digits))
	}
	return fmt.Sprintf(strings.ReplaceAll(format, "%d", "%s"), args...)
}

// languageOf is the language that a text was written in.
func languageOf(text string) Language {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return Chinese
	}
	return English
}

// verb is a verb of package fmt, which is no word.
var verb = regexp.MustCompile(`%(\[\d+\])?[a-z]`)

func hasWords(format string) bool {
	return strings.ContainsFunc(verb.ReplaceAllString(format, ""), unicode.IsLetter)
}

// other looks a text up in the parts of the catalogue.
func other(written string) (text string, known bool) {
	for _, part := range []map[string]string{ofKernel, ofDNS, ofConf, ofAccess, ofCredentials, ofWebhooks, ofOps, ofZoneFiles, ofReverts, ofPowerDNS, ofData} {
		if text, known = part[written]; known {
			return text, true
		}
	}
	return "", false
}

// printed are the texts that the API documents print; they never change.
var printed = map[string]bool{
	"认证失败！":             true,
	"用户已存在！":            true,
	"Token is missing!": true,
	"Token is invalid!": true,
}
