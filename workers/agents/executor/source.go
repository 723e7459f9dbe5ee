package executor

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/internal/child"
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

// fetch stores all new contents, before anything in the target is touched.
func (j *job) fetch(ctx context.Context, target TargetSettings, actor *asuser.Actor) ([]files.Change, error) {
	get, done, err := j.open(ctx, target, actor)
	if err != nil {
		return nil, err
	}
	defer done()
	names := j.a.Files()
	progress := j.steps(0, fetchedPercent)
	var contents []files.Change
	for i, name := range names {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		state, err := get(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("fetch %s: %w", name, err)
		}
		state.UID, state.GID = j.act.user.UID, j.act.user.GID
		contents = append(contents, files.Change{Path: name, After: state})
		progress(i+1, len(names))
	}
	return contents, nil
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

// openGit reads files from a commit; it does not touch the working copy.
func (j *job) openGit(ctx context.Context, target TargetSettings) (source, error) {
	git, err := child.Find("git")
	if err != nil {
		return nil, err
	}
	repository, err := openRepository(target.Git, ".git", j.act.user)
	if err != nil {
		return nil, fmt.Errorf("git: %w", err)
	}
	base := repository.gitArguments()
	run := func(ctx context.Context, read func(io.Reader) error, args ...string) error {
		return j.capture(ctx, repository.as, read, git, append(base[:len(base):len(base)], args...)...)
	}
	if target.Fetch != "" {
		if err := run(ctx, drain, "fetch", "--quiet", "--tags", "--end-of-options", target.Fetch); err != nil {
			return nil, fmt.Errorf("git fetch: %w", err)
		}
	}
	version := "HEAD"
	if j.a.Version != "" {
		version = j.a.Version
	}
	var commit bytes.Buffer
	if err := run(ctx, into(&commit), "rev-parse", "--verify", "--quiet", "--end-of-options", version+"^{commit}"); err != nil {
		return nil, fmt.Errorf("git does not know version %s: %w", version, err)
	}
	id := strings.TrimSpace(commit.String())
	return func(ctx context.Context, name string) (state files.State, err error) {
		var listing bytes.Buffer
		if err := run(ctx, into(&listing), "ls-tree", "-z", id, "--", name); err != nil {
			return state, err
		}
		mode, object, err := blob(listing.String())
		if err != nil {
			return state, err
		}
		state.Mode = mode
		err = run(ctx, j.keeping(&state), "cat-file", "blob", object)
		return state, err
	}, nil
}

// blob reads a line of git ls-tree: mode, type, object, tab, name, NUL.
func blob(listing string) (mode uint32, object string, err error) {
	fields := strings.Fields(listing)
	switch {
	case len(fields) < 4:
		return 0, "", errors.New("there is no such file in this version")
	case fields[0] == "100755":
		return executableMode, fields[2], nil
	case fields[0] == "100644":
		return plainMode, fields[2], nil
	}
	return 0, "", errors.New("it is not a regular file in this version")
}

var revisionPattern = regexp.MustCompile(`^([0-9]{1,12}|HEAD)$`)

// openSubversion reads files from the working copy's repository; it does not touch the
// working copy.
func (j *job) openSubversion(ctx context.Context, target TargetSettings) (source, error) {
	svn, err := child.Find("svn")
	if err != nil {
		return nil, err
	}
	revision := "HEAD"
	if j.a.Version != "" {
		revision = j.a.Version
	}
	if !revisionPattern.MatchString(revision) {
		return nil, fmt.Errorf("version %q is not a subversion revision", revision)
	}
	copied, err := openRepository(target.Subversion, ".svn", j.act.user)
	if err != nil {
		return nil, fmt.Errorf("svn: %w", err)
	}
	var address bytes.Buffer
	// The final @ keeps one in the path from being taken for a revision.
	err = j.capture(ctx, copied.as, into(&address), svn, "info", "--non-interactive", "--show-item", "url", "--", copied.path+"@")
	if err != nil {
		return nil, fmt.Errorf("svn info: %w", err)
	}
	return func(ctx context.Context, name string) (state files.State, err error) {
		at := strings.TrimSpace(address.String()) + "/" + escape(name) + "@" + revision
		var executable bytes.Buffer
		if err := j.capture(ctx, copied.as, into(&executable), svn, "proplist", "--non-interactive", "--quiet", "--", at); err != nil {
			return state, err
		}
		state.Mode = plainMode
		for lines := bufio.NewScanner(&executable); lines.Scan(); {
			if strings.TrimSpace(lines.Text()) == "svn:executable" {
				state.Mode = executableMode
			}
		}
		err = j.capture(ctx, copied.as, j.keeping(&state), svn, "cat", "--non-interactive", "--", at)
		return state, err
	}, nil
}

func escape(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
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
		_, err := answer.ReadFrom(io.LimitReader(r, shortAnswer))
		return err
	}
}

func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
