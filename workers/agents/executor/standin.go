package executor

import (
	"bytes"
	"fmt"
	"io"
	"regexp"

	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// largestStandIn bounds what stands for a content that is kept elsewhere, in bytes.
const largestStandIn = 1024

var (
	lfsPattern   = regexp.MustCompile(`^version https://[a-z-]+\.github\.com/spec/v[0-9]+\n(?:ext-[0-9].*\n)*oid sha256:[0-9a-f]{64}\nsize [0-9]+\n?$`)
	annexPattern = regexp.MustCompile(`^/annex/objects/[^/\n]+\n?$`)
	// gitCryptMark begins a content that git-crypt has sealed, of any size.
	gitCryptMark = []byte("\x00GITCRYPT\x00")
)

// refuseStandIn refuses a content that only stands for the file: its users would get it in
// the place of the file.
func (j *job) refuseStandIn(state files.State) error {
	content, err := j.e.store.Open(state.Digest)
	if err != nil {
		return err
	}
	defer content.Close()
	begin, err := io.ReadAll(io.LimitReader(content, largestStandIn))
	if err != nil {
		return err
	}
	var what string
	switch small := state.Size <= largestStandIn; {
	case small && lfsPattern.Match(begin):
		what = "a pointer of Git LFS"
	case small && annexPattern.Match(begin):
		what = "a pointer of git-annex"
	case bytes.HasPrefix(begin, gitCryptMark):
		what = "sealed by git-crypt"
	default:
		return nil
	}
	return fmt.Errorf("this version has not the file itself but what stands for it: %s, which update does not resolve", what)
}
