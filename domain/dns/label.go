package dns

import (
	"strings"
	"unicode/utf8"
)

// escapedName reads a name of presentation text (RFC 1035, section 5.1) without its
// final dot: labels of letters, digits, "-", "_" and "/", IDN labels, and in labels
// any other octet behind a backslash, as \. or \032. What it returns has one spelling
// for each name but for the case of letters: IDN labels are punycode, and exactly
// those octets are escaped that need it.
func escapedName(text string) (name, problem string) {
	if strings.IndexByte(text, '\\') < 0 {
		return asciiName(text)
	}
	if len(text) > 4*maxName || !utf8.ValidString(text) {
		return "", "域名过长，或不是合法的UTF-8文本！"
	}
	var labels []string
	for rest, more := text, true; more; {
		var label string
		label, rest, more = cutLabel(rest)
		if label, problem = escapedLabel(label); problem != "" {
			return "", problem
		}
		labels = append(labels, label)
	}
	name = strings.Join(labels, ".")
	if octetsOf(name) > maxName {
		return "", "域名不能超过253个字符！"
	}
	return name, ""
}

// cutLabel returns the first label as it is written, and the text behind its dot.
func cutLabel(text string) (label, rest string, more bool) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '.':
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// escapedLabel is [asciiLabel] for a label that may have escapes.
func escapedLabel(label string) (spelled, problem string) {
	if strings.IndexByte(label, '\\') < 0 {
		return asciiLabel(label)
	}
	var octets []byte
	for i := 0; i < len(label); {
		switch c := label[i]; {
		case c == '\\':
			octet, used := unescape(label[i+1:])
			if used == 0 {
				return "", "域名中的反斜杠转义不正确！"
			}
			octets = append(octets, octet)
			i += 1 + used
		case !isLabelByte(c):
			return "", "域名中有转义的一段只能包含字母、数字、“-”、“_”、“/”和转义字符！"
		default:
			octets = append(octets, c)
			i++
		}
	}
	if len(octets) > maxLabel {
		return "", "域名的每一段必须为1到63个字符！"
	}
	return spelledLabel(octets), ""
}

// spelledLabel writes a label's octets in the one spelling that [escapedName] has.
func spelledLabel(octets []byte) string {
	var out strings.Builder
	for _, c := range octets {
		switch {
		case isLabelByte(c):
			out.WriteByte(c)
		case c < ' ' || c > '~':
			out.Write([]byte{'\\', '0' + c/100, '0' + c/10%10, '0' + c%10})
		default:
			out.Write([]byte{'\\', c})
		}
	}
	return out.String()
}

// octetsOf counts the octets of a name that has passed [escapedName]: those of its
// labels and the dots between them, as many as it has characters if it has no escapes.
func octetsOf(name string) int {
	n := len(name)
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' {
			_, used := unescape(name[i+1:])
			n -= used
			i += used
		}
	}
	return n
}

// parents lists the names above a name within its zone, the nearest first: those of
// "a.b.c" are "b.c" and "c". The apex is not among them, nor has it any.
func parents(host string) []string {
	var out []string
	for {
		_, rest, more := cutLabel(host)
		if !more {
			return out
		}
		out, host = append(out, rest), rest
	}
}

// hostIn returns an absolute name relative to a zone, folded and spelled as
// [escapedName] does, if it is inside the zone.
func hostIn(zone, absolute string) (host string, inside bool) {
	name, dot := strings.CutSuffix(absolute, ".")
	if !dot || name == "" {
		return "", false
	}
	name, zone = FoldName(respelled(name)), FoldName(zone)
	if name == zone {
		return Apex, true
	}
	host, inside = strings.CutSuffix(name, "."+zone)
	return host, inside && isAbsolute(host+".")
}

// respelled spells a name, however it is written, as [escapedName] does.
func respelled(name string) string {
	var labels []string
	for rest, more := name, true; more; {
		var label string
		label, rest, more = cutLabel(rest)
		var octets []byte
		for i := 0; i < len(label); i++ {
			c := label[i]
			if c == '\\' {
				octet, used := unescape(label[i+1:])
				c, i = octet, i+used
			}
			octets = append(octets, c)
		}
		labels = append(labels, spelledLabel(octets))
	}
	return strings.Join(labels, ".")
}
