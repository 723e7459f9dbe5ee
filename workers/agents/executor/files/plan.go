package files

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Plan is a set of changes to the files in a folder.
type Plan struct {
	// ID makes the names of the plan's staged files unique.
	ID      int64    `json:"id"`
	Changes []Change `json:"changes"`
	// Folders are the folders to make for new files, outermost first.
	Folders []string `json:"folders,omitempty"`
	// Removes are the folders to remove if they are empty afterwards, innermost first.
	Removes []string `json:"removes,omitempty"`
}

// stage is the name of the staged file with the i-th change's new content.
func (p Plan) stage(i int) string {
	return path.Join(path.Dir(p.Changes[i].Path), stagePrefix+strconv.FormatInt(p.ID, 10)+"-"+strconv.Itoa(i))
}

// NewPlan plans to put the contents, given by their digests, in place, or to remove the
// files where the new state is none, and stores what they replace. An existing file keeps its
// owner, its attributes and its mode, but that it is executable if the new content is; a new
// one gets the permission bits given with it, and belongs to the folder's user. The plan names
// the files themselves: no symbolic link is in its paths. NewPlan returns *NotKeptError if
// something that belongs to a file could not be kept, or not be put back later, and
// *AbsentError if there is nothing to remove.
func NewPlan(folder *Folder, keep *Store, id int64, contents []Change) (Plan, error) {
	p := Plan{ID: id}
	notKept, absent := &NotKeptError{}, &AbsentError{}
	named := map[string]string{}
	for _, c := range contents {
		given := c.Path
		var err error
		if c.Path, err = folder.resolve(given, false); err != nil {
			return Plan{}, err
		}
		if other, ok := named[c.Path]; ok {
			return Plan{}, fmt.Errorf("%s and %s are one file: %s", other, given, c.Path)
		}
		named[c.Path] = given
		err = p.add(folder, keep, c)
		var one *NotKeptError
		switch {
		case errors.Is(err, errAbsent):
			absent.Paths = append(absent.Paths, given)
		case errors.As(err, &one):
			notKept.Reasons = append(notKept.Reasons, one.Reasons...)
		case err != nil:
			return Plan{}, err
		}
	}
	switch {
	case len(absent.Paths) > 0:
		return Plan{}, absent
	case len(notKept.Reasons) > 0:
		return Plan{}, notKept
	}
	return p, nil
}

// AbsentError says which files are to be removed and are not there.
type AbsentError struct{ Paths []string }

func (e *AbsentError) Error() string {
	return "not there, so that they cannot be removed: " + strings.Join(e.Paths, ", ")
}

var errAbsent = errors.New("it is not there")

// NotKeptError says which files have what an exchange of their contents would lose.
type NotKeptError struct{ Reasons []string }

func (e *NotKeptError) Error() string {
	return "would not stay as it is, so nothing was touched: " + strings.Join(e.Reasons, "; ")
}

// add plans one change, of a path without links.
func (p *Plan) add(folder *Folder, keep *Store, c Change) error {
	if err := CheckPath(c.Path); err != nil {
		return err
	}
	before, now, err := folder.look(c.Path, keep)
	if err != nil {
		return err
	}
	c.Before = before
	if !before.Exists() && !c.After.Exists() {
		return errAbsent
	}
	if before.Exists() {
		if now.links > 1 {
			return &NotKeptError{[]string{fmt.Sprintf("%s has %d names (hard links), which would be two files then", c.Path, now.links)}}
		}
		if c.After, err = folder.inherit(c, keep); err != nil {
			return &NotKeptError{[]string{fmt.Sprintf("%s: %v", c.Path, err)}}
		}
	}
	missing, err := folder.missingFolders(c.Path)
	if err != nil {
		return err
	}
	for _, dir := range missing {
		if !slices.Contains(p.Folders, dir) {
			p.Folders = append(p.Folders, dir)
		}
	}
	p.Changes = append(p.Changes, c)
	return nil
}

// inherit returns the change's new state with what stays of the old one.
func (folder *Folder) inherit(c Change, keep *Store) (State, error) {
	all, err := recorded(c.Before.Attributes, keep)
	if err != nil {
		return State{}, err
	}
	if err := folder.as.Do(func() error { return carriable(all) }); err != nil || !c.After.Exists() {
		return c.After, err
	}
	after := c.After
	after.UID, after.GID, after.Attributes = c.Before.UID, c.Before.GID, c.Before.Attributes
	after.Mode = executable(c.Before.Mode, after.Mode&anyExecute != 0)
	if after.Mode != c.Before.Mode {
		after.Attributes, err = record(withMode(all, after.Mode), keep)
	}
	return after, err
}

// The bits of a mode by which a file can be run and read.
const (
	anyExecute = 0o111
	anyRead    = 0o444
	ownExecute = 0o100
)

// executable returns the mode with which a file can be run, or not. Who may run it is who may
// read it, unless the file could be run before.
func executable(mode uint32, can bool) uint32 {
	switch {
	case !can:
		return mode &^ anyExecute
	case mode&anyExecute != 0:
		return mode
	}
	return mode | mode&anyRead>>2 | ownExecute
}

// Reverse plans to undo a plan that was carried out.
func (p Plan) Reverse(id int64) Plan {
	r := Plan{ID: id, Folders: slices.Clone(p.Removes), Removes: slices.Clone(p.Folders)}
	slices.Reverse(r.Folders)
	slices.Reverse(r.Removes)
	for _, c := range slices.Backward(p.Changes) {
		r.Changes = append(r.Changes, Change{Path: c.Path, Before: c.After, After: c.Before})
	}
	return r
}

// ChangedError says which files are not what they were when the plan was made,
// so that nothing was touched.
type ChangedError struct{ Paths []string }

func (e *ChangedError) Error() string {
	return "changed by somebody else since: " + strings.Join(e.Paths, ", ")
}

// compare returns the signatures of the files if all are as the plan expects.
func (p Plan) compare(folder *Folder) ([]signature, error) {
	signatures := make([]signature, len(p.Changes))
	changed := &ChangedError{}
	for i, c := range p.Changes {
		now, sig, err := folder.look(c.Path, nil)
		if errors.Is(err, ErrPath) {
			return nil, err
		}
		if err != nil {
			changed.Paths = append(changed.Paths, fmt.Sprintf("%s (%v)", c.Path, err))
		} else if !now.matches(c.Before) {
			changed.Paths = append(changed.Paths, c.Path)
		} else if sig.links > 1 {
			changed.Paths = append(changed.Paths, fmt.Sprintf("%s (it has %d names)", c.Path, sig.links))
		}
		signatures[i] = sig
	}
	if len(changed.Paths) > 0 {
		return nil, changed
	}
	return signatures, nil
}
