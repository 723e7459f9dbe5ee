package plainjson

import "unicode/utf8"

// Reader reads a JSON text from its beginning, value by value. At the first value
// that is not plain it declines, and from then on all values read as zero. So a
// caller reads everything, and asks once, at the end, whether the reader was
// [Reader.Done].
//
// Invariants:
//  1. If the reader is done, encoding/json reads the text as the values that the
//
// reader returned.
type Reader struct {
	// text is nil when the reader has declined.
	text []byte
	at   int
}

// NewReader returns a reader of the text, which must stay as it is.
func NewReader(text []byte) Reader { return Reader{text: text} }

// Done says that all of the text was read and nothing declined.
func (r *Reader) Done() bool { return r.text != nil && r.at == len(r.text) }

// Decline gives the text up.
func (r *Reader) Decline() { r.text, r.at = nil, 0 }

// Pass skips the given text if it comes next, and says whether it did.
func (r *Reader) Pass(what string) bool {
	end := r.at + len(what)
	if end > len(r.text) || string(r.text[r.at:end]) != what {
		return false
	}
	r.at = end
	return true
}

// After skips the given text, which must come next, and returns the reader.
func (r *Reader) After(what string) *Reader {
	if !r.Pass(what) {
		r.Decline()
	}
	return r
}

// Uint reads up to 18 digits, which fit into an int64 with either sign. A
// fraction or an exponent stays, and is not what can follow a value.
func (r *Reader) Uint() (n uint64) {
	const most = 18
	rest, digits := r.text[r.at:], 0
	for _, c := range rest[:min(len(rest), most+1)] {
		digit := c - '0'
		if digit > 9 {
			break
		}
		n = 10*n + uint64(digit)
		digits++
	}
	if digits == 0 || digits > most || digits > 1 && rest[0] == '0' {
		r.Decline()
		return 0
	}
	r.at += digits
	return n
}

// Int is [Reader.Uint] with a sign.
func (r *Reader) Int() int64 {
	if r.Pass("-") {
		return -int64(r.Uint())
	}
	return int64(r.Uint())
}

// Text reads a string without escapes and returns what is between its quotes, a
// part of the text. What is not UTF-8 it declines: encoding/json would change it.
func (r *Reader) Text() []byte {
	if !r.Pass(`"`) {
		r.Decline()
		return nil
	}
	rest, ascii := r.text[r.at:], true
	for i, c := range rest {
		switch {
		case c == '"':
			if !ascii && !utf8.Valid(rest[:i]) {
				r.Decline()
				return nil
			}
			r.at += i + 1
			return rest[:i]
		case c == '\\' || c < ' ':
			r.Decline()
			return nil
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	r.Decline()
	return nil
}

// Object goes past an object and returns it, a part of the text. It is found by
// its brackets: whether it is JSON is left to whoever decodes it.
func (r *Reader) Object() []byte {
	if r.at == len(r.text) || r.text[r.at] != '{' {
		r.Decline()
		return nil
	}
	end := EndOfValue(r.text, r.at)
	if end < 0 {
		r.Decline()
		return nil
	}
	object := r.text[r.at:end:end]
	r.at = end
	return object
}
