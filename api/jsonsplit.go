package api

import (
	"encoding/json"
	"fmt"
)

// eachMember calls f with each member of a JSON object, in order, until f
// fails. The text is one valid JSON value, as encoding/json hands out raw
// messages; false means that it is no object.
//
// A batch has tens of thousands of members. encoding/json would look at each
// byte three times more, and allocate a decoder for every object.
func eachMember(text json.RawMessage, f func(name string, value json.RawMessage) error) (isObject bool, err error) {
	at, ok := openJSON(text, '{')
	if !ok {
		return false, nil
	}
	for at < len(text) && text[at] != '}' {
		end := endOfValue(text, at)
		name, ok := plainText(text[at:end])
		if !ok {
			if err := json.Unmarshal(text[at:end], &name); err != nil {
				return true, fmt.Errorf("name of a member: %w", err)
			}
		}
		value := skipBlanks(text, skipBlanks(text, end)+1) // beyond the colon
		end = endOfValue(text, value)
		if err := f(name, text[value:end]); err != nil {
			return true, err
		}
		at = nextElement(text, end)
	}
	return true, nil
}

// elements returns the elements of a JSON list; the text is one valid JSON
// value, and false means that it is no list.
func elements(text json.RawMessage) (list []json.RawMessage, isList bool) {
	at, ok := openJSON(text, '[')
	if !ok {
		return nil, false
	}
	for at < len(text) && text[at] != ']' {
		end := endOfValue(text, at)
		list = append(list, text[at:end])
		at = nextElement(text, end)
	}
	return list, true
}

// plainText returns the text of a JSON string that has nothing to decode:
// printable ASCII without escapes. It says no to everything else.
func plainText(raw []byte) (text string, ok bool) {
	last := len(raw) - 1
	if last < 1 || raw[0] != '"' || raw[last] != '"' {
		return "", false
	}
	for _, c := range raw[1:last] {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return "", false
		}
	}
	return string(raw[1:last]), true
}

// openJSON returns where the first element of the object or list begins.
func openJSON(text []byte, bracket byte) (at int, ok bool) {
	at = skipBlanks(text, 0)
	if at >= len(text) || text[at] != bracket {
		return 0, false
	}
	return skipBlanks(text, at+1), true
}

// nextElement returns where the element after the one that ended begins, or its closing bracket stands.
func nextElement(text []byte, end int) int {
	at := skipBlanks(text, end)
	if at < len(text) && text[at] == ',' {
		at = skipBlanks(text, at+1)
	}
	return at
}

func skipBlanks(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r') {
		at++
	}
	return at
}

// endOfValue returns the end of the value that begins at the place.
func endOfValue(text []byte, at int) int {
	depth := 0
	for ; at < len(text); at++ {
		switch text[at] {
		case '"':
			at = endOfString(text, at)
			if depth == 0 {
				return at + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return at // of a number or a word before it
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return at
			}
		}
	}
	return at
}

// endOfString returns where the string's closing quote stands.
func endOfString(text []byte, at int) int {
	for at++; at < len(text) && text[at] != '"'; at++ {
		if text[at] == '\\' {
			at++
		}
	}
	return at
}
