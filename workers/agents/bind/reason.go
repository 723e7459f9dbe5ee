package bind

import (
	"strings"
)

// reason finds what named has just logged about a refused update of a zone, whose
// answer is only a code. It is empty if named's log cannot be read.
func (e *Engine) reason(zone string) string {
	lines := lastLines(e.layout.log(), 16<<10)
	name := "'" + strings.TrimSuffix(zone, ".") + "/IN': "
	for i := len(lines) - 1; i >= 0; i-- {
		_, text, about := strings.Cut(lines[i], name)
		if about && (strings.Contains(text, "rejected") || strings.Contains(text, "failed") || strings.Contains(text, "denied")) {
			return ": " + text
		}
	}
	return ""
}
