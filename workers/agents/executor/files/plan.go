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

// NewPlan plans to put the contents, given by their digests, in place, and stores the
// contents that they replace. An existing file keeps its mode and owner; a new one
// gets the permission bits given with it, and belongs to the folder's user.
func NewPlan(folder *Folder, keep *Store, id int64, contents []Change) (Plan, error) {
	p := Plan{ID: id}
	for _, c := range contents {
		var err error
		if c.Before, err = folder.Look(c.Path, keep); err != nil {
			return Plan{}, err
		}
		if c.Before.Exists() {
			c.After.Mode, c.After.UID, c.After.GID = c.Before.Mode, c.Before.UID, c.Before.GID
		}
		missing, err := folder.missingFolders(c.Path)
		if err != nil {
			return Plan{}, err
		}
		for _, dir := range missing {
			if !slices.Contains(p.Folders, dir) {
				p.Folders = append(p.Folders, dir)
			}
		}
		p.Changes = append(p.Changes, c)
	}
	return p, nil
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
		} else if now != c.Before {
			changed.Paths = append(changed.Paths, c.Path)
		}
		signatures[i] = sig
	}
	if len(changed.Paths) > 0 {
		return nil, changed
	}
	return signatures, nil
}
