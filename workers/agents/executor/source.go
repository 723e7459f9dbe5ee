package executor

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// The modes of new files.
const (
	plainMode      = 0o644
	executableMode = 0o755
)

// source has the files of one version: it stores a file's content and returns its
// digest, size and permission bits.
type source func(ctx context.Context, name string) (files.State, error)

// errNoFile is wrapped when a version does not have a file.
var errNoFile = errors.New("there is no such file")

// fetch stores all new contents, before anything in the target is touched. The zero state of
// a file stands for its removal.
func (j *job) fetch(ctx context.Context, target TargetSettings, actor *asuser.Actor) ([]files.Change, error) {
	put, remove, err := j.a.updates()
	if err != nil {
		return nil, err
	}
	var changes []files.Change
	if len(put) > 0 { // else no version is needed
		if changes, err = j.fetchFiles(ctx, put, target, actor); err != nil {
			return nil, err
		}
	}
	for _, name := range remove {
		changes = append(changes, files.Change{Path: name})
	}
	return changes, nil
}

// fetchFiles stores the new contents of the files.
func (j *job) fetchFiles(ctx context.Context, names []string, target TargetSettings, actor *asuser.Actor) ([]files.Change, error) {
	get, done, err := j.open(ctx, target, actor)
	if err != nil {
		return nil, err
	}
	defer done()
	progress := j.steps(0, fetchedPercent)
	var contents []files.Change
	var missing []string
	for i, name := range names {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		state, err := get(ctx, name)
		if errors.Is(err, errNoFile) {
			missing = append(missing, name)
			continue
		}
		if err == nil {
			err = j.refuseStandIn(state)
		}
		if err != nil {
			return nil, fmt.Errorf("fetch %s: %w", name, err)
		}
		state.UID, state.GID = j.act.user.UID, j.act.user.GID
		contents = append(contents, files.Change{Path: name, After: state})
		progress(i+1, len(names))
	}
	return contents, j.nameMissing(missing)
}

// nameMissing returns an error that names the files which the version does not have; the log
// names all of them.
func (j *job) nameMissing(missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	for _, name := range missing {
		j.say(name + ": " + errNoFile.Error() + " in this version")
	}
	return fmt.Errorf("fetch %s: %w in version %s", someNames(missing), errNoFile, cmp.Or(j.a.Version, "HEAD"))
}

func (j *job) open(ctx context.Context, target TargetSettings, actor *asuser.Actor) (get source, done func(), err error) {
	done = func() {}
	switch {
	case target.Git != "":
		get, err = j.openGit(ctx, target)
	case target.Subversion != "":
		get, err = j.openSubversion(ctx, target)
	default:
		get, done, err = j.openReleases(target, actor)
	}
	return get, done, err
}

// openReleases reads files from <releases>/<version>.
func (j *job) openReleases(target TargetSettings, actor *asuser.Actor) (source, func(), error) {
	if j.a.Version == "" {
		return nil, nil, errors.New("this target's files come from a folder of releases: a version is needed")
	}
	folder, err := files.OpenFolder(target.Releases, actor)
	if err != nil {
		return nil, nil, fmt.Errorf("releases: %w", err)
	}
	get := func(_ context.Context, name string) (files.State, error) {
		f, err := folder.Open(j.a.Version + "/" + name)
		if absent(err) {
			err = errNoFile
		}
		if err != nil {
			return files.State{}, err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return files.State{}, err
		}
		state := files.State{Mode: uint32(info.Mode().Perm()) &^ 0o022}
		state.Digest, state.Size, err = j.e.store.Put(f)
		return state, err
	}
	return get, func() { _ = folder.Close() }, nil // nothing was written
}

// keeping stores what is read and notes its digest and size.
func (j *job) keeping(state *files.State) func(io.Reader) error {
	return func(r io.Reader) (err error) {
		state.Digest, state.Size, err = j.e.store.Put(r)
		return err
	}
}

// shortAnswer bounds the output of a tool that is kept in memory.
const shortAnswer = 64 << 10

func into(answer *bytes.Buffer) func(io.Reader) error {
	return func(r io.Reader) error {
		n, err := answer.ReadFrom(io.LimitReader(r, shortAnswer+1))
		if err == nil && n > shortAnswer {
			return fmt.Errorf("it printed more than %d bytes", shortAnswer)
		}
		return err
	}
}

func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
