package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable writes a text that a terminal shows as it is: of what files and the API say, control characters
// but line ends and tabs are written as \xNN, octet by octet, and so is what turns the direction of text.
func printable(text string) string { return escaped(text, "\n\t") }

// printableLine is printable for what is to be one line.
func printableLine(text string) string { return escaped(text, "\t") }

func escaped(text, kept string) string {
	var out strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case strings.ContainsRune(kept, r) || r != utf8.RuneError && !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r), r == utf8.RuneError && size > 1:
			out.WriteString(text[:size])
		default:
			for i := range size {
				fmt.Fprintf(&out, `\x%02x`, text[i])
			}
		}
		text = text[size:]
	}
	return out.String()
}

// shown is an error whose text is printable.
type shown struct{ error }

// Error implements error.
func (e shown) Error() string { return printable(e.error.Error()) }

// Unwrap is for [errors.Is] and [errors.As].
func (e shown) Unwrap() error { return e.error }

func showing(err error) error {
	if err == nil {
		return nil
	}
	return shown{err}
}

// shownWriter writes text that is printable, for output of which parts come from files or from the API.
type shownWriter struct{ io.Writer }

// Write implements [io.Writer]. A text comes in one piece.
func (w shownWriter) Write(text []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, printable(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}
