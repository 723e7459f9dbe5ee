package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// gitSource reads files from a git repository; it does not touch a working copy.
//
// Invariants:
//  1. Where there is a remote to fetch from, a version is what the remote has by that name
//     now. The repository's own branches and tags have no say in it.
//  2. A fetch writes objects alone, and asks for the one ref that is wanted: no other ref of
//     the remote's, moved, renamed or broken, can make it fail. Only a commit that is named by
//     its id, and is not here, is looked for by a fetch of everything.
type gitSource struct {
	*job
	git  string
	in   repository
	base []string
	// remote is the name of the remote to fetch from; none when empty.
	remote string
}

// openGit returns the files of the assignment's version.
func (j *job) openGit(ctx context.Context, target TargetSettings) (source, error) {
	git, err := child.Find("git")
	if err != nil {
		return nil, err
	}
	in, err := openRepository(target.Git, ".git", j.act.user)
	if err != nil {
		return nil, fmt.Errorf("git: %w", err)
	}
	g := &gitSource{job: j, git: git, in: in, base: in.gitArguments(), remote: target.Fetch}
	commit, err := g.commit(ctx, j.a.Version)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, name string) (files.State, error) { return g.file(ctx, commit, name) }, nil
}

func (g *gitSource) run(ctx context.Context, read func(io.Reader) error, args ...string) error {
	return g.capture(ctx, g.in.as, read, g.git, slices.Concat(g.base, args)...)
}

// ask returns what git prints, without the line end.
func (g *gitSource) ask(ctx context.Context, args ...string) (string, error) {
	var answer bytes.Buffer
	err := g.run(ctx, into(&answer), args...)
	return strings.TrimSpace(answer.String()), err
}

// file stores a file of the commit.
func (g *gitSource) file(ctx context.Context, commit, name string) (state files.State, err error) {
	listing, err := g.ask(ctx, "ls-tree", "-z", commit, "--", name)
	if err != nil {
		return state, err
	}
	mode, object, err := blob(listing)
	if err != nil {
		return state, err
	}
	state.Mode = mode
	err = g.run(ctx, g.keeping(&state), "cat-file", "blob", object)
	return state, err
}

// blob reads a line of git ls-tree: mode, type, object, tab, name, NUL.
func blob(listing string) (mode uint32, object string, err error) {
	fields := strings.Fields(listing)
	if len(fields) < 4 {
		return 0, "", errNoFile
	}
	switch fields[0] {
	case "100755":
		return executableMode, fields[2], nil
	case "100644":
		return plainMode, fields[2], nil
	case "120000":
		return 0, "", errSymbolicLink
	}
	return 0, "", errors.New("it is not a regular file in this version")
}
