package files

import (
	"errors"
	"fmt"
	"strings"
)

// UnsettledError says which files could not be put back.
type UnsettledError struct{ Reasons []string }

func (e *UnsettledError) Error() string {
	return "could not be put back: " + strings.Join(e.Reasons, "; ")
}

// Settle brings a folder in which CarryOut was interrupted to one of its two
// states, and says whether that is the plan's. Doing it again changes nothing.
func (p Plan) Settle(g *Ground, keep *Store) (done bool, err error) {
	done = true
	for _, c := range p.Changes {
		now, err := g.Look(c.Path, nil)
		if err != nil || now != c.After {
			done = false
			break
		}
	}
	if !done {
		return false, p.takeBack(g, keep, len(p.Changes))
	}
	p.sweep(g, p.Removes)
	return true, p.sync(g)
}

// takeBack restores those of the first changes that were made. A file that
// somebody changed meanwhile is left alone and named.
func (p Plan) takeBack(g *Ground, keep *Store, first int) error {
	unsettled := &UnsettledError{}
	for i := first - 1; i >= 0; i-- {
		if err := p.takeBackOne(g, keep, i); err != nil {
			unsettled.Reasons = append(unsettled.Reasons, fmt.Sprintf("%s: %v", p.Changes[i].Path, err))
		}
	}
	p.clear(g)
	if err := p.sync(g); err != nil {
		unsettled.Reasons = append(unsettled.Reasons, err.Error())
	}
	if len(unsettled.Reasons) > 0 {
		return unsettled
	}
	return nil
}

func (p Plan) takeBackOne(g *Ground, keep *Store, i int) error {
	c := p.Changes[i]
	now, err := g.Look(c.Path, nil)
	if err != nil || now == c.Before {
		return err
	}
	if now != c.After {
		return errors.New("changed by somebody else meanwhile")
	}
	if c.Before.Exists() {
		if err := g.put(p.stage(i), c.Before, keep); err != nil {
			return err
		}
	}
	return g.replace(Change{Path: c.Path, After: c.Before}, p.stage(i))
}
