package v1

import "github.com/opsledger/opsledger/domain/plainjson"

// diffLists writes lists into an object that has been begun, a line for each item.
type diffLists struct{ line func(string) error }

func (w diffLists) list(name string, each func(item func(any) error) error) error {
	if err := w.line(`,"` + name + `":[`); err != nil {
		return err
	}
	comma := ""
	err := each(func(item any) error {
		text, err := plainjson.Line(item)
		if err != nil {
			return err
		}
		begin := comma
		comma = ","
		return w.line(begin + string(text))
	})
	if err != nil {
		return err
	}
	return w.line("]")
}
