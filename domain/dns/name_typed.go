package dns

import "strings"

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
