package api

import (
	"encoding/json"
	"fmt"

	"github.com/opsledger/opsledger/domain/plainjson"
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
		end := plainjson.EndOfValue(text, at)
		name, ok := plainText(text[at:end])
		if !ok {
			if err := json.Unmarshal(text[at:end], &name); err != nil {
				return true, fmt.Errorf("name of a member: %w", err)
			}
		}
		value := skipBlanks(text, skipBlanks(text, end)+1) // beyond the colon
		end = plainjson.EndOfValue(text, value)
		if err := f(name, text[value:end]); err != nil {
			return true, err
		}
		at = nextElement(text, end)
	}
	return true, nil
}

// Elements returns the elements of a JSON list; the text is one valid JSON
// value, and false means that it is no list.
func Elements(text json.RawMessage) (list []json.RawMessage, isList bool) {
	at, ok := openJSON(text, '[')
	if !ok {
		return nil, false
	}
	for at < len(text) && text[at] != ']' {
		end := plainjson.EndOfValue(text, at)
		list = append(list, text[at:end])
		at = nextElement(text, end)
	}
	return list, true
}

// plainText returns the text of a JSON string that has nothing to decode. It
// says no to everything else.
func plainText(raw []byte) (text string, ok bool) {
	r := plainjson.NewReader(raw)
	text = string(r.Text())
	return text, r.Done()
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
