package oplog

import (
	"strconv"
	"strings"
)

// Detail is the text of an entry: lines of "label: value".
type Detail struct{ strings.Builder }

// detailSize is the room that most texts fit into.
const detailSize = 256

// NewDetail returns an empty text; that of a change begins with a line that says that
// the state before it follows.
func NewDetail(operation string) *Detail {
	d := &Detail{}
	d.Grow(detailSize)
	if operation == OperationChange {
		d.WriteString("修改前：\n")
	}
	return d
}

// Line writes a line.
func (d *Detail) Line(label, value string) {
	d.WriteString(label)
	d.WriteString(": ")
	d.WriteString(value)
	d.WriteByte('\n')
}

// Number writes a line with a number.
func (d *Detail) Number(label string, value int64) { d.Line(label, strconv.FormatInt(value, 10)) }

// Numbers writes a list of numbers, the first hundred of them: [1, 2, 3].
func (d *Detail) Numbers(label string, values []int64) {
	const most = 100
	texts := make([]string, min(len(values), most))
	for i := range texts {
		texts[i] = strconv.FormatInt(values[i], 10)
	}
	list := strings.Join(texts, ", ")
	if len(values) > most {
		list += ", …] 共" + strconv.Itoa(len(values)) + "个"
	} else {
		list += "]"
	}
	d.Line(label, "["+list)
}

// Names writes a list as the historic clients read it: ['a', 'b'].
func (d *Detail) Names(label string, names []string) {
	list := "[]"
	if len(names) > 0 {
		list = "['" + strings.Join(names, "', '") + "']"
	}
	d.Line(label, list)
}
