package domain

import (
	"fmt"
	"strconv"
	"strings"
)

// Warning says that something was done which is legal and most likely not meant.
type Warning struct {
	// Field is the parameter that it is about, empty where it is about none alone.
	Field string `json:"field,omitempty"`
	// Text is English and printable ASCII.
	Text string `json:"text"`
}

// Warn returns a warning. Arguments that are strings are shown by [Shown], since
// clients may have sent them; the format is printable ASCII.
func Warn(field, format string, args ...any) Warning {
	shown := make([]any, len(args))
	for i, arg := range args {
		if text, isText := arg.(string); isText {
			arg = Shown(text)
		}
		shown[i] = arg
	}
	return Warning{Field: Shown(field), Text: fmt.Sprintf(format, shown...)}
}

func (w Warning) String() string {
	if w.Field == "" {
		return w.Text
	}
	return w.Field + ": " + w.Text
}

// Within returns the warning as one about a part of a request, such as "operations[2]".
func (w Warning) Within(part string) Warning {
	if w.Field == "" {
		w.Field = part
	} else {
		w.Field = part + "." + w.Field
	}
	return w
}

// maxShown is how many characters of a client's text are shown.
const maxShown = 60

// Shown returns what a client sent as printable ASCII of at most 60 characters: other
// characters are escaped, and what is too long ends in "...".
func Shown(text string) string {
	const more = "..."
	var shown strings.Builder
	cut := 0 // where more has room
	for _, r := range text {
		c := string(r)
		if r < 0x20 || r > 0x7e {
			c = strings.Trim(strconv.QuoteRuneToASCII(r), "'")
		}
		if shown.Len()+len(c) > maxShown {
			return shown.String()[:cut] + more
		}
		shown.WriteString(c)
		if shown.Len() <= maxShown-len(more) {
			cut = shown.Len()
		}
	}
	return shown.String()
}
