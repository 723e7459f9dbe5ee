package executor

import (
	"strings"

	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// removal begins the name of a file that update is to remove. A file whose own name begins so
// is named with a slash before it.
const removal = "!"

// Files lists the names in Content, without blanks around a name and without empty
// names. The target's folder is the root of every path, so that one slash at the
// start of a name is dropped, too.
func (a Assignment) Files() []string {
	var names []string
	for _, name := range a.items() {
		if name = fromRoot(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// updates lists the files that update is to put in place, and those that it is to remove.
func (a Assignment) updates() (put, remove []string, err error) {
	for _, item := range a.items() {
		name, removed := strings.CutPrefix(item, removal)
		if name = fromRoot(strings.TrimSpace(name)); removed {
			remove = append(remove, name)
		} else if name != "" {
			put = append(put, name)
		}
	}
	return put, remove, files.CheckPaths(append(put[:len(put):len(put)], remove...))
}

func (a Assignment) items() []string {
	items := strings.FieldsFunc(a.Content, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' })
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

func fromRoot(name string) string { return strings.TrimPrefix(name, "/") }
