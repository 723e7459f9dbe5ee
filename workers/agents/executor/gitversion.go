package executor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// commit returns the id of the version's commit, which is in the repository then.
func (g *gitSource) commit(ctx context.Context, version string) (id string, err error) {
	named := version
	if version == "" || version == "HEAD" {
		version, named = "HEAD", "HEAD"
	}
	if g.remote != "" {
		id, err = g.remoteCommit(ctx, version)
	} else {
		id, err = g.peel(ctx, version)
	}
	switch {
	case context.Cause(ctx) != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", fmt.Errorf("git does not know version %s: %w", named, err)
	}
	g.say("version " + named + " is commit " + id)
	return id, nil
}

var errNoCommit = errors.New("it is no commit of this repository")

// peel returns the id of the commit that a name stands for in the repository.
func (g *gitSource) peel(ctx context.Context, name string) (string, error) {
	id, err := g.ask(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil && endedByItself(err) {
		err = errNoCommit
	}
	return id, err
}

// idPattern is a commit's id or the beginning of one, also as git describe writes it.
var idPattern = regexp.MustCompile(`^(?:.+-[0-9]+-g)?([0-9a-f]{4,64})$`)

// attemptsToFetch is how often a ref is asked for that moves while it is fetched.
const attemptsToFetch = 3

// remoteCommit returns the commit that the remote has for the version now.
func (g *gitSource) remoteCommit(ctx context.Context, version string) (string, error) {
	names, err := g.refNames(ctx, version)
	if err != nil {
		return "", err
	}
	if len(names) == 0 { // HEAD stands on a commit, no branch
		return g.peel(ctx, "HEAD")
	}
	for range attemptsToFetch {
		ref, object, err := g.remoteRef(ctx, names)
		if err != nil {
			return "", err
		}
		if ref == "" {
			return g.remoteCommitByID(ctx, version)
		}
		if err := g.run(ctx, drain, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-prune", "--refmap=",
			"--end-of-options", g.remote, ref); err != nil {
			return "", fmt.Errorf("git fetch %s %s: %w", g.remote, ref, err)
		}
		if id, err := g.peel(ctx, object); !errors.Is(err, errNoCommit) {
			g.compareTag(ctx, ref, object)
			return id, err
		}
	}
	return "", fmt.Errorf("%s is no commit, or moves all the time", version)
}

// refNames lists the full names of refs that the version may be, the first one first, as
// gitrevisions(7) has it. HEAD is the branch that the repository is on, by its name at the
// remote; there is none if it is on no branch.
func (g *gitSource) refNames(ctx context.Context, version string) ([]string, error) {
	if version == "HEAD" {
		branch, err := g.ask(ctx, "symbolic-ref", "--quiet", "HEAD")
		if err != nil && endedByItself(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		upstream, err := g.ask(ctx, "for-each-ref", "--format=%(upstream:remotename) %(upstream:remoteref)", "--end-of-options", branch)
		if name, ok := strings.CutPrefix(upstream, g.remote+" "); ok && name != "" {
			branch = name
		}
		return []string{branch}, err
	}
	names := []string{"refs/" + version, "refs/tags/" + version, "refs/heads/" + version}
	if strings.HasPrefix(version, "refs/") {
		names = append([]string{version}, names...)
	}
	if branch, ok := strings.CutPrefix(version, g.remote+"/"); ok {
		names = append(names, "refs/heads/"+branch)
	}
	return names, nil
}

// remoteRef returns the first of the refs that the remote has, and what it points to.
func (g *gitSource) remoteRef(ctx context.Context, names []string) (ref, object string, err error) {
	list, err := g.ask(ctx, append([]string{"ls-remote", "--end-of-options", g.remote}, names...)...)
	if err != nil {
		return "", "", fmt.Errorf("git ls-remote %s: %w", g.remote, err)
	}
	there := map[string]string{}
	for line := range strings.Lines(list) {
		if fields := strings.Fields(line); len(fields) == 2 {
			there[fields[1]] = fields[0]
		}
	}
	for _, name := range names {
		if object, ok := there[name]; ok {
			return name, object, nil
		}
	}
	return "", "", nil
}

// compareTag says so if the repository has another tag by that name than the remote.
func (g *gitSource) compareTag(ctx context.Context, ref, object string) {
	if !strings.HasPrefix(ref, "refs/tags/") {
		return
	}
	ours, err := g.ask(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", ref)
	if err == nil && ours != object {
		g.say(fmt.Sprintf("%s was moved: it is %s at %s, which is used, and %s in %s", ref, object, g.remote, ours, g.in.path))
	}
}

// remoteCommitByID returns the commit of a version that is an id, and no ref of the remote's.
func (g *gitSource) remoteCommitByID(ctx context.Context, version string) (string, error) {
	match := idPattern.FindStringSubmatch(version)
	if match == nil {
		return "", g.noSuchRef(ctx, version)
	}
	id, err := g.byID(ctx, match[1])
	if !errors.Is(err, errNoCommit) {
		return id, err
	}
	fetched := g.run(ctx, drain, "fetch", "--tags", "--end-of-options", g.remote)
	if id, err = g.byID(ctx, match[1]); errors.Is(err, errNoCommit) {
		err = g.noSuchRef(ctx, version)
		if fetched != nil {
			err = fmt.Errorf("%w (git fetch %s: %w)", err, g.remote, fetched)
		}
	}
	return id, err
}

// byID returns the commit with this id, or the only one whose id begins so. Names of refs do
// not count.
func (g *gitSource) byID(ctx context.Context, begin string) (string, error) {
	list, err := g.ask(ctx, "rev-parse", "--disambiguate="+begin)
	if err != nil {
		return "", err
	}
	var found []string
	for _, object := range strings.Fields(list) {
		kind, err := g.ask(ctx, "cat-file", "-t", object)
		if err != nil {
			return "", err
		}
		if kind == "commit" {
			found = append(found, object)
		}
	}
	switch len(found) {
	case 0:
		return "", errNoCommit
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("several commits begin with %s", begin)
}

// noSuchRef says that the remote has no such version, and which refs below it there are: a
// branch may have become a folder of branches.
func (g *gitSource) noSuchRef(ctx context.Context, version string) error {
	list, err := g.ask(ctx, "ls-remote", "--end-of-options", g.remote, "refs/heads/"+version+"/*", "refs/tags/"+version+"/*")
	if err != nil {
		return fmt.Errorf("git ls-remote %s: %w", g.remote, err)
	}
	var below []string
	for line := range strings.Lines(list) {
		if fields := strings.Fields(line); len(fields) == 2 && !strings.HasSuffix(fields[1], "^{}") {
			below = append(below, fields[1])
		}
	}
	text := fmt.Sprintf("%s has no such branch, tag or commit", g.remote)
	if len(below) > 0 {
		text += ", but " + someNames(below)
	}
	return errors.New(text)
}
