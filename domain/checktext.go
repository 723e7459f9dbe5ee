package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckText refuses a text that cannot be shown on one line: one with bad UTF-8,
// with more than limit characters, or with a character that [BreaksLine] names.
func CheckText(field, text string, limit int) error {
	if !utf8.ValidString(text) {
		return Invalid(field, "不是合法的UTF-8文本！")
	}
	if utf8.RuneCountInString(text) > limit {
		return Invalid(field, "不能超过%d个字符！", limit)
	}
	if strings.ContainsFunc(text, BreaksLine) {
		return Invalid(field, "不能包含控制字符！")
	}
	return nil
}

// BreaksLine says whether a character would make a line read differently from how
// it is written: control characters, line separators, and the marks that turn the
// reading direction do.
func BreaksLine(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
