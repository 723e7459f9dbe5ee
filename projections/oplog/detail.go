package oplog

import (
	"strconv"
	"strings"
)

// Detail is the text of an entry: lines of "label: value".
type Detail struct{ strings.Builder }

// detailSize is the room that most texts fit into.
const detailSize = 256

// before is the line that says that the state before a change follows.
const before = "修改前：\n"

// NewDetail returns an empty text.
func NewDetail() *Detail {
	d := &Detail{}
	d.Grow(detailSize)
	return d
}

// Texts are the texts of an entry: that of the event, and for a change that of the state
// after, which other entries have none of.
type Texts struct{ Detail, After string }

// Stated are the texts of an addition or a deletion.
func Stated(d *Detail) Texts { return Texts{Detail: d.String()} }

// Changed are the texts of a change from one state to another.
func Changed(was, is *Detail) Texts { return Texts{before + was.String(), is.String()} }

// TextsOf are those of an operation: a change from one state to another, or else what is
// stated is the first.
func TextsOf(operation string, was, is *Detail) Texts {
	if operation == OperationChange {
		return Changed(was, is)
	}
	return Stated(was)
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
