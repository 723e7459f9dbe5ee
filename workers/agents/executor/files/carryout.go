package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
)

// CarryOut does what the plan says. The caller has made the plan durable before.
// After an error nothing is changed, unless the error wraps an *UnsettledError.
// progress is told how many of the plan's steps are done.
//
// A context that ends is heeded until all is in place.
func (p Plan) CarryOut(ctx context.Context, g *Ground, keep *Store, progress func(done, of int)) error {
	steps := steps{of: 2 * len(p.Changes), tell: progress}
	if err := p.stageAll(ctx, g, keep, &steps); err != nil {
		p.clear(g)
		return err
	}
	replaced, err := p.exchange(ctx, g, &steps)
	if err != nil {
		return errors.Join(err, p.takeBack(g, keep, replaced))
	}
	p.sweep(g, p.Removes)
	return nil
}

// steps counts.
type steps struct {
	done, of int
	tell     func(done, of int)
}

func (s *steps) next() {
	s.done++
	s.tell(s.done, s.of)
}

// stageAll makes every new content durable beside its target.
func (p Plan) stageAll(ctx context.Context, g *Ground, keep *Store, steps *steps) error {
	if _, err := p.compare(g); err != nil {
		return err
	}
	for _, dir := range p.Folders {
		err := g.as.Do(func() error { return g.root.Mkdir(dir, 0o755) })
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	for i, c := range p.Changes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.After.Exists() {
			if err := g.put(p.stage(i), c.After, keep); err != nil {
				return fmt.Errorf("stage %s: %w", c.Path, err)
			}
		}
		steps.next()
	}
	return nil
}

// put writes a kept content to a new file with the state's mode and owner.
func (g *Ground) put(name string, s State, keep *Store) (err error) {
	content, err := keep.Open(s.Digest)
	if err != nil {
		return err
	}
	defer content.Close()
	var f *os.File
	err = g.as.Do(func() error {
		_ = g.root.Remove(name) // a crash may have left it; the name is the plan's own
		f, err = g.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	err = errors.Join(err, g.as.Do(func() error { return own(f, s) }))
	return errors.Join(err, f.Sync(), f.Close())
}

// own gives a file the state's owner and mode, in this order: chown(2) clears setuid.
func own(f *os.File, s State) error {
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

// exchange compares once more and then only renames. It returns how many changes were made.
func (p Plan) exchange(ctx context.Context, g *Ground, steps *steps) (int, error) {
	signatures, err := p.compare(g)
	if err != nil {
		return 0, err
	}
	for i, c := range p.Changes {
		if err := ctx.Err(); err != nil {
			return i, err
		}
		if err := g.unchanged(c, signatures[i]); err != nil {
			return i, err
		}
		if err := g.replace(c, p.stage(i)); err != nil {
			return i, fmt.Errorf("exchange %s: %w", c.Path, err)
		}
		steps.next()
	}
	return len(p.Changes), p.sync(g)
}

// unchanged compares a file's signature, right before it is replaced.
func (g *Ground) unchanged(c Change, want signature) error {
	info, err := g.lstat(c.Path)
	missing := errors.Is(err, os.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	if missing == c.Before.Exists() || !missing && signatureOf(info) != want {
		return &ChangedError{Paths: []string{c.Path}}
	}
	return nil
}

func (g *Ground) replace(c Change, staged string) error {
	return g.as.Do(func() error {
		if c.After.Exists() {
			return g.root.Rename(staged, c.Path)
		}
		return g.root.Remove(c.Path)
	})
}

func (p Plan) sync(g *Ground) error {
	synced := map[string]bool{}
	for _, c := range p.Changes {
		dir := path.Dir(c.Path)
		if synced[dir] {
			continue
		}
		synced[dir] = true
		if err := g.sync(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// clear removes what was prepared for changes that are not made.
func (p Plan) clear(g *Ground) {
	made := slices.Clone(p.Folders)
	slices.Reverse(made)
	p.sweep(g, made)
}

// sweep removes staged files that were not used, and the folders that are empty.
func (p Plan) sweep(g *Ground, folders []string) {
	_ = g.as.Do(func() error {
		for i := range p.Changes {
			_ = g.root.Remove(p.stage(i)) // most are in their places
		}
		for _, dir := range folders {
			_ = g.root.Remove(dir) // with something in it, it stays
		}
		return nil
	})
}
