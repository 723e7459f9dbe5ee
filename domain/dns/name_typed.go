package dns

import (
	"slices"
	"strings"
)

// TypedName is a name as people type it, where that differs from how it is kept: in lower
// case and with IDN labels in their own script. Else it is empty.
func TypedName(name string) string {
	if !strings.Contains(strings.ToLower(name), "xn--") {
		return ""
	}
	typed := MapTyped(name)
	if isASCII(typed) {
		return ""
	}
	return typed
}

// MapTyped brings a part of a name that somebody typed to the form of [TypedName]. It
// refuses nothing: what is no part of any name is found in none.
func MapTyped(text string) string {
	if len(text) > 4*maxName {
		return strings.ToLower(text)
	}
	mapped, err := idnaProfile().ToUnicode(text)
	if err != nil && mapped == "" {
		mapped = text
	}
	return strings.ToLower(mapped)
}

// Spellings are the ways in which a part of a name or of a value that somebody looks for may
// stand in what is kept: as it was typed, in the form of [TypedName], and with IDN labels as
// punycode. All are in lower case, and none is there twice.
func Spellings(text string) []string {
	all := []string{strings.ToLower(text)}
	for _, other := range []string{MapTyped(text), punycode(text)} {
		if other != "" && !slices.Contains(all, other) {
			all = append(all, other)
		}
	}
	return all
}

// punycode is a text with its labels as names keep them, empty where it has none that would
// be kept otherwise.
func punycode(text string) string {
	if isASCII(text) || len(text) > 4*maxName {
		return ""
	}
	ascii, err := idnaProfile().ToASCII(text)
	if err != nil {
		return ""
	}
	return strings.ToLower(ascii)
}
