package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

var revisionPattern = regexp.MustCompile(`^([0-9]{1,12}|HEAD)$`)

// svnSource reads files from the repository of a working copy, which it does not touch.
type svnSource struct {
	*job
	svn string
	in  repository
	// address is the working copy's in its repository.
	address, revision string
}

// openSubversion returns the files of the assignment's revision.
func (j *job) openSubversion(ctx context.Context, target TargetSettings) (source, error) {
	svn, err := child.Find("svn")
	if err != nil {
		return nil, err
	}
	s := &svnSource{job: j, svn: svn, revision: "HEAD"}
	if j.a.Version != "" {
		s.revision = j.a.Version
	}
	if !revisionPattern.MatchString(s.revision) {
		return nil, fmt.Errorf("version %q is not a subversion revision", s.revision)
	}
	if s.in, err = openRepository(target.Subversion, ".svn", j.act.user); err != nil {
		return nil, fmt.Errorf("svn: %w", err)
	}
	// The final @ keeps one in the path from being taken for a revision.
	if s.address, err = s.ask(ctx, "info", "--show-item", "url", "--", s.in.path+"@"); err != nil {
		return nil, fmt.Errorf("svn info: %w", err)
	}
	return s.file, nil
}

// ask returns what svn prints, without the line end.
func (s *svnSource) ask(ctx context.Context, command string, args ...string) (string, error) {
	var answer bytes.Buffer
	err := s.capture(ctx, s.in.as, into(&answer), s.svn, append([]string{command, "--non-interactive"}, args...)...)
	return strings.TrimSpace(answer.String()), err
}

// noNode is what svn says of a path that is not in the revision.
const noNode = "E145000"

// file stores a file of the revision.
func (s *svnSource) file(ctx context.Context, name string) (state files.State, err error) {
	at := s.address + "/" + escape(name) + "@" + s.revision
	properties, err := s.ask(ctx, "proplist", "--quiet", "--", at)
	if err != nil {
		if strings.Contains(err.Error(), noNode) {
			err = errNoFile
		}
		return state, err
	}
	state.Mode = plainMode
	for line := range strings.Lines(properties) {
		switch strings.TrimSpace(line) {
		case "svn:executable":
			state.Mode = executableMode
		case "svn:special":
			return state, errSymbolicLink
		}
	}
	err = s.capture(ctx, s.in.as, s.keeping(&state), s.svn, "cat", "--non-interactive", "--", at)
	return state, err
}

func escape(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

var errSymbolicLink = errors.New("it is not a regular file in this version, but a symbolic link")
