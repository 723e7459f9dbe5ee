package ops

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
)

// Limits of texts, in characters.
const (
	maxName        = 64
	maxLine        = 255
	maxDescription = 4096
	maxContent     = 65536
)

// required returns a text that a request must give.
func required(field string, text *string) (string, error) {
	if text == nil || *text == "" {
		return "", domain.Invalid(field, "is required")
	}
	return *text, nil
}

// checkLine refuses a text that cannot be shown on one line: with characters that
// [domain.BreaksLine] names, with bad UTF-8, or with more than limit characters.
func checkLine(field, text string, limit int) error {
	if err := checkLength(field, text, limit); err != nil {
		return err
	}
	if strings.ContainsFunc(text, domain.BreaksLine) {
		return domain.Invalid(field, "must not contain control characters")
	}
	return nil
}

// checkLines is checkLine for a text of several lines.
func checkLines(field, text string, limit int) error {
	if err := checkLength(field, text, limit); err != nil {
		return err
	}
	if strings.ContainsFunc(text, func(r rune) bool { return domain.BreaksLine(r) && r != '\n' && r != '\r' && r != '\t' }) {
		return domain.Invalid(field, "must not contain control characters")
	}
	return nil
}

func checkLength(field, text string, limit int) error {
	if !utf8.ValidString(text) {
		return domain.Invalid(field, "is not valid UTF-8")
	}
	if utf8.RuneCountInString(text) > limit {
		return domain.Invalid(field, "must have at most %d characters", limit)
	}
	return nil
}

// checkWord is checkLine for a text that may not have blanks either, such as a machine's
// name.
func checkWord(field, text string) error {
	if err := checkLine(field, text, maxName); err != nil {
		return err
	}
	if strings.ContainsFunc(text, unicode.IsSpace) {
		return domain.Invalid(field, "must not contain blanks")
	}
	return nil
}
