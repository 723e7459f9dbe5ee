package files

import (
	"errors"
	"fmt"
	"strings"
)

// NotRestoredError says which files could not be put back.
type NotRestoredError struct{ Reasons []string }

func (e *NotRestoredError) Error() string {
	return "could not be put back: " + strings.Join(e.Reasons, "; ")
}

// Recover completes or undoes a plan whose CarryOut was interrupted, and says whether
// the plan is carried out. Calling it again changes nothing.
func (p Plan) Recover(folder *Folder, keep *Store) (done bool, err error) {
	done = true
	for _, c := range p.Changes {
		now, _, err := folder.look(c.Path, nil)
		if err != nil || !now.matches(c.After) {
			done = false
			break
		}
	}
	if !done {
		return false, p.takeBack(folder, keep, len(p.Changes))
	}
	p.sweep(folder, p.Removes)
	return true, p.sync(folder)
}

// takeBack undoes those of the first changes that were made. A file that somebody
// changed meanwhile is left alone and named in the error.
func (p Plan) takeBack(folder *Folder, keep *Store, first int) error {
	failed := &NotRestoredError{}
	for i := first - 1; i >= 0; i-- {
		if err := p.takeBackOne(folder, keep, i); err != nil {
			failed.Reasons = append(failed.Reasons, fmt.Sprintf("%s: %v", p.Changes[i].Path, err))
		}
	}
	p.clear(folder)
	if err := p.sync(folder); err != nil {
		failed.Reasons = append(failed.Reasons, err.Error())
	}
	if len(failed.Reasons) > 0 {
		return failed
	}
	return nil
}

func (p Plan) takeBackOne(folder *Folder, keep *Store, i int) error {
	c := p.Changes[i]
	now, _, err := folder.look(c.Path, nil)
	if err != nil || now.matches(c.Before) {
		return err
	}
	if !now.matches(c.After) {
		return errors.New("changed by somebody else meanwhile")
	}
	if c.Before.Exists() {
		if err := folder.put(p.stage(i), c.Before, keep); err != nil {
			return err
		}
	}
	return folder.replace(Change{Path: c.Path, After: c.Before}, p.stage(i))
}
