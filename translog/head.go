package translog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Head is a tree of a certain size, as a checkpoint states it.
type Head struct {
	// Origin names the log.
	Origin string
	// Size is how many events are in the tree, which is the position of the last.
	Size int64
	Root tlog.Hash
}

// text is the text of the checkpoint's note (C2SP tlog-checkpoint).
func (h Head) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", h.Origin, h.Size, base64.StdEncoding.EncodeToString(h.Root[:]))
}

// Checkpoint is a head with the signed note that states it.
type Checkpoint struct {
	Head
	Note string
}

var errNoCheckpoint = errors.New("not a checkpoint")

// ParseCheckpoint reads a note. It does not look at the signatures, see [Checkpoint.SignedBy].
func ParseCheckpoint(text string) (Checkpoint, error) {
	body, _, found := strings.Cut(text, "\n\n")
	lines := strings.Split(body, "\n")
	if !found || len(lines) < 3 || lines[0] == "" {
		return Checkpoint{}, errNoCheckpoint
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("%w: the size is %.30q", errNoCheckpoint, lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: the root is %.60q", errNoCheckpoint, lines[2])
	}
	return Checkpoint{Head{lines[0], size, root}, text}, nil
}

// SignedBy returns an error unless the checkpoint has a good signature by the key, whose name
// is the checkpoint's origin.
func (c Checkpoint) SignedBy(verifierKey string) error {
	verifier, err := note.NewVerifier(verifierKey)
	if err != nil {
		return fmt.Errorf("the verifier key %.100q: %w", verifierKey, err)
	}
	if verifier.Name() != c.Origin {
		return fmt.Errorf("the key is that of %q, the checkpoint is of %q", verifier.Name(), c.Origin)
	}
	opened, err := note.Open([]byte(c.Note), note.VerifierList(verifier))
	if err != nil {
		return fmt.Errorf("the checkpoint of size %d: %w", c.Size, err)
	}
	if again, err := ParseCheckpoint(opened.Text + "\n"); err != nil || again.Head != c.Head {
		return fmt.Errorf("the checkpoint of size %d: %w", c.Size, errNoCheckpoint)
	}
	return nil
}
