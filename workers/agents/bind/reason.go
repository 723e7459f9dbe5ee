package bind

import (
	"strings"
)

// reason finds what named logged about refusing a zone's update just now; its
// answer is a bare code. Empty when the log is not ours to read.
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
