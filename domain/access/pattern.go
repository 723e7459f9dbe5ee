package access

import (
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// What stands in a pattern for labels that it does not name.
const (
	oneLabel  = "*"
	anyLabels = "**"
)

const (
	maxPatternText = 253
	// maxPatterns bounds the patterns of one list: each is tried on each name.
	maxPatterns = 50
)

// ParsePatterns checks the form of patterns for domain names. A pattern is an absolute
// name in lower case, without the final dot (which may be given), in which "*" stands for
// exactly one label and "**" for any number of labels, none included. Labels are written
// as in RFC 1035, section 5.1, so that an escaped dot or asterisk is no wildcard and no
// border. The field is what an error names.
func ParsePatterns(field string, patterns []string) ([]string, error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	if len(patterns) > maxPatterns {
		return nil, domain.Invalid(field, "不能超过%d个！", maxPatterns)
	}
	parsed := make([]string, len(patterns))
	for i, text := range patterns {
		pattern := strings.TrimSuffix(text, ".")
		if !isPattern(pattern) {
			return nil, domain.Invalid(field, "%q不是合法的域名模式：必须是小写的完整域名，*代表一级，**代表任意级！", text)
		}
		parsed[i] = pattern
	}
	return parsed, nil
}

func isPattern(text string) bool {
	if text == "" || len(text) > maxPatternText {
		return false
	}
	for _, label := range splitLabels(text) {
		if label != oneLabel && label != anyLabels && !isPlainLabel(label) {
			return false
		}
	}
	return true
}

// isPlainLabel says whether a label of a pattern stands for itself: printable ASCII, in
// lower case, in which blanks, quotes and asterisks are escaped.
func isPlainLabel(label string) bool {
	for i := 0; i < len(label); i++ {
		c := label[i]
		switch c {
		case ' ', '"', '*':
			return false
		case '\\':
			if i++; i == len(label) {
				return false
			}
			c = label[i]
		}
		if c < ' ' || c > '~' || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return label != ""
}

// splitLabels cuts a name at its dots, but for escaped ones.
func splitLabels(name string) []string {
	labels := make([]string, 0, 8)
	start := 0
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '\\':
			i++
		case '.':
			labels = append(labels, name[start:i])
			start = i + 1
		}
	}
	return append(labels, name[start:])
}

// matchesAny says whether one of the patterns matches a name, which is compared without
// case and without a final dot.
func matchesAny(patterns []string, name string) bool {
	labels := splitLabels(strings.ToLower(strings.TrimSuffix(name, ".")))
	for _, pattern := range patterns {
		if matchLabels(splitLabels(pattern), labels) {
			return true
		}
	}
	return false
}

// matchLabels goes through both from the left, and back to the last "**" whenever what
// follows it does not fit: so its time is at most the product of both lengths.
func matchLabels(pattern, name []string) bool {
	p, n := 0, 0
	lastAny, resume := -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == anyLabels:
			lastAny, resume = p, n
			p++
		case p < len(pattern) && matchLabel(pattern[p], name[n]):
			p++
			n++
		case lastAny >= 0:
			resume++
			p, n = lastAny+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == anyLabels {
		p++
	}
	return p == len(pattern)
}

// matchLabel says whether one label of a pattern, which is not "**", matches one of a name. A
// wildcard record's label is written "*" in names, and "\*" in patterns.
func matchLabel(pattern, name string) bool {
	return pattern == oneLabel || pattern == name || pattern == escapedAsterisk && name == "*"
}

const escapedAsterisk = `\*`

// label is one label of a name in a regular expression.
const label = `(?:[^.\\]|\\.)+`

// PatternRegexp is a pattern as an advanced regular expression of PostgreSQL, for names in
// lower case that end with a dot.
func PatternRegexp(pattern string) string {
	var out strings.Builder
	out.WriteByte('^')
	for _, part := range splitLabels(pattern) {
		switch part {
		case oneLabel:
			out.WriteString(label + `\.`)
		case anyLabels:
			out.WriteString(`(?:` + label + `\.)*`)
		case escapedAsterisk:
			out.WriteString(`\\?\*\.`)
		default:
			for i := range len(part) {
				if c := part[i]; c < '0' || c > '9' && c < 'a' || c > 'z' {
					out.WriteByte('\\')
				}
				out.WriteByte(part[i])
			}
			out.WriteString(`\.`)
		}
	}
	out.WriteByte('$')
	return out.String()
}

// PatternsRegexp is [PatternRegexp] for several patterns, of which one must match: one
// expression, since PostgreSQL keeps few of them compiled.
func PatternsRegexp(patterns []string) string {
	all := make([]string, len(patterns))
	for i, p := range patterns {
		all[i] = PatternRegexp(p)
	}
	return strings.Join(all, "|")
}
