package domain

import (
	"unicode"
	"unicode/utf8"
)

// CheckText refuses what cannot be shown on one line: control and format
// characters, line separators, bad UTF-8, more than limit characters.
func CheckText(field, text string, limit int) error {
	if !utf8.ValidString(text) {
		return Invalid(field, "不是合法的UTF-8文本！")
	}
	if utf8.RuneCountInString(text) > limit {
		return Invalid(field, "不能超过%d个字符！", limit)
	}
	for _, r := range text {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) || isBidiControl(r) {
			return Invalid(field, "不能包含控制字符！")
		}
	}
	return nil
}

// isBidiControl finds the characters that make a line read other than it is.
func isBidiControl(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
