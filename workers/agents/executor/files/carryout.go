package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"syscall"
)

// CarryOut carries the plan out. The caller has made the plan durable before. After an
// error nothing is changed, unless the error wraps a *NotRestoredError. CarryOut calls
// progress with the number of steps that are done.
//
// It can be stopped by ctx until the last file is in place.
func (p Plan) CarryOut(ctx context.Context, folder *Folder, keep *Store, progress func(done, of int)) error {
	steps := steps{of: 2 * len(p.Changes), tell: progress}
	if err := p.stageAll(ctx, folder, keep, &steps); err != nil {
		p.clear(folder)
		return err
	}
	replaced, err := p.exchange(ctx, folder, &steps)
	if err != nil {
		return errors.Join(err, p.takeBack(folder, keep, replaced))
	}
	p.sweep(folder, p.Removes)
	return nil
}

// steps counts the steps that are done.
type steps struct {
	done, of int
	tell     func(done, of int)
}

func (s *steps) next() {
	s.done++
	s.tell(s.done, s.of)
}

// stageAll makes every new content durable beside its target.
func (p Plan) stageAll(ctx context.Context, folder *Folder, keep *Store, steps *steps) error {
	if _, err := p.compare(folder); err != nil {
		return err
	}
	for _, dir := range p.Folders {
		if err := folder.mkdir(dir); err != nil {
			return err
		}
	}
	for i, c := range p.Changes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.After.Exists() {
			if err := folder.put(p.stage(i), c.After, keep); err != nil {
				return fmt.Errorf("stage %s: %w", c.Path, err)
			}
		}
		steps.next()
	}
	return nil
}

// folderMode is the mode of new folders, whatever the agent's umask is.
const folderMode = 0o755

// mkdir makes a folder unless there is one. What the folder above gives it, such as its group,
// stays.
func (folder *Folder) mkdir(name string) error {
	return folder.as.Do(func() error {
		err := folder.root.Mkdir(name, folderMode)
		if errors.Is(err, os.ErrExist) {
			return nil
		}
		if err != nil {
			return err
		}
		f, err := folder.root.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
		if err != nil {
			return err
		}
		info, err := f.Stat()
		if err == nil {
			err = f.Chmod(info.Mode()&(os.ModeSetgid|os.ModeSticky) | folderMode)
		}
		return errors.Join(err, f.Close())
	})
}

// put writes a stored content to a new file with the state's mode, owner and attributes.
func (folder *Folder) put(name string, s State, keep *Store) (err error) {
	content, err := keep.Open(s.Digest)
	if err != nil {
		return err
	}
	defer content.Close()
	var attributes []attribute
	if s.Attributes != "" {
		if attributes, err = recorded(s.Attributes, keep); err != nil {
			return err
		}
	}
	var f *os.File
	err = folder.as.Do(func() error {
		_ = folder.root.Remove(name) // a crash may have left it; the name is the plan's own
		f, err = folder.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	err = errors.Join(err, folder.as.Do(func() error { return own(f, s, attributes) }))
	return errors.Join(err, f.Sync(), f.Close())
}

// own gives a file the state's owner, attributes and mode, in this order: chown(2) clears
// setuid and capabilities, and an ACL comes with permission bits.
func own(f *os.File, s State, attributes []attribute) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	now, err := stateOf(info)
	if err != nil {
		return err
	}
	if now.UID != s.UID || now.GID != s.GID {
		if err := f.Chown(int(s.UID), int(s.GID)); err != nil {
			return fmt.Errorf("keep the owner %d:%d: %w", s.UID, s.GID, err)
		}
	}
	if s.Attributes != "" {
		if err := give(f, attributes); err != nil {
			return err
		}
	}
	return f.Chmod(fileMode(s.Mode))
}

// fileMode turns stat(2)'s bits into Go's.
func fileMode(bits uint32) os.FileMode {
	mode := os.FileMode(bits & 0o777)
	for bit, flag := range map[uint32]os.FileMode{0o4000: os.ModeSetuid, 0o2000: os.ModeSetgid, 0o1000: os.ModeSticky} {
		if bits&bit != 0 {
			mode |= flag
		}
	}
	return mode
}

// exchange compares the files with the plan once more and then only renames. It
// returns how many changes it made.
func (p Plan) exchange(ctx context.Context, folder *Folder, steps *steps) (int, error) {
	signatures, err := p.compare(folder)
	if err != nil {
		return 0, err
	}
	for i, c := range p.Changes {
		if err := ctx.Err(); err != nil {
			return i, err
		}
		if err := folder.unchanged(c, signatures[i]); err != nil {
			return i, err
		}
		if err := folder.replace(c, p.stage(i)); err != nil {
			return i, fmt.Errorf("exchange %s: %w", c.Path, err)
		}
		steps.next()
	}
	return len(p.Changes), p.sync(folder)
}

// unchanged compares a file's signature, right before it is replaced.
func (folder *Folder) unchanged(c Change, want signature) error {
	info, err := folder.lstat(c.Path)
	missing := errors.Is(err, os.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	if missing == c.Before.Exists() || !missing && signatureOf(info) != want {
		return &ChangedError{Paths: []string{c.Path}}
	}
	return nil
}

func (folder *Folder) replace(c Change, staged string) error {
	return folder.as.Do(func() error {
		if c.After.Exists() {
			return folder.root.Rename(staged, c.Path)
		}
		return folder.root.Remove(c.Path)
	})
}

func (p Plan) sync(folder *Folder) error {
	synced := map[string]bool{}
	for _, c := range p.Changes {
		dir := path.Dir(c.Path)
		if synced[dir] {
			continue
		}
		synced[dir] = true
		if err := folder.sync(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// clear removes the staged files and new folders of a plan that is not carried out.
func (p Plan) clear(folder *Folder) {
	made := slices.Clone(p.Folders)
	slices.Reverse(made)
	p.sweep(folder, made)
}

// sweep removes the plan's staged files that are left, and those of the folders that
// are empty.
func (p Plan) sweep(folder *Folder, folders []string) {
	_ = folder.as.Do(func() error {
		for i := range p.Changes {
			_ = folder.root.Remove(p.stage(i)) // most are in their places
		}
		for _, dir := range folders {
			_ = folder.root.Remove(dir) // with something in it, it stays
		}
		return nil
	})
}
